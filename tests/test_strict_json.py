"""Input is read or refused by name: keys that stand twice, endless nesting, misplaced files, long names."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from goldwire import strict_json
from goldwire.annotations.store import (
    annotation_path,
    load_annotation,
    read_annotations,
    write_annotation,
)
from goldwire.corpus.publish.without_text import read_without_texts
from goldwire.corpus.split.io import read_split
from goldwire.errors import GoldwireError
from goldwire.files import file_name, file_names, sha256, sha256_of, write_json, write_text
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.model import Annotation
from goldwire.project import Project, load_project
from goldwire.seeds import load_seeds, read_documents

MINI = Path(__file__).parents[0] / "data/mini"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def mini(folder: Path) -> Project:
    """The second project, copied."""
    shutil.copytree(MINI, folder / "mini")
    return load_project(folder / "mini")


@given(VALUES, st.text(max_size=5), VALUES, st.booleans(), st.booleans())
def test_what_was_decoded_holds_all_of_a_text_only_where_no_key_stood_twice(
    value: Any, key: str, other: Any, spaced: bool, escaped: bool
) -> None:
    """However keys, colons and blanks are written."""
    dumped, second = (
        json.dumps(each, ensure_ascii=False, separators=(",", " : " if spaced else ":"))
        for each in (value, other)
    )
    name = json.dumps(key, ensure_ascii=False)
    once = f'{{"a":{{{name}:{dumped}}}}}'
    twice = f'{{"a":{{{name}:{dumped}, {name} :{second}}}}}'
    if escaped:
        twice = twice.replace(name, name.replace(":", "\\u003a"))
    if not set(key + dumped) & set("[]{}"):  # brackets in texts count as levels
        assert strict_json.holds_all(once.encode(), msgspec.json.decode(once))
    assert not strict_json.holds_all(twice.encode(), msgspec.json.decode(twice))


@given(
    st.sampled_from(["status", "annotator", "spans", "note", "kind", "end"]),
    st.sampled_from(["", "said", "drafted"]),
)
def test_a_stored_annotation_has_each_key_once(key: str, made: str) -> None:
    """Wherever it stands twice, and whatever the annotation leaves to defaults."""
    span = {"id": "1", "layer": "thing", "label": "FOOD", "start": 0, "end": 4, "attributes": {"note": "a:b"}}
    record: dict[str, Any] = {
        "document": "d",
        "annotator": "a",
        "schema": "s@1",
        "status": "submitted",
        "spans": [span],
    }
    if made:
        told: dict[str, Any] = {"drafting": {}} if made == "drafted" else {}
        record["provenance"] = {"kind": "human", "name": "a", **told}
    text = json.dumps(record)
    assert load_annotation(text.encode()).spans[0].attributes == {"note": "a:b"}
    start = text.find(f'"{key}": ')
    if start >= 0:
        _, end = strict_json.prefix(text, start + len(key) + 4)
        doubled = f"{text[:start]}{text[start:end]}, {text[start:]}"
        with pytest.raises(msgspec.DecodeError, match="stands twice"):
            load_annotation(doubled.encode())


@given(VALUES, st.text(max_size=5), VALUES, st.integers(0, 3), st.booleans())
def test_a_key_twice_is_found_wherever_it_stands(
    value: Any, key: str, other: Any, depth: int, spaced: bool
) -> None:
    """At any depth, however keys are spelled and parted; the same text without it is read as ever."""
    separators = (", ", " : ") if spaced else (",", ":")
    dumped = json.dumps(value, separators=separators, ensure_ascii=spaced)
    name, second = json.dumps(key), json.dumps(other, separators=separators)
    for twice, members in ((False, f"{name}:{dumped}"), (True, f"{name}:{dumped},\n{name} :{second}")):
        text = "[" * depth + '{"":{' + members + "}}" + "]" * depth
        if not twice:
            assert strict_json.loads(text) == json.loads(text)
            strict_json.check_strict(text.encode())
            continue
        for read in (strict_json.loads, strict_json.check_strict):
            with pytest.raises(strict_json.NotStrict) as caught:
                read(text.encode())
            message, path = strict_json.error_in_words(caught.value)
            assert message == f"key `{key}` stands twice (lines 1 and 2)"
            assert path == "$" + "[0]" * depth + "."


ANNOTATION = {"document": "soupe", "annotator": "anna", "schema": "mini@0.1", "spans": []}
LINE = {"id": "soupe", "text": "Une soupe.", "meta": {"a": {}}, "annotations": []}
TASK = {"id": 1, "data": {"text": "Une soupe."}, "annotations": []}
SPLIT = {"kind": "random", "sides": {"train": ["soupe"]}}
WITHOUT_TEXTS = {"id": "soupe", "text_sha256": "0", "length": 1, "meta": {"a": {}}}


def read_one(kind: str, text: str, folder: Path) -> tuple[str, object]:
    """A text given to one of the readers: its file's name, and what is read."""
    project = mini(folder)
    if kind == "store":
        write_text(project.annotations / "anna/soupe.json", text)
        return "anna/soupe.json", read_annotations(project)
    if kind == "seeds":
        write_text(project.seeds / "articles.jsonl", text)
        return "articles.jsonl:", load_seeds(project)
    path = folder / "given.jsonl"
    write_text(path, f"[{text}]" if kind == "labelstudio" else text)
    if kind.partition(" ")[0] in FORMATS:
        return path.name, FORMATS[kind.partition(" ")[0]].read(path, ConversionOptions())
    return path.name, read_split(path) if kind == "split" else read_without_texts(path)


