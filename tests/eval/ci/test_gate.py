"""The gate: what passes, what fails, what is refused, and what it says of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as XML

import pytest

from goldwire.errors import GoldwireError
from goldwire.eval.ci.baseline import Baseline, from_json, read_baseline, write_baseline
from goldwire.eval.ci.gate import Gated, gate
from goldwire.eval.ci.measure import measure
from goldwire.eval.ci.outputs import MARKER, append_summary, badge, comment_text, junit, markdown
from goldwire.eval.scoring.pairing import pair_up
from goldwire.eval.scoring.scores import score
from goldwire.formats.jsonl import write_jsonl
from tests.eval.helpers import Mark, article, reading, spans
from tests.eval.test_cli import run

TEXT = "x" * 60
GOLD: list[Mark] = [("A", 0, 3), ("A", 10, 13), ("B", 20, 25), ("B", 30, 35)]
HASH = "0123456789abcdef" * 4


def left_by_train(
    folder: Path,
    documents: int = 5,
    *,
    found: int = 3,
    content: str = HASH,
    layer: str = "thing",
    first: int = 0,
    test: dict[str, Any] | None = None,
    marks: Sequence[Mark] = tuple(GOLD),
    **meta: Any,
) -> Path:
    """What `goldwire train` leaves: each document with so many of four spans found."""
    names = [f"d{first + n}" for n in range(documents)]
    gold = [article(TEXT, reading(*spans(*marks, layer=layer), document=name), **meta) for name in names]
    pred = [
        article(TEXT, reading(*spans(*marks[:found], layer=layer), document=name, annotator="m"), **meta)
        for name in names
    ]
    write_jsonl(folder / "gold.jsonl", gold)
    write_jsonl(folder / "predictions.jsonl", pred)
    scores = score([(one.gold, one.pred) for one in pair_up(gold, pred)], resamples=50)
    figures = scores.as_json() | {
        "layer": layer,
        "schema": ["mini@0.1"],
        "corpus": {"name": "mini", "version": "0.1.0", "content_hash": content},
        "config": {"file": "ner.cfg", "sha256": "1", "overrides": {}},
    }
    figures |= {"test": test} if test else {}
    path = folder / "scores.json"
    path.write_text(json.dumps(figures), encoding="utf-8")
    return path


def as_baseline(folder: Path, **options: Any) -> Baseline:
    """Such a run in the form of a baseline."""
    folder.mkdir(exist_ok=True)
    return measure(left_by_train(folder, **options))[0].as_baseline


def gated(tmp_path: Path, before: int, now: int, documents: int = 5, **options: Any) -> Gated:
    """A run with `now` of four spans found, held against one with `before`."""
    old = as_baseline(tmp_path / "old", documents=documents, found=before)
    new = as_baseline(tmp_path / "new", documents=documents, found=now)
    return gate(new, old, **options)


def failed(found: Gated) -> list[str]:
    """The conditions that do not hold."""
    return [check.name for check in found.checks if not check.passed]


def test_the_same_run_passes(tmp_path: Path) -> None:
    """A run as good as its baseline, or better, passes, and says so in one line."""
    same = gated(tmp_path, 3, 3)
    assert same.passed
    assert "the same as the baseline's" in same.why
    better = gated(tmp_path, 2, 3)
    assert better.passed
    assert "no fall" in better.why
    assert "\n" not in better.why


def test_a_fall_fails_even_where_no_test_can_prove_it(tmp_path: Path) -> None:
    """Five documents can't give p under .05: there the tolerance closes the gate, and it can be widened."""
    found = gated(tmp_path, 4, 3)
    assert failed(found) == ["tolerance"]
    assert found.test is not None and found.test.micro.p == 0.0625
    assert "fell by .143, more than the tolerance of .020" in found.why
    assert any("2/2^5 = .0625" in warning for warning in found.warnings)
    assert gated(tmp_path, 4, 3, tolerance=0.2).passed


def test_a_proven_fall_fails_within_any_tolerance(tmp_path: Path) -> None:
    """Over enough documents the paired test closes the gate, whatever the tolerance."""
    found = gated(tmp_path, 4, 3, documents=12, tolerance=1.0)
    assert failed(found) == ["paired test"]
    assert "worse beyond chance" in found.why
    assert gated(tmp_path, 3, 4, documents=12).passed


def test_the_floor_holds_without_regard_to_the_baseline(tmp_path: Path) -> None:
    """Under the floor the gate closes even where nothing fell; on the floor it is open."""
    found = gated(tmp_path, 2, 2, floor=0.7)
    assert failed(found) == ["floor"]
    assert ".667 is under the floor of .700" in found.why
    assert gated(tmp_path, 2, 2, floor=2 / 3).passed


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    """Another layer, or other documents of one corpus, is refused with what to do, whatever the figures."""
    old = as_baseline(tmp_path / "old")
    for code, options in (
        ("GW534", {"layer": "step"}),
        ("GW534", {"first": 1}),
    ):
        with pytest.raises(GoldwireError, match=code) as error:
            gate(as_baseline(tmp_path / "new", **options), old)
        assert "--update" in str(error.value)


