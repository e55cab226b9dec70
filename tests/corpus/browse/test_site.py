"""The static site: its roles, its text, its tables, its files."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpus.browse import browse
from goldwire.corpus.browse.argument_roles import frames
from goldwire.corpus.browse.csv_tables import TableFiles, frame_columns, mention_rows, rows_of
from goldwire.corpus.browse.events import gather, registry_entries
from goldwire.corpus.browse.page_data import CONTRAST, DARK, LIGHT, contrast, dumps, mark_classes, readable
from goldwire.corpus.corpus import Corpus, load_corpus
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Article, Document, Relation, Span
from goldwire.project import Project, example_root, load_project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.schema import End
from goldwire.span_drawing import lanes, paragraphs, render
from tests.corpus.mini import mini_articles, mini_schema, project

__all__ = ["project"]

ROOT = Path(__file__).parents[3]
HOSTILE = "<script>alert(1)</script>\"'&"
TEXT = "Le chef du Pentagone\u202fparle. 👩‍🍳 مرحبا\n\nDeuxième ligne & <b>fin</b>."


def politics() -> Schema:
    """The example's schema."""
    return load_schema(ROOT / "schemas/politics.yaml")


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """Any spans over TEXT: nested, crossing, equal ones, across lines."""
    found = []
    for number in range(draw(st.integers(0, 12))):
        start = draw(st.integers(0, len(TEXT) - 1))
        end = draw(st.integers(start + 1, len(TEXT)))
        found.append(
            Span(f"s{number}", "thing", draw(st.sampled_from(["FOOD", "A", "LONGLABEL"])), start, end)
        )
    return found


def plain(rendered: str) -> list[str]:
    """The lines of rendered text without labels and tags."""
    bare = re.sub(r'<span class="lab">.*?</span>', "", rendered)
    return [
        html.unescape(re.sub(r"<[^>]*>", "", line)) for line in re.findall(r"<p[^>]*>(.*?)</p>", bare, re.S)
    ]


@given(spans())
def test_rendered_text_is_the_text(marked: list[Span]) -> None:
    """However spans nest and cross, the page holds each line of the text, whole and once."""
    rendered = render(TEXT, marked, {}, "r-")
    assert plain(rendered) == [TEXT[start:end] for start, end in paragraphs(TEXT)]
    assert rendered.count("<mark") == rendered.count("</mark>")


@given(spans())
def test_every_span_is_marked_where_it_stands(marked: list[Span]) -> None:
    """The pieces of a span's marks put together are its words, line ends apart, and one piece has its id."""
    rendered = render(TEXT, marked, {}, "r-")
    for span in marked:
        pieces = []
        for at in re.finditer(rf'<mark [^>]*data-s="{span.id}"[^>]*>', rendered):
            depth, place = 1, at.end()
            while depth:
                tag = re.compile(r"</?mark[^>]*>").search(rendered, place)
                assert tag is not None
                depth += -1 if tag.group().startswith("</") else 1
                place = tag.end()
            inner = re.sub(r'<span class="lab">.*?</span>', "", rendered[at.end() : place])
            pieces.append(html.unescape(re.sub(r"<[^>]*>", "", inner)))
        shown = "".join(pieces).replace("\n", "")
        assert shown == TEXT[span.start : span.end].replace("\n", "")
        assert rendered.count(f'id="r-{span.id}"') == (1 if shown else 0)


@given(spans())
def test_lines_of_overlapping_spans_never_meet(marked: list[Span]) -> None:
    """Spans that overlap have lanes of their own, and a span lies below all that it contains."""
    found = lanes(marked)
    for first in marked:
        for second in marked:
            if first.id == second.id:
                continue
            if first.start < second.end and second.start < first.end:
                assert found[first.id] != found[second.id]
            inside = first.start <= second.start and second.end <= first.end
            if inside and (second.end - second.start) < (first.end - first.start):
                assert found[first.id] > found[second.id]


def test_roles_follow_from_the_example_schema() -> None:
    """Actor, recipient, place and date of events, holder and target of stances are read off the relations."""
    event, stance = frames(politics())
    assert dict(event.named()) == {
        "source": "actor",
        "target": "recipient",
        "place": "location",
        "date": "date",
    }
    assert (event.identity, event.dated) == ("event_id", True)
    assert dict(stance.named()) == {"source": "holder", "target": "target"}
    assert not stance.dated


