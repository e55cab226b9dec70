"""The gate where the data changed: what it compares, what it leaves, and what it says of that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.eval.ci.baseline import Baseline, from_json
from goldwire.eval.ci.gate import ENOUGH, gate
from goldwire.eval.ci.measure import measure
from goldwire.eval.ci.overlap import overlap
from goldwire.formats.jsonl import read_jsonl, write_jsonl
from tests.eval.ci.test_gate import GOLD, TEXT, as_baseline, failed, left_by_train, outputs_of, project
from tests.eval.helpers import article, reading, spans
from tests.eval.test_cli import run

__all__ = ["project"]
OTHER = "f" * 64


def changed(
    folder: Path,
    *,
    old: int = 3,
    now: int = 3,
    kept: int = 8,
    new: int = 0,
    moved: int = 0,
    rewritten: int = 0,
) -> tuple[Baseline, Baseline]:
    """A baseline of `kept` documents with `old` of four spans found, and a run with `now`, of them and `new`
    ones; of the first `moved` the reference changed, of the next `rewritten` the text."""
    folder.mkdir(exist_ok=True)
    before = as_baseline(folder / "old", documents=kept, found=old)
    after = folder / "now"
    after.mkdir(parents=True, exist_ok=True)
    scores = left_by_train(after, documents=kept + new, found=now, content=OTHER)
    for name in ("gold.jsonl", "predictions.jsonl"):
        articles = read_jsonl(after / name)
        for n, each in enumerate(articles):
            annotation = each.annotations[0]
            if n < moved and name == "gold.jsonl":
                marks = [*GOLD[:3], ("B", 40, 45)]
                annotation = reading(*spans(*marks), document=each.document.id)
            text = TEXT + "y" if moved <= n < moved + rewritten else TEXT
            articles[n] = article(text, annotation)
        write_jsonl(after / name, articles)
    figures = json.loads(scores.read_text(encoding="utf-8"))
    exact = rescored(after)
    figures["layers"]["thing"]["exact"]["micro"] |= exact
    scores.write_text(json.dumps(figures), encoding="utf-8")
    return measure(scores)[0].as_baseline, before


def rescored(folder: Path) -> dict[str, int]:
    """The counts of what lies in the folder."""
    from goldwire.eval.scoring.pairing import pair_up
    from goldwire.eval.scoring.scores import score

    pairs = pair_up(read_jsonl(folder / "gold.jsonl"), read_jsonl(folder / "predictions.jsonl"))
    total = score([(one.gold, one.pred) for one in pairs], resamples=0).layers["thing"]["exact"].total()
    return {"tp": int(total.tp), "fp": int(total.fp), "fn": int(total.fn)}


def test_added_documents_leave_the_others_comparable(tmp_path: Path) -> None:
    """A pull request that adds data is gated on the documents that both have: a fall there fails, no fall
    passes, and what is new is counted and shown."""
    now, before = changed(tmp_path / "a", old=4, now=3, new=4)
    found = gate(now, before)
    assert found.compared and found.passed is False
    assert "tolerance" in failed(found)
    assert "8 of 12 documents" in found.data and "4 new" in found.data
    assert found.test is not None and found.test.units == 8
    now, before = changed(tmp_path / "b", new=4)
    again = gate(now, before)
    assert again.passed is True and again.test is not None
    assert (again.test.micro.first.f1, again.test.micro.second.f1) == (before.f1, before.f1)


def test_a_changed_reference_or_text_is_not_compared(tmp_path: Path) -> None:
    """Documents whose text or reference changed are left out and named by kind; the others are compared."""
    now, before = changed(tmp_path, kept=9, new=1, moved=2, rewritten=1)
    found = gate(now, before)
    assert found.overlap.as_json() == {
        "compared": 6,
        "new": ["d9"],
        "changed_text": ["d2"],
        "changed_reference": ["d0", "d1"],
        "gone": [],
    }
    assert found.compared
    assert found.table().rows[0][-1] == 24  # of the six alone


def test_too_few_are_not_compared_and_nothing_fails(tmp_path: Path) -> None:
    """Under the least number a fall says nothing: the gate neither passes nor fails, and every output says
    why; the floor holds all the same."""
    now, before = changed(tmp_path, old=4, now=1, kept=ENOUGH - 1, new=3)
    found = gate(now, before)
    assert (found.compared, found.passed) == (False, None)
    assert found.as_json()["passed"] is None
    for text in outputs_of(found):
        assert "not compared" in text
    assert f"{ENOUGH} are needed" in found.why
    assert gate(now, before, floor=0.9).passed is False
    assert gate(now, before, floor=0.1).passed is None
    assert ENOUGH == 6  # the least with which a paired test can reach .05: 2 / 2^6


def test_documents_of_one_story_count_once_towards_what_is_enough(tmp_path: Path) -> None:
    """Ten unchanged documents of one story are one unit, and too few."""
    before = as_baseline(tmp_path / "old", documents=10, story="s")
    now = as_baseline(tmp_path / "now", documents=11, story="s", content=OTHER)
    assert gate(now, before).passed is None


def test_a_change_elsewhere_is_no_change_of_this_layer(tmp_path: Path) -> None:
    """Where texts and this layer's reference are the same, another content hash (guidelines, another layer)
    changes nothing, whatever the number of documents."""
    before = as_baseline(tmp_path / "old", documents=3, found=4)
    now = as_baseline(tmp_path / "now", documents=3, found=3, content=OTHER)
    found = gate(now, before)
    assert failed(found) == ["tolerance"]
    assert "none of them new or changed" in found.data


def test_nothing_in_common_is_said(tmp_path: Path) -> None:
    """Two disjoint corpora are not compared, and do not fail."""
    before = as_baseline(tmp_path / "old", documents=8)
    found = gate(as_baseline(tmp_path / "now", documents=8, first=20, content=OTHER), before)
    assert found.passed is None
    assert "8 gone" in found.data and "8 new" in found.data


def test_a_baseline_without_hashes_can_only_be_of_the_same_corpus(tmp_path: Path) -> None:
    """One that an older goldwire wrote is compared with its own corpus, and refused for another."""
    figures = as_baseline(tmp_path / "old", documents=8).as_json()
    del figures["hashes"]
    older = from_json(figures)
    assert gate(as_baseline(tmp_path / "same", documents=8), older).passed is True
    with pytest.raises(GoldwireError, match=r"GW533.*no hashes.*--update"):
        gate(as_baseline(tmp_path / "now", documents=9, content=OTHER), older)


@settings(deadline=None)
@given(st.data())
def test_every_document_is_compared_new_changed_or_gone(data: st.DataObject) -> None:
    """The overlap loses no document and counts none twice, whatever changed."""
    ids = [f"d{n}" for n in range(8)]
    sides = []
    for content in "01":
        names = data.draw(st.lists(st.sampled_from(ids), unique=True, min_size=1))
        hashes = {name: [data.draw(st.sampled_from("ab")) for _ in range(2)] for name in names}
        sides.append(
            from_json(
                {
                    "format": "goldwire baseline 1",
                    "reference": "draft",
                    "layer": "thing",
                    "micro": {"f1": 1.0, "ci95": None},
                    "corpus": {"name": "m", "version": "1", "content_hash": content},
                    "schema": [],
                    "config": {},
                    "seed": 0,
                    "documents": {name: {"A": [1, 0, 0]} for name in names},
                    "hashes": {
                        kind: {name: hashes[name][place] for name in names}
                        for place, kind in enumerate(("text", "reference"))
                    },
                }
            )
        )
    now, before = sides
    found = overlap(now, before)
    listed = [*found.same, *found.new, *found.changed_text, *found.changed_reference, *found.gone]
    assert sorted(listed) == sorted({*now.documents, *before.documents})
    assert set(found.same) <= set(now.documents) & set(before.documents)


def test_layers_and_models_have_baselines_of_their_own(project: Path) -> None:
    """Gating events neither takes nor overwrites the entities' baseline: each run's folder names its file."""
    here = ("gate", "--project", project, "--rounds", 200)
    run(*here, "--update")
    entities = (project / "eval/baseline.json").read_bytes()
    events = project / "eval/reports/events"
    events.mkdir()
    scores = left_by_train(events, found=2, layer="event")
    refused = run(*here[:1], scores, *here[1:], code=2).stderr
    assert "GW532" in refused and "baseline-events.json" in refused
    run(*here[:1], scores, *here[1:], "--update")
    assert "event F1 .667" in run(*here[:1], scores, *here[1:]).stdout
    run(*here)
    assert (project / "eval/baseline.json").read_bytes() == entities
    other = ("--baseline", project / "eval/baseline.json")
    refused = run(*here[:1], scores, *here[1:], *other, "--update", code=2).stderr
    assert "GW534" in refused and "of layer `thing`" in refused
    assert (project / "eval/baseline.json").read_bytes() == entities


def test_the_command_line_says_what_was_compared(project: Path) -> None:
    """Too few: exit 0, `not compared` last, in every file too."""
    here = ("gate", "--project", project, "--rounds", 200)
    run(*here, "--update")
    left_by_train(project / "eval/reports/ner", documents=7, found=1, content=OTHER)
    files: dict[str, Any] = {name: project / "out" / name for name in ("summary", "comment", "json")}
    done = run(*here, *(part for name, path in files.items() for part in (f"--{name}", path)))
    assert done.stdout.splitlines()[-1].startswith("not compared: ")
    assert all("2 new" in path.read_text(encoding="utf-8") for path in (files["summary"], files["comment"]))
    assert json.loads(files["json"].read_text(encoding="utf-8"))["data"]["new"] == ["d5", "d6"]
