"""Readings compared a batch at a time, and files that are held on disk, give the figures of all at once."""

from __future__ import annotations

import json
import tempfile
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

import goldwire
from goldwire.annotations.spool import ArticleSpool
from goldwire.errors import GoldwireError
from goldwire.eval.agreement.agree import agree
from goldwire.eval.agreement.sources import spool_readings
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Annotation, Article, Document, Provenance, Span
from goldwire.schemas import Schema, load_schema
from tests.eval.drawn import SCHEMA, TEXT, readings
from tests.examples import at_most


@st.composite
def corpora(draw: st.DrawFn) -> list[Article]:
    """Documents of which each was read by some of three."""
    articles = []
    for number in range(draw(st.integers(1, 6))):
        meta: dict[str, Any] = draw(
            st.fixed_dictionaries(
                {"language": st.sampled_from(["fr", "fr", "de"])}, optional={"story": st.sampled_from("st")}
            )
        )
        document = Document(f"d{number}", f"{TEXT}{number}", meta)
        names = draw(st.sampled_from(["ab", "ab", "abc", "bc", "a", "abcd"]))
        articles.append(Article(document, tuple(draw(readings(document.id, name)) for name in names)))
    return articles


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """Defaults, ids, and relations that are required."""
    path = tmp_path_factory.mktemp("schema") / "drawn.yaml"
    path.write_text(SCHEMA, encoding="utf-8")
    return load_schema(path)


def told(articles: Sequence[Article], **options: Any) -> str:
    """All figures and warnings, to the last digit, or the error."""
    try:
        return json.dumps(agree(articles, resamples=20, **options).as_json(), allow_nan=False)
    except GoldwireError as error:
        return str(error)


@settings(max_examples=at_most(25), deadline=None)
@given(articles=corpora(), data=st.data())
def test_batches_of_any_size_give_the_same_agreement(
    articles: list[Article], data: st.DataObject, schema: Schema
) -> None:
    """Two readers and more, ids, attributes and relations that some batches lack: to the last digit."""
    options: dict[str, Any] = {
        "layers": data.draw(st.sampled_from([None, None, ["thing"]])),
        "schema": data.draw(st.sampled_from([None, schema])),
        "extent": data.draw(st.sampled_from(["coefficients", "coefficients", "matching", "all"])),
        "drafts": data.draw(st.booleans()),
    }
    whole = told(articles, batch=len(articles), **options)
    held = data.draw(st.sampled_from([articles, ArticleSpool(articles)]))
    assert told(held, batch=data.draw(st.integers(1, 4)), **options) == whole


@settings(max_examples=at_most(15), deadline=None)
@given(articles=corpora(), data=st.data())
def test_files_held_on_disk_give_what_they_give_whole(articles: list[Article], data: st.DataObject) -> None:
    """A file for each reader, in whatever order, each with documents of its own, or the error of it."""
    with tempfile.TemporaryDirectory() as folder:
        names = sorted({each.annotator for article in articles for each in article.annotations})
        files = [Path(folder, f"{name}.jsonl") for name in names]
        for file, name in zip(files, names, strict=True):
            held = [
                structs.replace(article, annotations=(each,))
                for article in articles
                for each in article.annotations
                if each.annotator == name
            ]
            write_jsonl(file, data.draw(st.permutations(held)))
        options: dict[str, Any] = {"resamples": 20, "gamma": False, "drafts": data.draw(st.booleans())}
        if data.draw(st.booleans()):
            options["names"] = [f"reader {name}" for name in names]

        def compared(*sources: Any) -> str:
            try:
                return json.dumps(goldwire.agree(*sources, **options).as_json())
            except GoldwireError as error:
                return str(error)

        assert compared(*files) == compared(*map(goldwire.read, files))