READERS: dict[str, dict[str, Any]] = {"store": ANNOTATION, "seeds": LINE, "jsonl": LINE}
READERS |= {"labelstudio": TASK, "labelstudio alone": TASK, "split": SPLIT, "without-texts": WITHOUT_TEXTS}


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_refuses_a_key_twice_and_names_it_and_the_file(kind: str, tmp_path: Path) -> None:
    """Each key of the record in turn."""
    for number, key in enumerate(READERS[kind]):
        text = json.dumps(READERS[kind])[:-1] + f", {json.dumps(key)}: {json.dumps(READERS[kind][key])}}}"
        folder = tmp_path / str(number)
        with pytest.raises(GoldwireError) as caught:
            read_one(kind, text, folder)
        said = str(caught.value)
        assert f"`{key}` stands twice" in said
        assert {"store": "anna/soupe.json", "seeds": "articles.jsonl:1"}.get(kind, "given") in said


@pytest.mark.parametrize("levels", [101, 700, 100_000])
@pytest.mark.parametrize("kind", READERS)
def test_every_reader_refuses_what_is_nested_too_deep(kind: str, levels: int, tmp_path: Path) -> None:
    """With one plain error, whether the depth is closed or not."""
    for number, inner in enumerate(("[" * levels + "]" * levels, '{"a":' * levels + "1" + "}" * levels)):
        text = json.dumps({**READERS[kind], "meta": {"x": "HERE"}, "data": {"text": "a", "x": "HERE"}})
        with pytest.raises(GoldwireError):
            read_one(kind, text.replace('"HERE"', inner), tmp_path / str(number))


PARTS = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=9).filter(
    lambda part: part.strip(".")
)
SUFFIXES = st.sampled_from([".json", ".JSON", ".Json", " (1).json", ".json.orig", ".json~", ".txt", ""])


