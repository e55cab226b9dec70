"""The event table of a project or an archive: who, what, whom, when, and which reports are of one event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

import goldwire
from goldwire.annotations.line import dumps
from goldwire.cli.corpus import command
from goldwire.corpus.events.stories import StoryCounter
from goldwire.model import Annotation, Article, Document, Provenance, Relation, Span
from goldwire.project import Project, load_project
from tests.fleet import FLEET


def rows(path: Path) -> list[dict[str, Any]]:
    """The table's rows."""
    import pyarrow.parquet as pq

    return list(pq.read_table(path).to_pylist())


def report(
    name: str, published: str = "", *, ship: str = "Orca", paper: str = "Post", known: str = ""
) -> Article:
    """An article in which a model read of a fire on a ship, as a paper says."""
    text = f"Fire on the {ship}, says the Post."
    attributes: dict[str, Any] = {"ship": known} if known else {}
    start, end = text.index(ship), text.index("Post")
    spans = (
        Span("s1", "accident", "FIRE", 0, 4, {"dead": ">3"}, score=0.875),
        Span("s2", "body", "SHIP", start, start + len(ship), attributes, score=0.5),
        Span("s3", "body", "PAPER", end, end + 4, score=0.75),
    )
    relations = (Relation("victim", "s1", "s2"), Relation("source", "s1", "s3"))
    made = Provenance("model", name="m", version="7")
    annotation = Annotation(name, "m", "fleet@1.0", "draft", made, spans, relations)
    meta = {"published": published, "source": "Harbour News"} if published else {}
    return Article(Document(name, text, meta), (annotation,))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project about ships, with one article of its own in which nothing happens."""
    folder = tmp_path / "fleet"
    (folder / "schemas").mkdir(parents=True)
    for file in (FLEET / "schemas").iterdir():
        text = file.read_text(encoding="utf-8").replace("name: Orca", "name: Orca, names: [Orca]")
        text = text.replace("registry: ships}", "registry: ships, same_family: true}")
        (folder / "schemas" / file.name).write_text(text, encoding="utf-8")
    toml = '[project]\nname = "fleet"\nlanguage = "en"\nschema = "schemas/fleet.yaml"\n'
    (folder / "goldwire.toml").write_text(toml, encoding="utf-8")
    (folder / "seeds").mkdir()
    (folder / "seeds/harbour.txt").write_text("All is quiet.\n", encoding="utf-8")
    (folder / "seeds/articles.jsonl").write_text(
        '{"id": "harbour", "file": "harbour.txt"}\n', encoding="utf-8"
    )
    return load_project(folder)


def archive(folder: Path, *shards: list[Article]) -> Path:
    """An archive with these shards."""
    folder.mkdir()
    for number, articles in enumerate(shards):
        (folder / f"part-{number}.jsonl").write_bytes(b"".join(dumps(a) + b"\n" for a in articles))
    return folder


def test_a_row_says_who_what_whom_and_when(project: Project, tmp_path: Path) -> None:
    """Ends with id, label and what the registry knows; the least confidence; where the date is from."""
    source = archive(tmp_path / "a", [report("x", "2024-05-01", known="ship.orca"), report("y")])
    goldwire.write_events(tmp_path / "e.parquet", [source], project)
    first, second = rows(tmp_path / "e.parquet")
    assert first["document"] == "x" and first["trigger"] == "Fire" and first["label"] == "FIRE"
    assert (first["victim_id"], first["victim_label"], first["victim_flag"]) == ("ship.orca", "SHIP", "NOR")
    assert first["source"] == "Post" and first["dead"] == ">3"
    assert (first["event_date"], first["date_basis"]) == ("2024-05-01", "published")
    assert first["confidence"] == 0.5 and (first["annotator"], first["version"]) == ("m", "7")
    assert first["outlet"] == "Harbour News"
    assert (second["victim"], second["victim_id"], second["event_date"]) == ("Orca", None, None)


def test_reports_of_one_event_are_a_story(project: Project, tmp_path: Path) -> None:
    """Same label, ends and day: one event in two articles; all rows stay, one is the first."""
    later, first = report("later", "2024-05-01T20:00:00"), report("first", "1 May 2024 08:00:00 GMT")
    others = [report("ship", "2024-05-01", ship="Argo"), report("day", "2024-05-02"), report("undated")]
    source = archive(tmp_path / "a", [later, *others], [first, report("undated too")])
    counts = goldwire.write_events(tmp_path / "e.parquet", [source], project)
    found = {row["document"]: row for row in rows(tmp_path / "e.parquet")}
    assert counts.rows == len(found) == 6 and counts.events == 5
    assert found["later"]["story"] == found["first"]["story"]
    assert (found["later"]["reports"], found["later"]["is_first"]) == (2, True)
    assert (found["first"]["reports"], found["first"]["is_first"]) == (2, False)
    assert all(found[name]["reports"] == 1 and found[name]["is_first"] for name in ("ship", "day", "undated"))


def test_what_is_no_day_makes_no_story(project: Project, tmp_path: Path) -> None:
    """Articles of one year or month, or of a date that can't be read, are no reports of one event, nor are
    those of different articles that have one id; what is a date stands as ISO 8601 has it."""
    dates = ["2024", "2024", "2024-05", "2024-05", "05/04/2024", "05/04/2024", "31.5.2024", "20240601"]
    shard = [report(f"d{n}", day) for n, day in enumerate(dates)]
    others = [report("same", ship="Orca"), report("same", ship="Argo")]
    source = archive(tmp_path / "a", [*shard, others[0]], [others[1]])
    counts = goldwire.write_events(tmp_path / "e.parquet", [source], project)
    table = rows(tmp_path / "e.parquet")
    assert counts.events == counts.rows == 10 and {row["reports"] for row in table} == {1}
    told = ["2024", "2024", "2024-05", "2024-05", None, None, "2024-05-31", "2024-06-01", None, None]
    assert [row["event_date"] for row in table] == told
    assert [row["date_basis"] for row in table] == ["published" if day else None for day in told]
    assert [row["published"] for row in table[4:7]] == dates[4:7]


def test_annotations_of_another_schema_are_counted(project: Project, tmp_path: Path) -> None:
    """What has no row since another project's model found it is told."""
    other = report("y", "2024-05-01")
    [annotation] = other.annotations
    other = Article(other.document, (structs.replace(annotation, schema="kitchen@2.0"),))
    source = archive(tmp_path / "a", [report("x", "2024-05-01"), other])
    out = tmp_path / "e.parquet"
    done = CliRunner().invoke(command, ["events", str(source), str(out), "--project", str(project.root)])
    assert "note: of another schema than the project's: the annotations of 1\n" in done.stderr


