"""Wikidata candidates: offered by name from a file, taken into the entry, never looked up."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import goldwire
from goldwire.annotate.registry.wikidata import WikidataFile, item_of
from goldwire.project import Project
from goldwire.schemas.registry_file import RegistryFile
from tests.annotate.registry.made import contents, make_zoo
from tests.cli.terminal import called

ITEMS: list[dict[str, object]] = [
    {
        "id": "Q900",
        "label": "Otto (film)",
        "aliases": ["OTTO"],
        "description": "film of 1985",
        "kind": "film",
    },
    {"id": "http://www.wikidata.org/entity/Q31", "label": "Ottó", "description": "otter of a zoo"},
    {"id": "Q7", "label": "Bella", "aliases": ["Bella the bear"], "kind": "bear"},
    {"id": "Q8", "label": "Rex"},
]


@pytest.fixture
def zoo(tmp_path: Path) -> Project:
    """The project, in which a.otto and a.bela are new."""
    return make_zoo(tmp_path / "zoo")


@pytest.fixture
def items(tmp_path: Path) -> Path:
    """The file of candidates."""
    path = tmp_path / "items.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in ITEMS), encoding="utf-8")
    return path


def entries(zoo: Project) -> dict[str, dict[str, object]]:
    """The registry's entries."""
    return RegistryFile(zoo.root / "schemas/animals.yaml").by_id


def test_items_of_the_same_name_are_offered(zoo: Project, items: Path) -> None:
    """By label or alias, whatever case and accents; a label before an alias; none for other names."""
    listed = {each.id: each for each in goldwire.review_registry(zoo, candidates=items).new}
    assert [item.id for item in listed["a.otto"].items] == ["Q31", "Q900"]
    assert [item.id for item in listed["a.bela"].items] == ["Q7"]
    assert listed["a.otto"].items[1].kind == "film"
    assert goldwire.review_registry(zoo).new[0].items == ()


def test_an_item_that_is_taken_stands_in_the_entry(zoo: Project, items: Path) -> None:
    """The new id becomes an entry with it, all else stays; a dry run writes nothing."""
    before = contents(zoo)
    goldwire.review_registry(zoo, wikidata={"a.otto": "Q31"}, candidates=items, dry_run=True)
    assert contents(zoo) == before
    done = goldwire.review_registry(zoo, wikidata={"a.otto": "Q31"}, candidates=items, by="lea")
    assert done.added == ("a.otto",)
    assert entries(zoo)["a.otto"] == {
        "id": "a.otto",
        "label": "MAMMAL",
        "name": "Otto",
        "names": ["Otto", "otter"],
        "wikidata": "Q31",
    }
    assert contents(zoo)["schemas/animals.yaml"].startswith(before["schemas/animals.yaml"])


def test_an_item_that_an_entry_has_is_said_to_be_that(zoo: Project, items: Path) -> None:
    """It is offered with the entry's id, and taken for no second one: the two ids are one thing."""
    animals = zoo.root / "schemas/animals.yaml"
    animals.write_text(
        animals.read_text(encoding="utf-8").replace("born: 2001", "wikidata: Q7"), encoding="utf-8"
    )
    [bela] = [each for each in goldwire.review_registry(zoo, candidates=items).new if each.id == "a.bela"]
    assert str(bela.items[0]) == "Q7 Bella (bear); a.bella is it already"
    before = contents(zoo)
    with pytest.raises(goldwire.AnnotateError, match=r"GW792.*`a\.bella` already.*--as a\.bela=a\.bella"):
        goldwire.review_registry(zoo, wikidata={"a.bela": "Q7"})
    with pytest.raises(goldwire.AnnotateError, match="GW792"):
        goldwire.review_registry(zoo, wikidata={"a.bela": "Q9", "a.otto": "Q9"})
    assert contents(zoo) == before


@pytest.mark.parametrize("written", ["https://www.wikidata.org/wiki/Q7", "q7", "' Q7'"])
def test_an_item_is_known_however_the_registry_writes_it(zoo: Project, items: Path, written: str) -> None:
    """Its address, a small letter, spaces: the entry bears it already (GW792)."""
    bears(zoo, written)
    [bela] = [each for each in goldwire.review_registry(zoo, candidates=items).new if each.id == "a.bela"]
    assert bela.items[0].bearer == "a.bella"
    with pytest.raises(goldwire.AnnotateError, match=r"GW792.*`a\.bella` already"):
        goldwire.review_registry(zoo, wikidata={"a.bela": "Q7"})


def test_what_is_no_item_in_the_registry_is_told(zoo: Project, items: Path) -> None:
    """The file and the entry are named: nothing could be held against it."""
    bears(zoo, "[Q7]")
    with pytest.raises(goldwire.AnnotateError, match=r"GW789.*animals\.yaml: a\.bella.*no item"):
        goldwire.review_registry(zoo, candidates=items)