def test_roles_follow_from_any_schema() -> None:
    """A schema of recipes has a frame too; with neither date nor id it stands on the timeline."""
    (step,) = frames(mini_schema())
    assert dict(step.named()) == {"source": "object", "target": "with"}
    assert step.dated


def test_settings_win_over_what_the_schema_suggests() -> None:
    """`[browse]` names roles and timeline; a relation that it takes is no other role's."""
    settings = {"roles": {"step": {"source": "with", "target": "object"}}, "timeline": []}
    (step,) = frames(mini_schema(), settings)
    assert dict(step.named()) == {"source": "with", "target": "object"}
    assert not step.dated


@pytest.mark.parametrize(
    "settings",
    [
        {"roles": {"nothing": {}}},
        {"roles": {"step": {"who": "object"}}},
        {"roles": {"step": {"source": "nothing"}}},
        {"roles": {"step": "object"}},
        {"timeline": ["thing"]},
        {"timeline": "step"},
    ],
)
def test_settings_that_name_nothing_are_refused(settings: dict[str, object]) -> None:
    """A layer, role or relation that the schema lacks is told with its name (GW214)."""
    with pytest.raises(GoldwireError, match="GW214"):
        frames(mini_schema(), settings, where="goldwire.toml")


@given(st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True), st.sampled_from([LIGHT, DARK]))
def test_label_colours_can_be_read(color: str, ground: str) -> None:
    """Any colour of a schema is brought to the contrast of small text, on light ground and dark."""
    assert contrast(readable(color, ground), ground) >= CONTRAST


def csv_bytes(columns: list[str], rows: list[list[str]]) -> bytes:
    """A table as the bytes of its CSV file."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        with TableFiles("t", columns, place / "t.csv", place / "t.js") as table:
            table.add(rows)
        return (place / "t.csv").read_bytes()


def read(data: bytes) -> list[list[str]]:
    """A CSV file as researchers read it."""
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=2, max_size=2)
    )
)
def test_tables_come_back_as_they_were(rows: list[list[str]]) -> None:
    """Quotes, commas and line ends survive; only what a spreadsheet would run has an apostrophe before it."""
    back = read(csv_bytes(["a", "b"], rows))[1:]
    assert len(back) == len(rows)
    for before, after in zip(rows, back, strict=True):
        for one, other in zip(before, after, strict=True):
            assert other in (one, f"'{one}")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1"])
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever a spreadsheet takes for a formula begins with an apostrophe."""
    assert read(csv_bytes(["a"], [[text]]))[1] == [f"'{text}"]


def test_the_page_looks_at_the_first_rows_of_a_long_table(tmp_path: Path) -> None:
    """The CSV file holds all rows; the script the first ones, and how many there are."""
    with TableFiles("t", ["a"], tmp_path / "t.csv", tmp_path / "t.js", looked_at=2) as table:
        table.add([["1"], ["2"]])
        table.add([["3"]])
    assert (tmp_path / "t.csv").read_text("utf-8-sig").split() == ["a", "1", "2", "3"]
    script = (tmp_path / "t.js").read_text("utf-8")
    assert script.endswith('= {"columns":["a"],"rows":[["1"],["2"]],"all":3};\n')


def test_a_table_starts_with_a_byte_order_mark_and_ends_lines_as_rfc_4180_says() -> None:
    """Spreadsheets read accents rightly, and every record ends in CR LF."""
    assert csv_bytes(["é"], [["à"]]) == b"\xef\xbb\xbf\xc3\xa9\r\n\xc3\xa0\r\n"


