"""The model and its JSON: what goes out comes back."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotations.line import dumps, loads
from goldwire.annotations.store import (
    annotation_path,
    dumps_annotation,
    join,
    read_annotations,
    write_annotation,
)
from goldwire.errors import GoldwireError
from goldwire.files import file_name, write_text, writing
from goldwire.formats.jsonl import read_jsonl, write_jsonl
from goldwire.model import Annotation, Article, Document, Provenance, Span, curated, outermost
from goldwire.project import Project
from tests.strategies import articles


@given(articles())
def test_a_line_of_json_gives_the_article_back(article: Article) -> None:
    """Writing and reading a line changes nothing, whatever the text and however spans lie."""
    assert loads(dumps(article), "line") == article


@given(articles())
def test_a_line_is_plain_json_with_the_contract_s_keys(article: Article) -> None:
    """Any JSON reader understands the line; offsets slice its text."""
    record = json.loads(dumps(article))
    assert record["text"] == article.document.text
    for annotation, original in zip(record.get("annotations", []), article.annotations, strict=True):
        for span, wanted in zip(annotation.get("spans", []), original.spans, strict=True):
            assert (
                record["text"][span["start"] : span["end"]]
                == article.document.text[wanted.start : wanted.end]
            )


@given(articles())
def test_the_stored_form_reads_back(article: Article) -> None:
    """The form that reads well in a diff holds the same annotation."""
    import msgspec

    for annotation in article.annotations:
        assert msgspec.json.decode(dumps_annotation(annotation).encode(), type=Annotation) == annotation


def test_an_annotation_is_written_once(tmp_path: Path) -> None:
    """Storing the same annotation again touches no file."""
    project = Project(tmp_path)
    annotation = Annotation("doc", "ann", "mini@0.1", spans=(Span("s", "thing", "FOOD", 0, 1),))
    assert write_annotation(project, annotation)
    before = annotation_path(project, annotation).stat().st_mtime_ns
    assert not write_annotation(project, annotation)
    assert annotation_path(project, annotation).stat().st_mtime_ns == before
    assert read_annotations(project) == [annotation]


def test_a_text_that_is_not_the_one_annotated_is_refused() -> None:
    """Offsets are tied to the text by its hash."""
    annotation = Annotation("doc", "ann", "mini@0.1", text_sha256="0" * 64)
    with pytest.raises(GoldwireError, match="not the text that was annotated"):
        join([Document("doc", "other")], [annotation])


LINE = {"id": "d", "text": "abc", "annotations": [{"annotator": "x", "schema": "m@1", "spans": []}]}
SPAN = {"id": "s", "layer": "l", "label": "A", "start": 0, "end": 2}


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"spans": [{**SPAN, "end": 9}]}, r"x\.jsonl:2 \$\.annotations\[0\]\.spans\[0\]"),
        ({"spans": [{**SPAN, "start": 2}]}, "GW204"),
        ({"spans": [SPAN, SPAN]}, "GW205"),
        ({"relations": [{"label": "r", "head": "s", "tail": "t"}]}, "GW206"),
        ({"spans": [{**SPAN, "start": "0"}]}, r"GW207 .*spans\[0\]\.start"),
        ({"spans": [{**SPAN, "colour": "red"}]}, "GW207 .*colour"),
        ({"status": "gold"}, "GW207"),
    ],
)
def test_a_bad_line_is_refused_with_its_place(tmp_path: Path, change: dict[str, object], shown: str) -> None:
    """Each fault of a line names file, line and path."""
    bad = {**LINE, "annotations": [{**LINE["annotations"][0], **change}]}  # type: ignore[dict-item]
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({**LINE, "id": "first"}) + "\n" + json.dumps(bad) + "\n", encoding="utf-8")
    with pytest.raises(GoldwireError, match=shown):
        read_jsonl(path)


@pytest.mark.parametrize(
    "line", [b"{", b"\xff\xfe", b"[]", b'{"id": "a"}', b"null", b'{"id":"a","text":"\\ud800"}']
)
def test_what_is_no_record_is_refused_plainly(tmp_path: Path, line: bytes) -> None:
    """No broken line ends in a traceback."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(line)
    with pytest.raises(GoldwireError):
        read_jsonl(path)


