"""Annotators with projects of their own see predictions with the ids that are sure, in gold checks too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

import goldwire
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.passes.reading import START
from goldwire.annotate.records.assignments import read_assignments, title_for
from goldwire.annotate.records.gold_checks import GoldCheck, read_checks
from goldwire.annotate.records.passes import passes_of
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotate.team.gold_checks import check_alike
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.cli.annotate import command
from goldwire.errors import GoldwireError
from goldwire.formats.labelstudio.reader import from_result
from goldwire.model import Annotation, Article, Document, Provenance
from goldwire.project import Project, load_project
from goldwire.schemas import load_schema
from tests.annotate.registry.made import ANNA, TEXTS, make_zoo, spans
from tests.seeds.reads import counted_reads

VERSION = "m@1+ids"
#: What a model finds, without ids; nothing is known of Otto.
FOUND = {
    "monday": [("MAMMAL", "Bella", 0, ""), ("MAMMAL", "Rex", 0, ""), ("FEEDING", "fed", 0, "")],
    "friday": [("BIRD", "Rex", 0, ""), ("MAMMAL", "Bella", 0, ""), ("FLIGHT", "flew", 0, "")],
    "sunday": [("BIRD", "REX", 0, ""), ("MAMMAL", "Otto", 0, "")],
}


def predictions(path: Path, *articles: str) -> Path:
    """A file of what the model found in some articles."""
    made = Provenance("model", "m", "1")
    listed = [
        Article(
            Document(name, TEXTS[name]),
            (Annotation(name, "m", "zoo@1.0", "draft", made, spans(name, *FOUND[name])),),
        )
        for name in articles
    ]
    goldwire.write(listed, path, "jsonl")
    return path


class Team:
    """A zoo in which carla reviewed one article, and its commands."""

    def __init__(self, root: Path, server: Server, passes: str) -> None:
        zoo = make_zoo(root)
        shutil.rmtree(zoo.annotate)
        config = zoo.root / "goldwire.toml"
        text = config.read_text(encoding="utf-8").replace(f'"{zoo.name}"', f'"{root.parent.name[-25:]}"')
        config.write_text(f"{text}\n[annotate]\npasses = {passes}\n", encoding="utf-8")
        self.project: Project = load_project(zoo.root)
        reviewed = structs.replace(ANNA["monday"], annotator="carla", status="reviewed")
        write_annotation(self.project, reviewed)
        self.schema = load_schema(self.project.schema_path)
        self.passes = passes_of(self.project, self.schema)
        self.client = Client(server.url, server.token)
        self.figures = root.parent / "figures.json"

    def goldwire(self, *words: str | Path) -> Any:
        """A command of `goldwire annotate`, whose figures it gives; its error where it has one."""
        arguments = [*map(str, words), "--project", str(self.project.root), "--json", str(self.figures)]
        result = CliRunner().invoke(command, arguments)
        if isinstance(result.exception, GoldwireError):
            return str(result.exception)
        assert result.exit_code == 0, (result.output, result.exception)
        return json.loads(self.figures.read_text(encoding="utf-8"))

    def assign(self, *words: str | Path) -> Any:
        """All articles to anna, one of two a check more."""
        return self.goldwire(
            "assign", "--annotators", "anna", "--per-article", "1", "--checks", "50%", *words
        )

    def number(self, part: int = 1) -> int:
        """The number of anna's project, or of one of her passes."""
        each = self.passes[part - 1] if self.passes else None
        [found] = self.client.projects(title_for(self.project, "anna", each))
        return int(found["id"])

    def shown(self, part: int = 1) -> dict[str, dict[str, Any]]:
        """The one prediction of each of anna's tasks, by article."""
        include = ("data", "predictions", "result", "model_version")
        tasks = list(self.client.tasks(self.number(part), include))
        assert all(len(task["predictions"]) == 1 for task in tasks)
        return {task["data"]["id"]: task["predictions"][0] for task in tasks}

    def ids(self, prediction: dict[str, Any], article: str) -> list[object]:
        """The ids that a prediction says."""
        read = from_result(prediction["result"], TEXTS[article], self.schema)
        return [value for span in read.spans for value in span.attributes.values()]

    def submit(self, part: int, article: str) -> None:
        """Anna takes what is shown of an article."""
        read = from_result(self.shown(part)[article]["result"], TEXTS[article], self.schema)
        made = Annotation(
            article, "anna", "zoo@1.0", "submitted", Provenance("human", lead_time=9.0), read.spans
        )
        load_annotations(self.client, self.number(part), [made], self.schema)