def test_events_become_rows_of_who_did_what_to_whom_when_and_where() -> None:
    """One row for each actor and recipient, with the ids and names that the registry gives."""
    text = "Ada a salué Bob et Cléo à Rome lundi."
    words = {
        "a": ("entity", "PER", "Ada", {"entity_id": "per.donald-trump"}),
        "b": ("entity", "PER", "Bob", {}),
        "c": ("entity", "PER", "Cléo", {}),
        "r": ("entity", "LOC", "Rome", {}),
        "d": ("entity", "DATE", "lundi", {"value": "2024-01-01"}),
        "e": ("event", "CONSULT", "salué", {"event_id": "x"}),
    }
    marked = tuple(
        Span(name, layer, label, text.index(word), text.index(word) + len(word), dict(attributes))
        for name, (layer, label, word, attributes) in words.items()
    )
    arrows = [("actor", "a"), ("recipient", "b"), ("recipient", "c"), ("location", "r"), ("date", "d")]
    relations = tuple(Relation(label, "e", tail) for label, tail in arrows)
    article = Article(
        Document("doc", text), (Annotation("doc", "anna", "politics@1.0", spans=marked, relations=relations),)
    )
    schema = politics()
    event = frames(schema)[0]
    facts = gather([article], schema, [event], registry_entries(schema, ROOT / "schemas"))
    columns = frame_columns(schema, event)
    rows = [
        dict(zip(columns, row, strict=True))
        for row in rows_of(article, facts.rows(0, article), schema, event, facts)
    ]
    assert [(row["actor"], row["recipient"]) for row in rows] == [
        ("Donald Trump", "Bob"),
        ("Donald Trump", "Cléo"),
    ]
    assert {row["actor_id"] for row in rows} == {"per.donald-trump"}
    assert {(row["text"], row["label"], row["location"], row["date"], row["date_value"]) for row in rows} == {
        ("salué", "CONSULT", "Rome", "lundi", "2024-01-01")
    }


def corpus_of(project: Project, articles: Sequence[Article], schema: Schema | None = None) -> Corpus:
    """A corpus that was never stored."""
    return Corpus(project, schema or mini_schema(), {}, list(articles))


def test_the_example_becomes_a_site_that_says_what_it_is(tmp_path: Path) -> None:
    """Every article has its page, every page says that the readings are drafts and the texts not free."""
    corpus = load_corpus(load_project(example_root()))
    site = browse(corpus, tmp_path / "site")
    pages = sorted(site.folder.rglob("*.html"))
    assert len(pages) == len(corpus.articles) + 5
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert ">draft</strong>" in text and "local use" in text, page
    assert site.local and site.draft
    with (site.folder / "tables/event.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert sum(1 for _ in csv.DictReader(stream)) == site.files["event"]
    assert site.files["mentions"] == sum(len(a.spans) for one in corpus.articles for a in one.annotations)


def test_no_file_of_the_site_names_a_host(tmp_path: Path, project: Project) -> None:
    """Pages, styles and our own scripts hold no address to load from."""
    site = browse(load_corpus(project), tmp_path / "site")
    for path in site.folder.rglob("*"):
        if path.suffix in (".html", ".js", ".css") and "echarts" not in path.parts:
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"""(?:https?:)?//[a-z0-9-]+\.[a-z]""", text), path
    assert {"LICENSE.txt", "NOTICE.txt", "echarts.min.js"} <= {
        path.name for path in (site.folder / "assets/echarts").iterdir()
    }


def test_hostile_texts_stay_texts(tmp_path: Path, project: Project) -> None:
    """Titles, labels, ids, attributes, annotators and wordings that look like HTML are shown, never run."""
    span = Span("a" + HOSTILE, "thing", HOSTILE, 0, 6, {"note": HOSTILE, HOSTILE: HOSTILE})
    other = Span("b", HOSTILE, "X", 7, 12)
    step = Span("c", "step", "CUT", 13, 20)
    relation = Relation("object", "c", span.id)
    document = Document(
        "x" + HOSTILE, HOSTILE * 3, {"title": HOSTILE, "source": HOSTILE, "published": HOSTILE}
    )
    annotation = Annotation(
        document.id, HOSTILE, "mini@0.1", spans=(span, other, step), relations=(relation,)
    )
    site = browse(corpus_of(project, [Article(document, (annotation,))]), tmp_path / "site")
    for path in site.folder.rglob("*"):
        if path.suffix in (".html", ".js") and "echarts" not in path.parts:
            text = path.read_text(encoding="utf-8")
            assert "<script>alert" not in text, path
            assert not re.search(r"\son[a-z]+=", text) or path.suffix == ".js", path


@given(st.text())
def test_data_in_a_page_never_ends_its_script(text: str) -> None:
    """JSON inside a page holds no `<`, and says the same."""
    written = dumps({"x": text})
    assert "<" not in written and ">" not in written
    assert msgspec.json.decode(written.encode("utf-8", "surrogatepass")) == {"x": text}