@settings(deadline=None)
@given(st.lists(PARTS, max_size=3), PARTS, SUFFIXES, st.booleans())
@example([], ".bob", ".JSON", True)
@example([".dan"], ".soupe", ".Json", False)
def test_what_lies_in_the_store_is_read_or_named(
    folders: list[str], name: str, suffix: str, sound: bool
) -> None:
    """Whatever it is called and wherever it lies; only hidden files that are no JSON may be there unread."""
    with tempfile.TemporaryDirectory() as folder:
        project = mini(Path(folder))
        write_annotation(project, Annotation("soupe", "anna", "mini@0.1"))
        path = project.annotations.joinpath(*folders, name + suffix)
        if path.exists():
            return
        text = msgspec.json.encode(Annotation("soupe", "bruno", "mini@0.1")).decode()
        write_text(path, text if sound else "no annotation")
        hidden = path.name.startswith(".") and not path.name.lower().endswith(".json")
        try:
            assert len(read_annotations(project)) == (1 if hidden else 2)
            assert hidden or path == annotation_path(project, Annotation("soupe", "bruno", "mini@0.1"))
        except GoldwireError as error:
            assert [str(path.relative_to(project.root)) == fault.where for fault in error.faults] == [True]
            assert not sound or "bruno/soupe.json" in error.faults[0].hint


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("kind", ["seeds", "labelstudio", "labelstudio alone", "doccano"])
def test_a_number_that_no_json_holds_is_refused(kind: str, number: str, tmp_path: Path) -> None:
    """Python reads it, and would write null in its place; the same in quotes is a text as any other."""
    record = READERS.get(kind, LINE) | {"meta": {"x": "HERE"}, "data": {"text": "a", "x": "HERE"}}
    text = json.dumps(record | ({"data": {}, "label": []} if kind == "doccano" else {}))
    read_one(kind, text, tmp_path / "sound")
    with pytest.raises(GoldwireError, match=f"{number} is no number in JSON"):
        read_one(kind, text.replace('"HERE"', number), tmp_path / "odd")


@pytest.mark.parametrize(("name", "code"), [("seeds", "GW225"), ("csv", "GW621"), ("labelstudio", "GW266")])
def test_a_column_twice_is_refused_and_named(name: str, code: str, tmp_path: Path) -> None:
    """Of two columns of one name every reader of tables would keep the last; unnamed ones may be many."""
    path = tmp_path / "given.csv"

    def read_table(header: str) -> object:
        path.write_text(f"{header}\na,Une soupe.,1,2,FOOD,\n", encoding="utf-8")
        if name == "seeds":
            return read_documents(path)
        return FORMATS[name].read(path, ConversionOptions())

    read_table("id,text,start,end,label,")
    with pytest.raises(GoldwireError, match=rf"{code} .*given.csv.*: column `text` stands twice"):
        read_table("id,text,start,end,label,text")


def test_a_linked_folder_of_the_store_is_read(tmp_path: Path) -> None:
    """A link that leads back into the store ends nowhere."""
    project = mini(tmp_path)
    write_annotation(project, Annotation("soupe", "anna", "mini@0.1"))
    project.annotations.joinpath("anna").rename(tmp_path / "elsewhere")
    project.annotations.joinpath("anna").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "again").symlink_to(project.annotations)
    assert [a.annotator for a in read_annotations(project)] == ["anna"]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1), st.integers(1, 300))
def test_a_name_of_any_length_makes_a_files_name_of_its_own(text: str, times: int) -> None:
    """It fits the file system with the longest suffix; a longer text has another name."""
    long, longer = text * times, text * times + "x"
    with tempfile.TemporaryDirectory() as folder:
        for name in (long, longer):
            write_text(Path(folder) / f"{file_name(name)}.own.yaml", name)
        assert len(list(Path(folder).iterdir())) == 2


def test_names_that_were_given_before_stay() -> None:
    """Stores that exist are found again: what had a sound name of a length that could be written keeps it."""
    for name in ("soupe", "é" * 110, "a" * 229, "politics@1.0", "Soupe"):
        assert file_name(name) == name
    assert file_name("a b") == "a_b-c8687a08"


def test_names_that_differ_in_case_alone_are_told_apart() -> None:
    """On some systems they are one file."""
    names = file_names(["Soupe", "soupe", "SOUPE", "pommes"])
    assert len({name.casefold() for name in names.values()}) == 4
    assert names["pommes"] == "pommes"


@given(VALUES)
def test_json_in_pieces_is_the_json_of_all(value: Any) -> None:
    """Indented by one, letters as they are, with a line end; and the hash of a file is that of its bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "value.json"
        write_json(path, value)
        assert path.read_text(encoding="utf-8") == json.dumps(value, ensure_ascii=False, indent=1) + "\n"
        assert sha256_of(path) == sha256(path.read_bytes())
        with pytest.raises(GoldwireError, match="GW901"):
            sha256_of(Path(folder) / "none")