def test_documents_of_one_story_are_one_unit(tmp_path: Path) -> None:
    """Twelve documents of one story prove nothing, though twelve of their own would."""
    old = as_baseline(tmp_path / "old", documents=12, found=4, story="s")
    new = as_baseline(tmp_path / "new", documents=12, found=3, story="s")
    found = gate(new, old, tolerance=1.0)
    assert found.test is not None and found.test.units == 1
    assert found.passed
    assert from_json(old.as_json()).groups == ("story s",) * 12


def test_a_baseline_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Counts, interval and stamp survive the file; a document is a line of it."""
    made = as_baseline(tmp_path / "run", documents=7)
    path = tmp_path / "baseline.json"
    write_baseline(path, made)
    again = read_baseline(path)
    assert again.as_json() == made.as_json()
    test = gate(again, made).test
    assert test is not None and test.micro.value == 0
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["reference"] == "draft"
    assert sum(line.startswith('  "d') for line in text.splitlines()) == 7


@pytest.mark.parametrize(
    "stored", [float("nan"), 0.1, "x", None, 10**400], ids=["nan", "other", "text", "none", "huge"]
)
def test_a_baseline_whose_f1_does_not_follow_from_its_counts_is_refused(tmp_path: Path, stored: Any) -> None:
    """F1 is what the counts give; a stored one that says otherwise, or is no number, is not believed."""
    path = tmp_path / "baseline.json"
    figures = as_baseline(tmp_path / "run").as_json()
    figures["micro"]["f1"] = stored
    path.write_text(json.dumps(figures), encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW536"):
        read_baseline(path)


@pytest.mark.parametrize("count", [-1, float("nan"), float("inf")])
def test_a_baseline_with_impossible_counts_is_refused(tmp_path: Path, count: float) -> None:
    """What no run can have counted is not compared with, also where F1 follows from it."""
    path = tmp_path / "baseline.json"
    figures = as_baseline(tmp_path / "run").as_json()
    first = next(cells for cells in figures["documents"].values() if cells)
    cell = next(iter(first.values()))
    # A false positive less here is one more there: the sums stay.
    cell[1], figures["documents"]["other"] = count, {"X": [0, cell[1] - count, 0]}
    path.write_text(json.dumps(figures), encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW536"):
        read_baseline(path)


def test_broken_input_is_refused_by_name(tmp_path: Path) -> None:
    """No baseline, another file, scores without a corpus, articles of other figures: each by its code."""
    path = tmp_path / "baseline.json"
    with pytest.raises(GoldwireError, match="GW532"):
        read_baseline(path)
    for text in ("{", "[]", '{"format": "other"}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(GoldwireError, match="GW536"):
            read_baseline(path)
    scores = left_by_train(tmp_path)
    with pytest.raises(GoldwireError, match="GW535"):
        measure(tmp_path / "none.json")
    figures = json.loads(scores.read_text(encoding="utf-8"))
    scores.write_text(json.dumps({**figures, "corpus": {}}), encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW535"):
        measure(scores)
    figures["layers"]["thing"]["exact"]["micro"]["tp"] += 1
    scores.write_text(json.dumps(figures), encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW537"):
        measure(scores)


def outputs_of(found: Gated) -> tuple[str, ...]:
    """All that says how a gate ended: its headline, the summary, a comment, JUnit's file, a badge."""
    return found.headline, markdown(found), comment_text(found), junit(found), json.dumps(badge(found))


def test_every_output_says_that_the_reference_is_a_draft(tmp_path: Path) -> None:
    """Headline, summary, comment, JUnit and badge name a draft as such, passed or failed."""
    for found in (gated(tmp_path, 3, 3), gated(tmp_path, 4, 2)):
        for text in outputs_of(found):
            assert "draft" in text
        assert "*reference: draft*" in markdown(found)
        assert found.as_json()["reference"] == "draft"


def test_every_output_says_what_the_figures_rest_on(tmp_path: Path) -> None:
    """A run on a side of the split is told as such, wherever the gate speaks and in the baseline."""
    side = {"file": "split.json", "side": "test", "sha256": "0", "documents": 7, "kept_out": 0}
    now = as_baseline(tmp_path / "run", documents=7, test=side)
    path = tmp_path / "baseline.json"
    write_baseline(path, now)
    assert json.loads(path.read_text("utf-8"))["test"] == {"file": "split.json", "side": "test"}
    same = gate(now, read_baseline(path))
    for text in (same.headline, markdown(same), comment_text(same), junit(same)):
        assert "7 articles of the side test" in text
    assert "none of which the model learned from" in markdown(same)
    assert same.as_json()["scored_on"] == "7 articles of the side test"
    apart = as_baseline(tmp_path / "apart", documents=7)
    assert "7 articles ·" in markdown(gate(apart, apart)) and apart.scored_on == "7 articles"
    other = gate(now, apart)
    assert "another test set: articles left out in turn in the baseline, the side test now" in other.warnings
    file = as_baseline(tmp_path / "file", documents=7, test={"file": "held_out.jsonl"})
    assert "7 articles of held\\_out.jsonl" in markdown(gate(file, file))
    with pytest.raises(GoldwireError, match=r"GW534 .*is of 3 articles, this run of 7 articles of the side"):
        gate(now, as_baseline(tmp_path / "few", documents=3))