@pytest.fixture(params=['"all"', '"layers"'])
def team(request: pytest.FixtureRequest, named_server: Server, tmp_path: Path) -> Iterator[Team]:
    """On one screen, and in passes."""
    made = Team(tmp_path / "zoo", named_server, request.param)
    yield made
    made.client.close()


@pytest.mark.live
def test_ids_are_suggested_in_what_is_assigned_and_in_checks(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each task of an annotator's project has the prediction, marked as suggested, with the ids that are
    sure; the check as the others. In passes the second begins with them, too. A second run sends nothing.
    The articles are read once, for suggestions, projects and passes."""
    read = counted_reads(monkeypatch)
    told = team.assign("--predictions", predictions(tmp_path / "all.jsonl", *TEXTS))
    assert read == [team.project.seeds / "articles.jsonl"]
    [check] = read_checks(team.project)
    assert check.article == "monday"
    assert (told["ids_suggested"], told["ids_left"]) == (5, 3)
    shown = team.shown()
    assert {prediction["model_version"] for prediction in shown.values()} == {VERSION}
    assert {article: team.ids(prediction, article) for article, prediction in shown.items()} == {
        "monday": ["a.bella", "a.rex"],
        "friday": ["a.rex", "a.bella"],
        "sunday": ["a.rex"],
    }
    again = team.assign("--predictions", tmp_path / "all.jsonl")
    assert all(not each["sent"] and not each["predictions_sent"] for each in again["annotators"].values())
    team.submit(1, "monday")
    if team.passes:
        team.assign()
        assert team.shown(2)["monday"]["model_version"] == START
        assert team.ids(team.shown(2)["monday"], "monday") == ["a.bella", "a.rex"]
        team.submit(2, "monday")
    team.goldwire("pull")
    assert [each.annotator for each in read_annotations(team.project)] == ["carla"]
    [marked] = read_annotations(team.project, team.project.checks)
    assert marked.status == "submitted" and len(marked.spans) == (2 if team.passes else 3)
    assert {value for span in marked.spans for value in span.attributes.values()} == {"a.bella", "a.rex"}


@pytest.mark.live
def test_a_check_without_a_prediction_is_not_sent(team: Team, tmp_path: Path) -> None:
    """It would be known for what it is: told, no project is made, and the draw is not kept."""
    refused = team.assign("--predictions", predictions(tmp_path / "some.jsonl", "friday", "sunday"))
    assert "GW788" in refused and "anna's gold checks monday" in refused
    assert read_checks(team.project) == [] == read_assignments(team.project)
    each = team.passes[0] if team.passes else None
    assert team.client.projects(title_for(team.project, "anna", each)) == []
    assert set(
        team.assign("--no-ids", "--predictions", predictions(tmp_path / "all.jsonl", *TEXTS))["annotators"]
    )
    assert {each["model_version"] for each in team.shown().values()} == {"m@1"}


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef"), min_size=1, max_size=5))
def test_a_check_is_never_the_only_one_of_its_kind(predicted: set[str], checks: set[str]) -> None:
    """Of any articles with predictions and any checks: refused unless another article is like each check."""
    made = {name: [Annotation(name, "m", "s")] for name in predicted}
    others = set("abcdef") - checks
    alike = all(any((name in predicted) == (other in predicted) for other in others) for name in checks)
    given_checks = [GoldCheck(name, "anna") for name in sorted(checks)]
    if alike:
        check_alike({"anna": set("abcdef")}, given_checks, made)
    else:
        with pytest.raises(GoldwireError, match="GW788"):
            check_alike({"anna": set("abcdef")}, given_checks, made)
