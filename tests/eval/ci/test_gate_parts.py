"""The gate on any layer, on relations, on whole structures, on agreement; and on all that is committed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as XML

import pytest
from msgspec import structs

import goldwire
from goldwire.errors import GoldwireError
from goldwire.eval.ci.baseline import read_baseline
from goldwire.eval.ci.measure import measure
from goldwire.eval.scoring.pairing import pair_up
from goldwire.eval.scoring.scores import score
from goldwire.formats.jsonl import own_jsonl, write_jsonl
from goldwire.model import Annotation, Article, Relation
from tests.eval.ci.test_gate import HASH
from tests.eval.helpers import article, reading, spans
from tests.eval.test_cli import run

TEXT = "Anna pela la poire, Ben coupa le fenouil et tous rirent beaucoup."
MINI = Path(__file__).parents[2] / "data/mini"


def annotated(
    name: str, related: int, events: int = 2, annotator: str = "a", kind: str = "human"
) -> Annotation:
    """Two people, up to two events, and so many of their relations."""
    found = [
        *spans(("WHO", 0, 4), ("WHO", 20, 23), layer="thing"),
        *spans(*[("CUT", 5, 9), ("CUT", 24, 29)][:events], layer="step"),
    ]
    relations = (Relation("by", "s0", "t0"), Relation("by", "s1", "t1"))[: min(related, events)]
    return reading(*found, document=name, annotator=annotator, relations=relations, kind=kind)


def project_with_run(folder: Path, related: int = 2, *, events: int = 2, name: str = "steps") -> Path:
    """A project, and in it what a training on two layers leaves: so many of two relations found."""
    for part in ("goldwire.toml", "schemas/mini.yaml"):
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        (folder / part).write_bytes((MINI / part).read_bytes())
    reports = folder / "eval/reports" / name
    names = [f"d{n}" for n in range(8)]
    gold = [article(TEXT, annotated(each, 2)) for each in names]
    pred = [article(TEXT, annotated(each, related, events, "m", "model")) for each in names]
    write_jsonl(reports / "gold.jsonl", gold)
    write_jsonl(reports / "predictions.jsonl", pred)
    scores = score([(one.gold, one.pred) for one in pair_up(gold, pred)], resamples=20)
    figures = scores.as_json() | {
        "layer": "step",
        "name": name,
        "schema": ["mini@0.1"],
        "corpus": {"name": "mini", "version": "0.1.0", "content_hash": HASH},
        "config": {"file": "steps.cfg", "sha256": "1", "overrides": {}},
    }
    (reports / "scores.json").write_text(json.dumps(figures), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("part", "kind", "f1"),
    [
        ("thing", "exact", 1),
        ("relations", "strict", 2 / 3),
        ("step:tuples", "tuples", 2 / 3),
        ("step:strict", "strict", 0.5),
    ],
)
def test_each_part_of_a_run_has_its_own_figures(tmp_path: Path, part: str, kind: str, f1: float) -> None:
    """Another layer, relations, whole structures: counted as the run did, kept under their name."""
    project = project_with_run(tmp_path, related=1)
    path = project / "eval/reports/steps/scores.json"
    measured = measure(path, [part])[0].as_baseline
    assert (measured.layer, measured.kind) == (part, kind)
    assert measured.f1 == pytest.approx(f1)
    run("gate", path, "--project", project, "--of", part, "--update")
    stored = read_baseline(project / f"eval/baseline-steps-{part.replace(':', '-')}.json")
    assert (stored.layer, stored.kind, stored.run) == (part, kind, "steps")


def test_a_fall_of_the_relations_alone_closes_the_gate(tmp_path: Path) -> None:
    """Spans as good as before do not make up for relations that are worse; a part that is none is refused."""
    project = project_with_run(tmp_path)
    path = project / "eval/reports/steps/scores.json"
    for part in ((), ("--of", "relations")):
        run("gate", path, "--project", project, *part, "--update")
    project_with_run(tmp_path, related=1)
    run("gate", path, "--project", project)
    done = run("gate", path, "--project", project, "--of", "relations", code=1)
    assert "relations, strict: the baseline and now" in done.stdout
    assert "failed: relations F1 .667" in done.stdout
    assert (
        "one of: relations, step, step:overlap"
        in run("gate", path, "--project", project, "--of", "x", code=2).stderr
    )


def test_whatever_is_committed_is_held(tmp_path: Path) -> None:
    """--all takes each committed baseline with its run: one that fails fails all, in every output."""
    project = project_with_run(tmp_path)
    assert "GW751" in run("gate", "--all", "--project", project, code=2).stderr
    path = project / "eval/reports/steps/scores.json"
    for part in ((), ("--of", "relations"), ("--of", "step:tuples")):
        run("gate", path, "--project", project, *part, "--update")
    outputs = {name: tmp_path / name for name in ("junit", "comment", "summary", "json", "badge")}
    options = [word for name, file in outputs.items() for word in (f"--{name}", file)]
    run("gate", "--all", "--project", project, *options)
    assert [gated.now.layer for gated in goldwire.gate_all(project=project)] == [
        "step",
        "relations",
        "step:tuples",
    ]
    project_with_run(tmp_path, related=1)
    run("gate", "--all", "--project", project, *options, code=1)
    suites = XML.parse(outputs["junit"]).getroot()
    assert [suite.get("failures") for suite in suites] == ["0", "2", "2"]
    figures = json.loads(outputs["json"].read_text(encoding="utf-8"))
    assert figures["passed"] is False
    assert [gate["passed"] for gate in figures["gates"]] == [True, False, False]
    assert outputs["comment"].read_text(encoding="utf-8").count("<!-- goldwire") == 1
    assert outputs["comment"].read_text(encoding="utf-8").count("### ") == 3
    run("gate", "--all", "--update", "--project", project)
    run("gate", "--all", "--project", project)
    path.unlink()
    assert "GW535" in run("gate", "--all", "--project", project, code=2).stderr
    run("gate", path, "--all", "--project", project, code=2)


def test_a_floor_may_be_a_parts_own(tmp_path: Path) -> None:
    """One bar for all but the part that is named: relations are rarely as good as spans."""
    project = project_with_run(tmp_path, related=1)
    path = project / "eval/reports/steps/scores.json"
    for part in ((), ("--of", "relations")):
        run("gate", path, "--project", project, *part, "--update")
    run("gate", "--all", "--project", project, "--floor", 0.9, "--floor", "relations=0.6")
    done = run("gate", "--all", "--project", project, "--floor", 0.9, code=1)
    assert "relations F1 .667 is under the floor of .900" in done.stdout
    for wrong in ("relations=2", "x", ""):
        run("gate", "--all", "--project", project, "--floor", wrong, code=2)


def test_the_readers_agreement_has_a_floor_of_its_own(tmp_path: Path) -> None:
    """The gate closes where people agree too little, and where nobody knows how far they do."""
    folder = project_with_run(tmp_path)
    path = folder / "eval/reports/steps/scores.json"
    for part in ((), ("--of", "relations")):
        run("gate", path, "--project", folder, *part, "--update")
    done = run("gate", "--all", "--project", folder, "--agreement-floor", 0.5, code=1)
    assert "how far the readers agree on step is not known" in done.stdout
    both = [article(TEXT, annotated(f"d{n}", 2), annotated(f"d{n}", 1, annotator="b")) for n in range(8)]
    write_jsonl(tmp_path / "both.jsonl", both)
    run(
        "agree",
        tmp_path / "both.jsonl",
        "--json",
        folder / "eval/agreement.json",
        "--no-gamma",
        "--resamples",
        0,
    )
    run("gate", "--all", "--project", folder, "--agreement-floor", 0.6)
    run("agree", tmp_path / "both.jsonl", "--no-gamma", "--resamples", 0, "--floor", 0.6)
    done = run("agree", tmp_path / "both.jsonl", "--no-gamma", "--resamples", 0, "--floor", 0.7, code=1)
    assert "failed: under the floor of .700: relations .667" in done.stdout
    done = run("gate", "--all", "--project", folder, "--agreement-floor", 0.7, code=1)
    assert "the readers' F1 on relations, .667, is under the floor of .700" in done.stdout
    assert "passed: step F1 1.000" in done.stdout


def test_a_floor_of_a_part_that_is_not_gated_is_refused(tmp_path: Path) -> None:
    """A bar that nothing is held against lets everything pass: GW752 names it, and the parts."""
    project = project_with_run(tmp_path, related=1)
    path = project / "eval/reports/steps/scores.json"
    for part in ((), ("--of", "relations")):
        run("gate", path, "--project", project, *part, "--update")
    done = run("gate", path, "--project", project, "--floor", "relations=0.9", code=2)
    assert "GW752 no part `relations` is gated here" in done.stderr and "one of: step" in done.stderr
    done = run("gate", "--all", "--project", project, "--floor", "relation=0.9", "--update", code=2)
    assert "GW752" in done.stderr and "one of: relations, step" in done.stderr
    run("gate", path, "--project", project, "--of", "relations", "--floor", "relations=0.9", code=1)
    with pytest.raises(goldwire.EvalError, match="GW752"):
        goldwire.gate(path, project=project, floors={"thing": 0.1})


def test_what_is_left_of_a_run_may_lack_the_part(tmp_path: Path) -> None:
    """Where all that has relations was learned from, there are none to gate: GW746, no other counts."""
    project = project_with_run(tmp_path)
    reports = project / "eval/reports/steps"
    names = [f"d{n}" for n in range(8)]
    gold = [article(TEXT, annotated(each, 2 if each == "d0" else 0)) for each in names]
    pred = [
        article(TEXT, structs.replace(a, provenance=structs.replace(a.provenance, trained_on=name == "d0")))
        for name in names
        for a in [annotated(name, 2 if name == "d0" else 0, annotator="m", kind="model")]
    ]
    write_jsonl(reports / "gold.jsonl", gold)
    write_jsonl(reports / "predictions.jsonl", pred)
    figures = json.loads((reports / "scores.json").read_text(encoding="utf-8"))
    scores = score([(one.gold, one.pred) for one in pair_up(gold, pred)], resamples=20)
    (reports / "scores.json").write_text(json.dumps(figures | scores.as_json()), encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW746.*trained on 1 of 8.*one of: step, thing"):
        measure(reports / "scores.json", ["relations"])
    assert measure(reports / "scores.json", ["relations"], trained_on=True)[0].as_baseline.f1 == 1
    assert len(measure(reports / "scores.json", ["thing"])[0].as_baseline.documents) == 7


def test_a_run_is_read_once_for_all_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three parts of one run: its files of articles are read once, each part has its own figures."""
    project = project_with_run(tmp_path, related=1)
    path = project / "eval/reports/steps/scores.json"
    for part in ((), ("--of", "relations"), ("--of", "step:tuples")):
        run("gate", path, "--project", project, *part, "--update")
    alone = [goldwire.gate(path, project=project, of=part) for part in ("", "relations", "step:tuples")]
    files: list[str] = []

    def counted(path: Path) -> Iterator[Article]:
        files.append(path.name)
        return own_jsonl(path)

    monkeypatch.setattr("goldwire.formats.jsonl.own_jsonl", counted)
    together = goldwire.gate_all(project=project)
    assert [gated.as_json() for gated in together] == [gated.as_json() for gated in alone]
    assert sorted(files) == ["gold.jsonl", "predictions.jsonl"]