def test_junit_has_a_case_for_each_condition(tmp_path: Path) -> None:
    """Cases, failures and their messages are what the gate found, in well-formed XML."""
    found = gated(tmp_path, 4, 3, floor=0.9)
    suite = XML.fromstring(junit(found))[0]
    assert suite.get("tests") == "3"
    assert suite.get("failures") == "2"
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert set(cases) == {"floor", "paired test", "tolerance"}
    failure = cases["floor"].find("failure")
    assert failure is not None
    assert "under the floor" in str(failure.get("message"))
    assert cases["paired test"].find("failure") is None


def test_markdown_is_not_broken_by_names(tmp_path: Path) -> None:
    """A label with signs of Markdown or HTML stays a cell of the table."""
    folder = tmp_path / "odd"
    folder.mkdir()
    path = left_by_train(folder)
    for name in ("gold.jsonl", "predictions.jsonl"):
        text = (folder / name).read_text(encoding="utf-8").replace('"label":"A"', '"label":"A|<b>*x*"')
        assert "<b>" in text
        (folder / name).write_text(text, encoding="utf-8")
    now = measure(path)[0].as_baseline
    text = markdown(gate(now, now))
    (row,) = [line for line in text.splitlines() if "x\\*" in line]
    assert row.replace("\\|", "").count("|") == 8
    assert "<b>" not in text


def test_the_badge_is_an_endpoint(tmp_path: Path) -> None:
    """The keys that shields reads, blue where the gate passed, red where not."""
    good, bad = badge(gated(tmp_path, 3, 3)), badge(gated(tmp_path, 4, 3))
    assert set(good) == {"schemaVersion", "label", "message", "color"}
    assert (good["schemaVersion"], good["color"], bad["color"]) == (1, "blue", "red")
    assert good["message"].startswith(".857")


def test_a_comment_can_be_found_again(tmp_path: Path) -> None:
    """The body begins with a mark that no reader sees, and folds the table."""
    text = comment_text(gated(tmp_path, 3, 3))
    assert text.startswith(MARKER)
    assert text.index("<details>") < text.index("| label") < text.index("</details>")


def test_the_job_summary_is_added_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in the job's summary stays; without a job it is refused, with what to do."""
    path = tmp_path / "summary.md"
    path.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    append_summary("after\n")
    assert path.read_text(encoding="utf-8") == "before\nafter\n"
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    with pytest.raises(GoldwireError, match="GW538"):
        append_summary("x")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a run and without a baseline."""
    mini = Path(__file__).parents[2] / "data/mini"
    for part in ("goldwire.toml", "schemas/mini.yaml"):
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / part).write_bytes((mini / part).read_bytes())
    (tmp_path / "seeds").mkdir()
    lines = [json.dumps({"id": f"d{n}", "text": TEXT}) for n in range(5)]
    (tmp_path / "seeds/articles.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "eval/reports/ner").mkdir(parents=True)
    left_by_train(tmp_path / "eval/reports/ner", found=4)
    return tmp_path


def test_the_gate_on_the_command_line(project: Path) -> None:
    """0 passed, 1 failed, 2 refused; --update makes a baseline; outputs are written, none where refused."""
    here = ("gate", "--project", project, "--rounds", 200)
    outputs = {name: project / "out" / name for name in ("summary", "comment", "junit", "badge", "json")}
    files = [part for name, path in outputs.items() for part in (f"--{name}", path)]
    assert "GW532" in run(*here, *files, code=2).stderr
    assert not any(path.exists() for path in outputs.values())
    assert "there was none before" in run(*here, "--update").stderr
    done = run(*here, "--floor", 0.5, *files)
    assert done.stdout.splitlines()[-1].startswith("passed: ")
    assert "reference: draft" in done.stdout
    assert all(path.exists() for path in outputs.values())
    left_by_train(project / "eval/reports/ner", found=3)
    done = run(*here, "--json", outputs["json"], code=1)
    assert done.stdout.splitlines()[-1].startswith("failed: ")
    assert json.loads(outputs["json"].read_text(encoding="utf-8"))["passed"] is False
    left_by_train(project / "eval/reports/ner", documents=4, found=4)
    refused = run(*here, code=2).stderr
    assert "GW534" in refused
    assert "--update" in refused
    run(*here, "--update")
    run(*here)
