"""What the API is given: what can't be is one plain error of goldwire's, and what is meant is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import goldwire
from goldwire.model import Annotation, Article, Document, Span


def article(name: str = "d1", *annotators: str) -> Article:
    """An article with one span of each annotator."""
    span = Span("s1", "thing", "DISH", 0, 4)
    readings = tuple(
        Annotation(name, who, "mini@0.1", "submitted", spans=(span,)) for who in annotators or ("anna",)
    )
    return Article(Document(name, "Anna mange."), readings)


GOLD = [article("d1", "anna", "ben"), article("d2", "anna", "ben")]
TAKES: dict[str, Callable[[Any], object]] = {
    "score gold": lambda source: goldwire.score(source, GOLD),
    "score pred": lambda source: goldwire.score(GOLD, source),
    "agree": lambda source: goldwire.agree(source),
    "compare": lambda source: goldwire.compare(GOLD, GOLD, source),
    "count": lambda source: goldwire.count(source),
    "write": lambda source: goldwire.write(source, "no.jsonl"),
    "assess": lambda source: goldwire.assess_drafts(source, GOLD, project=mini()),
}
NO_ARTICLES = [
    None,
    3,
    b"a.jsonl",
    {"id": "d1"},
    ["a text"],
    [{"id": "d1"}],
    [None],
    pd.DataFrame({"a": [1]}),
]


def mini() -> Path:
    """The project of another domain."""
    return Path(__file__).parents[1] / "data/mini"


@pytest.mark.parametrize("take", TAKES.values(), ids=list(TAKES))
@pytest.mark.parametrize("source", NO_ARTICLES, ids=lambda source: type(source).__name__)
def test_what_holds_no_articles_is_told(
    take: Callable[[Any], object], source: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows, texts and nothing are GW817, wherever articles are wanted, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(goldwire.UsageError) as raised:
        take(source)
    assert raised.value.faults[0].code == "GW817"
    assert raised.value.faults[0].hint
    assert list(tmp_path.iterdir()) == []


def test_articles_come_in_any_iterable_or_as_one() -> None:
    """A generator, a tuple and an article alone are sources as a list is."""
    as_list = goldwire.score(GOLD, GOLD, resamples=0).to_dict()
    assert goldwire.score((a for a in GOLD), tuple(GOLD), resamples=0).to_dict() == as_list
    assert goldwire.score(GOLD[0], GOLD[:1], resamples=0).documents == ("d1",)
    assert goldwire.count(GOLD[0]).documents == 1


def test_what_is_written_may_be_named_by_its_path(tmp_path: Path) -> None:
    """`write` takes a file and a project, as all that takes articles."""
    goldwire.write(GOLD, tmp_path / "a.jsonl")
    assert goldwire.write(tmp_path / "a.jsonl", tmp_path / "b.jsonl").written == 2
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_what_is_written_otherwise_than_it_came_is_told(tmp_path: Path) -> None:
    """`write` says what was changed, as `convert` does."""
    article = Article(Document("d", "🥧 Une tarte."))
    assert list(goldwire.write(article, tmp_path / "a.jsonl", "doccano").changed) == [
        "offsets counted in UTF-16 units, as doccano does"
    ]


def test_one_name_may_stand_for_several(tmp_path: Path) -> None:
    """`layers="thing"` is that layer, and no layers called by its letters; so are annotators and words."""
    assert goldwire.score(GOLD, GOLD, layers="thing", resamples=0).to_dict()["layers"].keys() == {"thing"}
    one, two = goldwire.agree(GOLD, layers="thing", resamples=0), goldwire.agree(GOLD, resamples=0)
    assert one.to_dict() == two.to_dict()
    with pytest.raises(goldwire.EvalError, match="annotators: anna"):
        goldwire.agree(GOLD, annotators="anna")
    goldwire.write(GOLD, tmp_path / "gold.jsonl")
    planned = goldwire.plan_training(data=tmp_path / "gold.jsonl", out=tmp_path / "m", layers="thing")
    assert list(planned.data.layers) == ["thing"]


WRONG: dict[str, Callable[[], object]] = {
    "negative seed": lambda: goldwire.score(GOLD, GOLD, seed=-1),
    "seed no number": lambda: goldwire.score(GOLD, GOLD, seed="one"),  # type: ignore[arg-type]
    "resamples no number": lambda: goldwire.agree(GOLD, resamples="many"),  # type: ignore[arg-type]
    "negative resamples": lambda: goldwire.agree(GOLD, resamples=-1),
    "kind": lambda: goldwire.compare(GOLD, GOLD, GOLD, kind="fuzzy"),  # type: ignore[arg-type]
    "places": lambda: goldwire.compare(GOLD, GOLD, GOLD, places=-1),
    "no path": lambda: goldwire.read(None),  # type: ignore[arg-type]
    "paths the other way round": lambda: goldwire.write("a.jsonl", GOLD),  # type: ignore[arg-type]
    "source no path": lambda: goldwire.convert(GOLD, "a.jsonl"),  # type: ignore[arg-type]
    "schema no path": lambda: goldwire.load_schema(3),  # type: ignore[arg-type]
    "format of nothing": lambda: goldwire.format_of(None),  # type: ignore[arg-type]
    "status": lambda: goldwire.write(GOLD, "a.jsonl", status="done"),
    "scheme": lambda: goldwire.write(GOLD, "a.conll", scheme="bio"),
    "depth": lambda: goldwire.write(GOLD, "a.conll", depth="two"),
    "depth of none": lambda: goldwire.write(GOLD, "a.conll", depth=0),
    "document per": lambda: goldwire.write(GOLD, "a.conll", document_per="page"),
    "option of a report": lambda: goldwire.write_report("r.html", GOLD, GOLD, resmples=1),
    "a report of no predictions": lambda: goldwire.write_report("r.html", Path(__file__)),
    "option of a training": lambda: goldwire.train_model(data="a.jsonl", out="m", seeds=1),
    "option of a curve": lambda: goldwire.plan_curve(data="a.jsonl", folsd=1),
    "option of gates": lambda: goldwire.gate_all(project=mini(), flor=0.5),
    "form of a summary": lambda: goldwire.gate_summary([], "html"),  # type: ignore[arg-type]
    "badge of no gate": lambda: goldwire.gate_summary([], "badge"),
    "template": lambda: goldwire.make_project("new", template="all"),  # type: ignore[arg-type]
    "share": lambda: goldwire.split_corpus(mini(), "s.json", test="half"),  # type: ignore[arg-type]
    "resamples of a training": lambda: goldwire.train_model(data="a.jsonl", out="m", resamples=-1),
    "seed of a training": lambda: goldwire.plan_training(data="a.jsonl", out="m", seed=-1),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=list(WRONG))
def test_what_an_argument_can_not_be_is_told(
    call: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is GW818, with what it may be, before anything is read or written."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(goldwire.UsageError) as raised:
        call()
    assert raised.value.faults[0].code == "GW818"
    assert raised.value.faults[0].hint
    assert list(tmp_path.iterdir()) == []


@given(names=st.lists(st.sampled_from(["", " ", "a", "b"]), max_size=3))
def test_two_systems_have_two_names(names: list[str]) -> None:
    """`compare` takes two different names that are not blank, nothing else."""
    fits = len(names) == 2 and len(set(names)) == 2 and all(name.strip() for name in names)
    try:
        goldwire.compare(GOLD, GOLD, GOLD, names=tuple(names), rounds=1)  # type: ignore[arg-type]
    except goldwire.EvalError as error:
        assert not fits
        assert error.faults[0].code == "GW744"
    else:
        assert fits


def test_a_column_may_be_named_by_its_number(tmp_path: Path) -> None:
    """As on the command line, where every option is text."""
    (tmp_path / "a.conll").write_text("Ada x B-PER\nsalts y O\n", encoding="utf-8")
    by_number, by_text = (
        goldwire.read(tmp_path / "a.conll", "conll", tag_column=column, token_column=1) for column in (3, "3")
    )
    assert by_number == by_text
    assert [span.label for span in by_number[0].annotations[0].spans] == ["PER"]


def test_a_schema_is_given_as_itself_or_by_its_place() -> None:
    """`score` takes a schema, its file and its project alike; so does `load_schema`."""
    schema = goldwire.load_schema(mini())
    assert goldwire.load_schema(schema) is schema
    figures = [
        goldwire.score(GOLD, GOLD, schema=each, resamples=0).to_dict()
        for each in (schema, mini(), mini() / "schemas" / f"{schema.name}.yaml")
    ]
    assert figures[0] == figures[1] == figures[2]


def test_a_folder_without_a_project_has_no_schema(tmp_path: Path) -> None:
    """`load_schema` of it says so, and takes no folder for a file."""
    with pytest.raises(goldwire.UsageError) as raised:
        goldwire.load_schema(tmp_path)
    assert raised.value.faults[0].code == "GW910"


def test_a_folder_that_is_not_there_is_no_project(tmp_path: Path) -> None:
    """Nor is the project above it taken in its place."""
    project = mini()
    with pytest.raises(goldwire.UsageError, match=r"GW910 .*no such folder"):
        goldwire.list_articles(project / "mistyped")


def test_what_is_not_there_is_said_before_its_format_is_looked_for(tmp_path: Path) -> None:
    """`convert` of a path without a telling suffix says that nothing is there."""
    with pytest.raises(goldwire.UsageError) as raised:
        goldwire.convert(tmp_path / "nothing", tmp_path / "a.jsonl")
    assert raised.value.faults[0].code == "GW901"


def test_results_fit_a_line_and_a_notebook(tmp_path: Path) -> None:
    """A conversion of many articles and the articles themselves are a line; a notebook gets tables."""
    goldwire.write([article(f"d{number}") for number in range(50)], tmp_path / "a.jsonl")
    many = goldwire.read(tmp_path / "a.jsonl")
    done = goldwire.write(many, tmp_path / "brat", "brat")
    assert repr(done).startswith("<Conversion: 50 documents, 50 annotations, 50 spans, 0 relations; ")
    assert len(repr(done)) < 300
    assert done.to_pandas().values.tolist()[0] == ["documents", 50]
    assert done.table("lost").rows
    shown = many._repr_html_()
    assert shown.count("<tr>") == 21
    assert "the first 20 of 50" in shown


def test_a_schema_is_a_table_of_its_layers_in_a_notebook() -> None:
    """Each layer with labels, attributes and the relations that go out from it."""
    shown = goldwire.load_schema(mini())._repr_html_()
    schema = goldwire.load_schema(mini())
    assert shown.count("<tr>") == 1 + len(schema.layers)
    for layer in schema.layers.values():
        assert all(f"{label}" in shown for label in (*layer.labels, *layer.attributes))
    assert all(relation in shown for relation in schema.relations)
