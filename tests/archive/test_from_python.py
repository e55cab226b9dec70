"""Archives from Python: annotated and chosen from by a call, with counts that a notebook shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacy

import goldwire
from goldwire.errors import GoldwireError
from tests.archive.made import archive
from tests.archive.test_select import archive as news


def test_an_archive_is_annotated_by_a_call(tmp_path: Path) -> None:
    """Paths or several of them are taken, in any form; the counts are a table, data and a line."""
    source = archive(tmp_path / "in")
    nlp = spacy.blank("fr")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "WHO", "pattern": "Léa"}])  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "model")
    files = [source / "a.jsonl", source / "c.parquet"]
    outcome = goldwire.predict_archive(
        tmp_path / "model", files, tmp_path / "out", layer="who", form="parquet", shard_size=20, workers=1
    )
    assert repr(outcome) == "<Outcome: 30 documents, 30 spans in 3 shards>"
    assert outcome.to_dict()["documents_written"] == 30
    assert "<table" in outcome._repr_html_()
    assert outcome.to_pandas().set_index("what")["count"]["shards written"] == 3
    written = goldwire.read(tmp_path / "out/a-00000.parquet")
    assert {span.label for article in written for a in article.annotations for span in a.spans} == {"WHO"}


def test_articles_are_chosen_by_a_call(tmp_path: Path) -> None:
    """A word may stand for a list of one; what was chosen is a table, and a project's own are left out."""
    source = news(tmp_path / "in")
    options: dict[str, Any] = {"number": 12, "test": 4, "languages": "fr", "by": "source", "workers": 1}
    chosen = goldwire.select_articles(source, tmp_path / "one", at_most={"source": 5}, **options)
    assert repr(chosen).startswith("<Selection: 12 to label, 4 to test of ")
    shown = chosen.table("articles").to_pandas()
    assert list(shown["pool"]).count("test") == 4 and shown["source"][4:].value_counts().max() <= 5
    assert chosen.table("strata").to_pandas()["chosen"].sum() == 12
    assert "<table" in chosen._repr_html_()
    again = goldwire.select_articles(
        source, tmp_path / "two", repeat=tmp_path / "one/selection.json", workers=1
    )
    assert again.to_dict() == chosen.to_dict()
    (tmp_path / "project").mkdir()
    settings = '[project]\nname = "x"\nlanguage = "fr"\nschema = "s.yaml"\n'
    (tmp_path / "project/goldwire.toml").write_text(settings, encoding="utf-8")
    goldwire.add_articles(tmp_path / "project", tmp_path / "one/articles.jsonl")
    more = goldwire.select_articles(source, tmp_path / "more", project=tmp_path / "project", **options)
    assert not set(more.table("articles").to_pandas()["id"]) & set(shown["id"][shown["pool"] == "label"])


@pytest.mark.parametrize(
    "options",
    [
        {"numbers": 3},
        {"number": "3"},
        {"at_most": 3},
        {"order": None},
        {"repeat": "selection.json", "number": 3},
    ],
)
def test_options_that_can_not_be_meant_are_one_plain_error(tmp_path: Path, options: dict[str, Any]) -> None:
    """Nothing is read or written."""
    with pytest.raises(GoldwireError, match="GW955"):
        goldwire.select_articles(tmp_path, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [{"form": "csv"}, {"shard_size": 0}, {"workers": 0}])
def test_a_way_to_write_that_there_is_not_is_one_plain_error(tmp_path: Path, options: dict[str, Any]) -> None:
    """Not another one in its place, nor a file whose name says what it is not."""
    with pytest.raises(goldwire.UsageError, match="GW959"):
        goldwire.predict_archive("model", archive(tmp_path / "in"), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