def test_the_same_corpus_gives_the_same_site(tmp_path: Path, project: Project) -> None:
    """No file differs between two runs."""
    corpus = load_corpus(project)
    first, second = browse(corpus, tmp_path / "a").folder, browse(corpus, tmp_path / "b").folder
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    assert all((first / path).read_bytes() == (second / path).read_bytes() for path in files)


def test_a_site_is_replaced_and_anything_else_refused(tmp_path: Path, project: Project) -> None:
    """Pages of an older site go, other files in its folder stay; a folder that is no site stays (GW215)."""
    corpus = load_corpus(project)
    out = tmp_path / "site"
    browse(corpus, out)
    (out / "thesis.txt").write_text("mine")
    browse(corpus_of(project, corpus.articles[:1], corpus.schema), out)
    assert len(list((out / "articles").iterdir())) == 1
    assert (out / "thesis.txt").read_text() == "mine"
    other = tmp_path / "other"
    other.mkdir()
    for name, text in (("thesis.txt", "mine"), ("goldwire-site.json", "{}")):
        (other / name).write_text(text)
        with pytest.raises(GoldwireError, match="GW215"):
            browse(corpus, other)
        assert (other / name).read_text() == text
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_schema_without_relations_has_no_graph(tmp_path: Path, project: Project) -> None:
    """Where no relation leads anywhere, neither timeline nor graph nor the library is written."""
    bare = msgspec.structs.replace(mini_schema(), relations={}, checks=[])
    articles = [
        msgspec.structs.replace(
            one, annotations=tuple(msgspec.structs.replace(a, relations=()) for a in one.annotations)
        )
        for one in mini_articles()
    ]
    site = browse(corpus_of(project, articles, bare), tmp_path / "site")
    names = {path.name for path in site.folder.glob("*.html")}
    assert names == {"index.html", "tables.html", "labels.html"}
    assert not (site.folder / "assets/echarts").exists()


def test_relations_inside_a_layer_are_arrows_of_the_graph(tmp_path: Path, project: Project) -> None:
    """A relation between spans of one layer needs no frame: head and tail are its ends."""
    schema = mini_schema()
    direct = msgspec.structs.replace(schema.relations["object"], head=[End("thing")], tail=[End("thing")])
    schema = msgspec.structs.replace(schema, relations={**schema.relations, "near": direct})
    document = Document("d", "pain beurre")
    spans_ = (Span("a", "thing", "FOOD", 0, 4), Span("b", "thing", "FOOD", 5, 11))
    annotation = Annotation("d", "anna", schema.id, spans=spans_, relations=(Relation("near", "a", "b"),))
    article = Article(document, (annotation,))
    found = gather([article], schema, frames(schema), {})
    assert [
        (found.nodes[link.head].name, link.label, found.nodes[link.tail].name)
        for link in found.links(0, article)
    ] == [("pain", "near", "beurre")]
    site = browse(corpus_of(project, [article], schema), tmp_path / "site")
    assert "near" in (site.folder / "graph.html").read_text(encoding="utf-8")


def test_skipped_and_unread_articles_have_pages(tmp_path: Path, project: Project) -> None:
    """An article that nobody annotated shows its text; a skipped reading is named, not shown."""
    articles = [
        Article(Document("bare", "Rien.")),
        Article(Document("skipped", "Passé."), (Annotation("skipped", "anna", "mini@0.1", "skipped"),)),
    ]
    site = browse(corpus_of(project, articles), tmp_path / "site")
    assert "Rien." in (site.folder / "articles/bare.html").read_text(encoding="utf-8")
    page = (site.folder / "articles/skipped.html").read_text(encoding="utf-8")
    assert "skipped by anna" in page and "Passé." in page


def test_mentions_hold_every_span_of_every_reading() -> None:
    """The table of mentions loses nothing: as many rows as spans, each with its words."""
    articles = mini_articles()
    rows = [row for article in articles for row in mention_rows(article, mini_schema())]
    assert len(rows) == sum(len(a.spans) for one in articles for a in one.annotations)
    texts = {one.document.id: one.document.text for one in articles}
    assert all(texts[str(row[0])][int(row[7]) : int(row[8])] == row[9] for row in rows)  # type: ignore[arg-type]


def test_each_label_has_a_class_of_its_own() -> None:
    """Two labels never share a colour's class, whatever their layers."""
    found = [value.split()[0] for value in mark_classes(politics()).values()]
    assert len(found) == len(set(found))