def written(folder: Path, name: str, *articles: tuple[str, str, str], annotator: str = "") -> Path:
    """A file of articles, each with an id, a text and a layer, in which the first word is marked."""
    path = folder / f"{name}.jsonl"
    made = Provenance("human")
    write_jsonl(
        path,
        [
            Article(
                Document(which, text),
                (
                    Annotation(
                        *(which, annotator or name, "drawn@0.1", "submitted", made),
                        spans=(Span("s", layer, "A", 0, 2),),
                    ),
                ),
            )
            for which, text, layer in articles
        ],
    )
    return path


def test_what_can_not_be_told_by_id_is_read_whole(tmp_path: Path) -> None:
    """Other ids, other names of the only layer, one reader in both files: what is told is as usual."""
    first = written(tmp_path, "a", ("1", "la une", "thing"), ("2", "la deux", "thing"))
    alike = written(
        tmp_path, "b", ("2", "la deux", "thing"), ("3", "la trois", "thing"), ("1", "la une", "thing")
    )
    found = spool_readings([first, alike], ["a", "b"])
    assert found is not None
    assert [(each.document.id, len(each.annotations)) for each in found[0]] == [("1", 2), ("2", 2), ("3", 1)]
    assert [each.path for each in found[1]] == [str(first), str(alike)]
    assert not any(found[1])
    assert goldwire.agree(first, alike, gamma=False).pooled.documents == ("1", "2")
    others = {
        "renamed": ("x", "la une", "thing"),
        "spaced": ("x", "la  une", "thing"),
        "rewritten": ("1", "la dune", "thing"),
        "layered": ("1", "la une", "step"),
    }
    for name, article in others.items():
        assert spool_readings([first, written(tmp_path, name, article)], ["a", name]) is None
    assert "by text" in goldwire.agree(first, tmp_path / "renamed.jsonl", gamma=False).warnings[0]
    assert "is taken for" in goldwire.agree(first, tmp_path / "layered.jsonl", gamma=False).warnings[0]
    for name, code in (("spaced", "GW741"), ("rewritten", "GW750")):
        with pytest.raises(GoldwireError, match=code):
            goldwire.agree(first, tmp_path / f"{name}.jsonl")
    again = written(tmp_path, "again", ("1", "la une", "thing"), annotator="a")
    assert spool_readings([first, again], ["a", "again"]) is None
    with pytest.raises(GoldwireError, match="GW743"):
        goldwire.agree(first, again)


def test_a_document_that_stands_twice_is_refused() -> None:
    """Two articles of one id can't be told apart in what is said of documents."""
    spans = (Span("s", "thing", "A", 0, 2),)
    made = Provenance("human")
    read = tuple(Annotation("d", name, "drawn@0.1", "submitted", made, spans) for name in "ab")
    with pytest.raises(GoldwireError, match=r"GW742 .*more than one document called `d`"):
        agree([Article(Document("d", TEXT), read)] * 2)


class Long(Sequence[Article]):
    """Articles of 20 kB that are made when they are asked for, each with readings by two."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __len__(self) -> int:
        return self._number

    @overload
    def __getitem__(self, place: int) -> Article: ...

    @overload
    def __getitem__(self, place: slice) -> list[Article]: ...

    def __getitem__(self, place: int | slice) -> Article | list[Article]:
        if isinstance(place, slice):
            return [self[each] for each in range(self._number)[place]]
        name = f"d{place}"
        made = Provenance("human")
        spans = tuple(Span(f"s{n}", "thing", "AB"[n % 2], 40 * n, 40 * n + 6) for n in range(20))
        read = tuple(Annotation(name, who, "drawn@0.1", "submitted", made, spans) for who in "ab")
        return Article(Document(name, f"{name} {'il faut ' * 2500}"), read)

    def __iter__(self) -> Iterator[Article]:
        return map(self.__getitem__, range(self._number))


def test_of_a_document_counts_stay_and_no_text() -> None:
    """Sixty more documents take less memory than a third of their texts."""
    peaks = []
    for number in (5, 20, 80):
        tracemalloc.start()
        try:
            found = agree(Long(number), resamples=0, extent="coefficients", batch=5)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert found.pooled.layers["thing"].counts["exact"].micro().counts.f1 == 1
    assert peaks[2] - peaks[1] < 60 * 20_000 / 3
