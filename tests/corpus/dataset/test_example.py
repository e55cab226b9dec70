"""The example corpus that stands in this repository: sound, and what its sources build."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from goldwire.corpus.corpus import load_corpus
from goldwire.corpus.dataset.build import build
from goldwire.corpus.quality.checks import run_checks
from goldwire.project import load_project

ROOT = Path(__file__).parents[3]
PROJECT = load_project(ROOT)


def test_no_rule_is_broken_and_there_is_no_exception_list() -> None:
    """What was adjudicated holds to every rule; a reading may have an id that no registry has."""
    curated, every = run_checks(PROJECT, only_curated=True), run_checks(PROJECT)
    assert curated.faults == []
    assert {fault.code for fault in every.faults} <= {"GW244", "GW245", "GW246"}
    assert every.annotations == 3 * len(load_corpus(PROJECT).articles)


def test_the_dataset_in_the_repository_is_built_from_its_sources() -> None:
    """Text, annotations, schema or guidelines that change without a new build are found here."""
    manifest = json.loads((ROOT / "corpus/manifest.json").read_text(encoding="utf-8"))
    assert manifest["content_hash"] == load_corpus(PROJECT).content_hash()


def test_the_card_in_the_repository_says_what_is_so_now(tmp_path: Path) -> None:
    """Agreement, licences, settings and registries that change without a new build are found here; the names
    of files hold what the version of a library makes of them."""
    for name in ("goldwire.toml", "seeds", "schemas", "annotate", "eval", "corpus"):
        source = ROOT / name
        shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(source, tmp_path)
    made = build(load_corpus(load_project(tmp_path))).folder
    for name in ("README.md", "LICENSE", "registries/actors.jsonl", "registries/events.jsonl"):
        now, kept = (
            [
                line
                for line in (folder / name).read_text(encoding="utf-8").splitlines()
                if ".parquet" not in line
            ]
            for folder in (made, ROOT / "corpus")
        )
        assert now == kept, name


def test_machine_drafts_say_so() -> None:
    """Every annotation is a model's draft; the readings saw no predictions, the adjudication names them."""
    for article in load_corpus(PROJECT).articles:
        readings = sorted({a.annotator for a in article.annotations} - {"adjudicated"})
        assert len(readings) == 2 and len(article.annotations) == 3
        for annotation in article.annotations:
            assert (annotation.status, annotation.provenance.kind) == ("draft", "model")
            if annotation.provenance.based_on:
                assert annotation.provenance.based_on == tuple(readings)
                assert all(span.marked_by for span in annotation.spans)
                assert all(relation.marked_by for relation in annotation.relations)
            else:
                assert annotation.provenance.seen_predictions is False


@pytest.mark.parametrize("layer", ["entity", "event", "stance"])
def test_the_card_never_calls_a_draft_gold(layer: str) -> None:
    """The card names each layer's count and the status; the word gold is not used for it."""
    card = (ROOT / "corpus/README.md").read_text(encoding="utf-8")
    assert f"`{layer}`" in card
    assert "no person has reviewed" in card
    assert "gold" not in card.lower().replace("goldwire", "")