def test_a_table_in_the_archives_folder_is_no_part_of_it(project: Project, tmp_path: Path) -> None:
    """It can be written again."""
    source = archive(tmp_path / "a", [report("x", "2024-05-01")])
    counts = [goldwire.write_events(source / "e.parquet", [source], project) for _ in range(2)]
    assert counts[0] == counts[1]
    assert counts[0].articles == 1


def test_what_is_no_article_is_put_aside(project: Project, tmp_path: Path) -> None:
    """A broken line is counted and kept, an article without annotation is counted, the others are read."""
    source = archive(tmp_path / "a", [report("x", "2024-05-01"), Article(Document("bare", "No accident."))])
    with (source / "part-0.jsonl").open("ab") as stream:
        stream.write(b'{"id": "broken"}\n')
    out = tmp_path / "e.parquet"
    arguments = [
        "events",
        str(source),
        str(out),
        "--project",
        str(project.root),
        "--json",
        str(tmp_path / "j"),
    ]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    counts = json.loads((tmp_path / "j").read_text(encoding="utf-8"))
    assert (counts["articles"], counts["unmarked"], counts["rows"], counts["refused"]) == (2, 1, 1, 1)
    kept = (tmp_path / "e.parquet.quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(kept) == 1 and "broken" in kept[0]


def test_ids_are_filled_in_where_they_are_sure(project: Project, tmp_path: Path) -> None:
    """A mention by a name that one thing alone has gets its id, and so its flag; it is counted."""
    source = archive(tmp_path / "a", [report("x", "2024-05-01"), report("y", "2024-05-01", ship="Nobody")])
    counts = goldwire.write_events(tmp_path / "e.parquet", [source], project, ids=True)
    known, unknown = rows(tmp_path / "e.parquet")
    assert counts.filled == 1
    assert (known["victim_id"], known["victim_flag"], unknown["victim_id"]) == ("ship.orca", "NOR", None)


def test_a_layer_that_is_none_of_events_is_refused(project: Project, tmp_path: Path) -> None:
    """Nothing is written then."""
    with pytest.raises(goldwire.GoldwireError, match="GW953"):
        goldwire.write_events(tmp_path / "e.parquet", project=project, layer="body")
    assert not (tmp_path / "e.parquet").exists()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_each_story_has_one_first_report(told: list[tuple[int, int, int]]) -> None:
    """Reports are its different documents; the first is of the earliest day, then the one read first."""
    counter = StoryCounter()
    for code, day, document in told:
        counter.add(code, day, document)
    stories = counter.done()
    for place, (code, day, _) in enumerate(told):
        same = [other for other in told if other[0] == code]
        assert stories.reports[place] == len({document for _, _, document in same})
        earlier = [n for n, (c, d, _) in enumerate(told) if c == code and (d, n) < (day, place)]
        assert bool(stories.is_first[place]) == (not earlier)
    assert stories.events == len({code for code, _, _ in told})