def test_all_bad_lines_are_listed_at_once(tmp_path: Path) -> None:
    """One run shows every bad line of a file."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"id":"a","text":"t"}\n{\n[]\n{"id":"a","text":"t"}\n')
    with pytest.raises(GoldwireError) as caught:
        read_jsonl(path)
    assert [fault.where.split(":")[-1].split()[0] for fault in caught.value.faults] == ["2", "3", "4"]


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    """A file appears whole or not at all."""
    path = tmp_path / "x.jsonl"
    write_text(path, "old")
    with pytest.raises(RuntimeError), writing(path) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]
    assert write_jsonl(path, []) == 0


@given(articles())
def test_outermost_spans_never_overlap_and_none_is_lost(article: Article) -> None:
    """Kept and left-out spans are all spans; kept ones are flat; each left-out one overlaps a kept one."""
    for annotation in article.annotations:
        kept, left = outermost(annotation.spans)
        assert sorted([*kept, *left], key=lambda s: s.id) == sorted(annotation.spans, key=lambda s: s.id)
        for first, second in pairwise(kept):
            assert first.end <= second.start
        for span in left:
            assert any(span.start < other.end and other.start < span.end for other in kept)


@given(st.permutations(["skipped", "draft", "submitted", "adjudicated"]))
def test_curated_takes_the_most_trusted_whatever_the_order(order: list[str]) -> None:
    """The adjudicated annotation wins; a skipped one never counts."""
    found = tuple(Annotation("d", name, "m@1", status=name) for name in order)  # type: ignore[arg-type]
    best = curated(found)
    assert best is not None and best.status == "adjudicated"
    assert curated(tuple(a for a in found if a.status == "skipped")) is None


def test_curated_breaks_ties_by_the_latest_update() -> None:
    """Of two drafts the newer one is used; of equals the first by name."""
    old = Annotation("d", "b", "m@1", provenance=Provenance(updated="2026-01-01"))
    new = Annotation("d", "c", "m@1", provenance=Provenance(updated="2026-02-01"))
    twin = Annotation("d", "a", "m@1", provenance=Provenance(updated="2026-02-01"))
    assert curated((old, new)) is new
    assert curated((new, twin)) is twin


def test_work_of_which_a_pass_is_to_come_is_never_curated() -> None:
    """What the missing pass would mark seems absent: it is not taken, alone or beside a machine's draft."""
    half = Annotation("d", "anna", "s@1", "draft", Provenance("human", updated="2026", passes={"who": 1.0}))
    machine = Annotation("d", "m", "s@1", "draft", Provenance("model", "m"))
    assert curated((half,)) is None
    assert curated((half, machine)) is machine
    whole = msgspec.structs.replace(half, status="submitted")
    assert curated((whole, machine)) is whole


@given(
    st.lists(
        st.sampled_from(["a/b", "a b", "a_b", "..", ".", "a", "é", "a\\b", "_"]), min_size=2, unique=True
    )
)
def test_two_names_never_share_a_file_nor_leave_the_folder(names: list[str]) -> None:
    """Whatever a document or annotator is called, its file is its own and stays where it belongs."""
    made = [file_name(name) for name in names]
    assert len(set(made)) == len(names)
    for name in made:
        assert "/" not in name and name.strip(".")


def test_one_annotator_twice_on_a_document_is_refused() -> None:
    """A copied file would make one annotator agree with itself."""
    twin = Annotation("d", "ann", "m@1")
    with pytest.raises(GoldwireError, match="GW202"):
        join([Document("d", "t")], [twin, twin])


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path: Path) -> None:
    """Writing through a link changes what it points to."""
    (tmp_path / "real").write_text("old", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text(encoding="utf-8") == "new"
