"""Counts gathered in batches, and files scored line by line, give the scores of all documents at once."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import goldwire
from goldwire.errors import GoldwireError
from goldwire.eval import file_scores
from goldwire.eval.file_scores import score_files
from goldwire.eval.project_scores import score_articles
from goldwire.eval.scoring.document_counts import DocumentCounts
from goldwire.eval.scoring.pairing import stories
from goldwire.eval.scoring.score_figures import Scores
from goldwire.eval.scoring.scores import score
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Annotation, Article, Document, Span
from goldwire.schemas import Schema, load_schema
from tests.eval.drawn import SCHEMA, TEXT, readings
from tests.examples import at_most


@st.composite
def corpora(draw: st.DrawFn) -> tuple[list[Article], list[Article]]:
    """Gold and a prediction of the same documents."""
    gold, pred = [], []
    for number in range(draw(st.integers(1, 6))):
        meta: dict[str, Any] = draw(
            st.fixed_dictionaries(
                {"language": st.sampled_from(["fr", "fr", "de"])}, optional={"story": st.sampled_from("st")}
            )
        )
        document = Document(f"d{number}", TEXT, meta)
        gold.append(Article(document, (draw(readings(document.id, "anna")),)))
        pred.append(Article(document, (draw(readings(document.id, "m")),)))
    return gold, pred


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """Defaults, ids, and relations that are required."""
    path = tmp_path_factory.mktemp("schema") / "drawn.yaml"
    path.write_text(SCHEMA, encoding="utf-8")
    return load_schema(path)


def told(scores: Scores) -> str:
    """All figures and warnings, to the last digit."""
    return json.dumps([scores.as_json(), scores.warnings])


@settings(max_examples=at_most(40), deadline=None)
@given(both=corpora(), data=st.data())
def test_batches_of_any_size_give_the_same_scores(
    both: tuple[list[Article], list[Article]], data: st.DataObject, schema: Schema
) -> None:
    """Layers, labels, attributes and relations that some batches lack, structures, ids: to the last digit."""
    gold, pred = ([article.annotations[0] for article in side] for side in both)
    documents = [article.document for article in both[0]]
    layers = data.draw(st.sampled_from([None, ["thing"], ["step", "thing", "none"]]))
    by = data.draw(st.sampled_from([None, schema]))
    groups = stories(documents)
    texts = data.draw(st.sampled_from([None, documents]))
    whole = score(
        list(zip(gold, pred, strict=True)),
        layers=layers,
        schema=by,
        groups=groups,
        documents=texts,
        resamples=20,
    )
    counts = DocumentCounts(layers=layers, schema=by)
    first = 0
    while first < len(gold):
        last = first + data.draw(st.integers(1, 4))
        counts.add(gold[first:last], pred[first:last], None if texts is None else texts[first:last])
        first = last
    assert told(counts.scores(groups=groups, resamples=20)) == told(whole)


@settings(max_examples=at_most(25), deadline=None)
@given(both=corpora(), data=st.data())
def test_files_line_by_line_give_what_they_give_whole(
    both: tuple[list[Article], list[Article]], data: st.DataObject
) -> None:
    """In whatever order the documents stand: figures, warnings, what was not kept; or they are read whole."""
    order = data.draw(st.permutations(both[1]))
    trained_on = data.draw(st.booleans())
    with tempfile.TemporaryDirectory() as folder:
        gold, pred = Path(folder, "gold.jsonl"), Path(folder, "pred.jsonl")
        write_jsonl(gold, both[0])
        write_jsonl(pred, order)
        held = [goldwire.read(path) for path in (gold, pred)]
        options: dict[str, Any] = {"resamples": 20, "trained_on": trained_on}

        def whole() -> Scores:
            return score_articles(*held, **options)[0]

        try:
            expected = told(whole())
        except GoldwireError as error:
            with pytest.raises(GoldwireError) as raised:
                goldwire.score(gold, pred, **options)
            assert raised.value.faults == error.faults
            return
        assert told(goldwire.score(gold, pred, **options)) == expected
        layers = [{span.layer for a in side for span in a.annotations[0].spans} for side in held]
        found = score_files(gold, pred, **options)
        if all(layers) and not (max(map(len, layers)) == 1 and layers[0] != layers[1]):
            assert found is not None and told(found[0]) == expected
            assert [each.lost for each in found[1]] == [each.lost for each in held]
            assert not any(found[1])


@settings(max_examples=at_most(20), deadline=None)
@given(both=corpora(), data=st.data())
def test_two_models_compared_line_by_line_or_whole(
    both: tuple[list[Article], list[Article]], data: st.DataObject
) -> None:
    """Tests, verdicts, places and warnings are the same, in whatever order and batches the documents come."""
    gold, first = both
    second = [Article(each.document, (data.draw(readings(each.document.id, "n")),)) for each in gold]
    options: dict[str, Any] = {"rounds": 100, "trained_on": data.draw(st.booleans())}
    options["layers"] = data.draw(st.sampled_from([None, ["thing"]]))

    def compared(*sources: Any) -> str:
        try:
            found = goldwire.compare(*sources, **options)
        except GoldwireError as error:
            return str(error)
        return json.dumps([found.as_json(), found.warnings, [each.as_json() for each in found.scores]])

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        files = [Path(folder, f"{name}.jsonl") for name in ("gold", "a", "b")]
        for path, side in zip(files, (gold, first, data.draw(st.permutations(second))), strict=True):
            write_jsonl(path, side)
        whole = compared(*map(goldwire.read, files))
        patch.setattr(file_scores, "BATCH", data.draw(st.integers(1, 4)))
        assert compared(*files) == whole


def documents(folder: Path, name: str, *annotators: str, ids: str = "ab") -> Path:
    """A file of two documents with a span by each annotator."""
    articles = [
        Article(
            Document(each, f"{TEXT}{number}"),
            tuple(
                Annotation(each, who, "drawn@0.1", "submitted", spans=(Span("s", "thing", "A", 3, 8),))
                for who in annotators
            ),
        )
        for number, each in enumerate(ids)
    ]
    path = folder / name
    write_jsonl(path, articles)
    return path


def test_what_can_not_be_told_line_by_line_is_read_whole(tmp_path: Path) -> None:
    """Other ids, two readings, a line with a fault, a document twice: what is told is as usual."""
    gold, pred = documents(tmp_path, "gold.jsonl", "anna"), documents(tmp_path, "pred.jsonl", "m")
    assert score_files(gold, pred) is not None
    renamed = documents(tmp_path, "renamed.jsonl", "m", ids="xy")
    assert score_files(gold, renamed) is None
    assert "by text" in goldwire.score(gold, renamed, resamples=0).warnings[0]
    twice_read = documents(tmp_path, "two.jsonl", "anna", "ben")
    assert score_files(twice_read, pred) is None
    assert goldwire.score(twice_read, pred, resamples=0).agreement is not None
    more = documents(tmp_path, "more.jsonl", "m", ids="abc")
    for one, other in ((gold, more), (more, gold)):
        assert score_files(one, other) is None
        with pytest.raises(GoldwireError, match="GW501"):
            goldwire.score(one, other)
    damaged = tmp_path / "damaged.jsonl"
    damaged.write_bytes(pred.read_bytes() + b'{"id": 1}\n')
    assert score_files(gold, damaged) is None
    with pytest.raises(GoldwireError, match=r"GW207 .*damaged\.jsonl:3"):
        goldwire.score(gold, damaged)
    twice = tmp_path / "twice.jsonl"
    twice.write_bytes(pred.read_bytes() * 2)
    assert score_files(gold, twice) is None
    with pytest.raises(GoldwireError, match="GW208"):
        goldwire.score(gold, twice)


def test_the_last_line_may_come_first(tmp_path: Path) -> None:
    """A prediction in another order is read by where its lines begin, without any held."""
    gold, pred = documents(tmp_path, "gold.jsonl", "anna"), documents(tmp_path, "pred.jsonl", "m")
    lines = pred.read_bytes().splitlines()
    pred.write_bytes(b"\n".join([b"", *reversed(lines)]))
    found = score_files(gold, pred)
    assert found is not None and found[0].documents == ("a", "b")
    assert found[0].layers["thing"]["exact"].micro().counts.f1 == 1