def bears(zoo: Project, written: str) -> None:
    """The registry says so of a.bella's item."""
    animals = zoo.root / "schemas/animals.yaml"
    text = animals.read_text(encoding="utf-8").replace("born: 2001", f"wikidata: {written}")
    animals.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("wikidata", "known", "code"),
    [
        ({"a.otto": "31"}, {}, "GW789"),
        ({"a.otto": "Q999"}, {}, "GW789"),
        ({"a.rex": "Q8"}, {}, "GW791"),
        ({"a.bela": "Q7"}, {"a.bela": "a.bella"}, "GW791"),
    ],
)
def test_what_can_not_be_is_refused(
    zoo: Project, items: Path, wikidata: dict[str, str], known: dict[str, str], code: str
) -> None:
    """No item, one that the file lacks, an id that is not on the list, one that is settled otherwise."""
    before = contents(zoo)
    with pytest.raises(goldwire.AnnotateError, match=code):
        goldwire.review_registry(zoo, wikidata=wikidata, known=known, candidates=items)
    assert contents(zoo) == before


def test_an_id_that_is_called_like_an_item_leaves_items_alone(tmp_path: Path) -> None:
    """Renaming an id changes no `wikidata` value."""
    zoo = make_zoo(tmp_path / "zoo")
    animals = zoo.root / "schemas/animals.yaml"
    text = animals.read_text(encoding="utf-8").replace("a.bella", "Q7").replace("born: 2001", "wikidata: Q7")
    animals.write_text(text, encoding="utf-8")
    goldwire.rename_id(zoo, "Q7", "a.bear")
    assert entries(zoo)["a.bear"]["wikidata"] == "Q7"


def test_csv_says_the_same_and_faults_are_told_by_line(tmp_path: Path, items: Path) -> None:
    """Aliases are parted by a bar; a row that is none is named with its line, all of them at once."""
    table = tmp_path / "items.csv"
    rows = [
        "id;label;aliases;description;kind",
        "Q900;Otto (film);OTTO|Otto 85;film of 1985;film",
        "Q31;Ottó;;;",
    ]
    table.write_text("\ufeff" + "\n".join(rows) + "\n", encoding="utf-8")
    assert [item.id for item in WikidataFile(table, {"otto"}).of({"Otto"}, {})] == ["Q31", "Q900"]
    items.write_text(
        '{"id": "Q1"}\n[1]\n{"id": "P31", "label": "x"}\n{"id": "Q2", "label": "x"}\n', encoding="utf-8"
    )
    with pytest.raises(goldwire.GoldwireError) as raised:
        WikidataFile(items, {"x"})
    told = [(fault.code, fault.where.rpartition(":")[2]) for fault in raised.value.faults]
    assert sorted(told) == [("GW224", "2"), ("GW789", "1"), ("GW789", "3")]
    with pytest.raises(goldwire.GoldwireError, match="GW901"):
        WikidataFile(tmp_path / "none.jsonl", {"x"})


def test_a_number_of_no_item_is_refused_in_few_words(zoo: Project, items: Path) -> None:
    """One of thousands of digits is named by its line and its beginning."""
    rows = [json.dumps({"id": f"Q{'9' * 5000}", "label": name}) for name in ("Otto", "Bella")]
    items.write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(goldwire.AnnotateError, match=r"GW789.*jsonl:1: `Q9{59}…` is no item"):
        goldwire.review_registry(zoo, candidates=items)


def test_a_large_table_is_read_row_by_row(tmp_path: Path) -> None:
    """Of megabytes a fraction is held at a time; what is asked for at the end is there."""
    table = tmp_path / "items.csv"
    with table.open("w", encoding="utf-8") as out:
        out.write("id,label,description\n")
        out.writelines(f'Q{n},item {n},"{"x" * 1000}"\n' for n in range(1, 4001))
        out.write('Q31,Otto,"two\nlines"\n')
    tracemalloc.start()
    read = WikidataFile(table, {"otto"})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read.of({"Otto"}, {})[0].description == "two\nlines"
    assert peak < table.stat().st_size / 4


@given(
    st.integers(1, 10**9),
    st.sampled_from(["", "http://www.wikidata.org/entity/", "https://www.wikidata.org/wiki/"]),
)
def test_an_item_is_known_by_its_id_or_address(number: int, address: str) -> None:
    """Whichever the file writes."""
    assert item_of(f" {address}Q{number} ") == f"Q{number}"


def test_the_command_offers_and_takes(zoo: Project, items: Path, tmp_path: Path) -> None:
    """`--candidates` lists, `--wikidata` takes, JSON has all."""
    review = ("registry", "review", "--candidates", items, "--project", zoo.root)
    shown = called(*review, "--json", tmp_path / "list.json")
    assert "a.otto  Q900 Otto (film) (film, film of 1985)" in shown.stderr
    listed = json.loads((tmp_path / "list.json").read_text(encoding="utf-8"))["new"]
    assert [[item["id"] for item in each["items"]] for each in listed] == [["Q7"], ["Q31", "Q900"]]
    done = called(*review, "--wikidata", "a.otto=Q31")
    assert "added  a.otto" in done.stderr and entries(zoo)["a.otto"]["wikidata"] == "Q31"
    assert called(*review, "--wikidata", "a.otto").returncode == 2
