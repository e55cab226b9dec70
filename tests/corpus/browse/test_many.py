"""What the site of a large corpus leaves out of its pages, and how its search is cut into files."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpus.browse.argument_roles import frames
from goldwire.corpus.browse.article_list import page_links
from goldwire.corpus.browse.events import gather
from goldwire.corpus.browse.frame_files import Drawn, FrameFiles
from goldwire.corpus.browse.word_index import WordIndex, words_of
from goldwire.model import Annotation, Article, Document, Relation, Span
from tests.corpus.mini import mini_schema

LETTERS = st.text("aeéÈbß' -_9Σ北京市ไทย\U0001f468\U00020000\uffee", max_size=12)


def value(path: Path) -> Any:
    """What a script of a site sets."""
    return json.loads(path.read_text("utf-8").partition(" = ")[2].rpartition(";")[0].partition(" = ")[2])


def values(path: Path) -> Any:
    """What a script of a site sets, of several under one name."""
    text = path.read_text("utf-8")
    return json.loads(text[text.index("] = ") + 4 : text.rindex(";")])


@given(st.lists(LETTERS, max_size=6), st.integers(1, 8), st.integers(1, 60))
def test_the_files_say_where_each_word_stands(texts: list[str], held: int, size: int) -> None:
    """However often words were put aside, and however short the files: each word once, in order, with all
    its articles; and the first word of each file is told."""
    expected: dict[str, list[int]] = {}
    index = WordIndex(held=held, size=size)
    for number, text in enumerate(texts):
        index.add(number, text)
        for word in sorted(set(words_of(text))):
            expected.setdefault(word, []).append(number)
    with TemporaryDirectory() as folder:
        firsts = index.write(Path(folder))
        index.close()
        files = [values(Path(folder, f"{number}.js")) for number in range(len(firsts))]
        assert len(list(Path(folder).iterdir())) == len(firsts)
    found = {}
    for pairs in files:
        for word, gaps in pairs:
            numbers = [sum(gaps[: at + 1]) for at in range(len(gaps))]
            assert word not in found
            found[word] = numbers
    assert found == expected
    assert list(found) == sorted(expected, key=lambda word: word.encode("utf-16-be"))
    assert firsts == [pairs[0][0] for pairs in files]


def test_words_are_compared_without_case_and_accents() -> None:
    """Apostrophes part words; writing without spaces is taken by neighbours."""
    assert list(words_of("L’État déploie: 3e")) == ["l", "etat", "deploie", "3e"]
    assert list(words_of("北京市 le 北")) == ["北京", "京市", "市", "le", "北"]


def test_links_lead_to_the_ends_and_around() -> None:
    """First page, last page, neighbours, gaps; the page itself is no link."""
    assert [link.words for link in page_links(5, 9)] == ["1", "…", "3", "4", "5", "6", "7", "…", "9"]
    assert [link.href for link in page_links(1, 2)] == ["", "list/2.html"]


def article(number: int, food: str, tool: str) -> Article:
    """Somebody does something to food with a tool."""
    text = f"{food} {tool} cut"
    spans = (
        Span("f", "thing", "FOOD", 0, len(food)),
        Span("t", "thing", "TOOL", len(food) + 1, len(food) + 1 + len(tool)),
        Span("c", "step", "CUT", len(text) - 3, len(text)),
    )
    arrows = (Relation("object", "c", "f"), Relation("with", "c", "t"))
    name = f"d{number}"
    annotation = Annotation(name, "anna", "mini@0.1", spans=spans, relations=arrows)
    return Article(Document(name, text), (annotation,))


def several(number: int, foods: str, tools: str) -> Article:
    """Something cut: each letter is a thing, or a tool."""
    text = f"{foods} {tools} cut"
    spans = [Span(f"f{at}", "thing", "FOOD", at, at + 1) for at in range(len(foods))]
    start = len(foods) + 1
    spans += [Span(f"t{at}", "thing", "TOOL", start + at, start + at + 1) for at in range(len(tools))]
    arrows = tuple(Relation("with" if s.label == "TOOL" else "object", "c", s.id) for s in spans)
    spans.append(Span("c", "step", "CUT", len(text) - 3, len(text)))
    name = f"d{number}"
    annotation = Annotation(name, "anna", "mini@0.1", spans=tuple(spans), relations=arrows)
    return Article(Document(name, text), (annotation,))


def drawn(articles: list[Article], folder: Path, most: int) -> tuple[dict[str, Drawn], dict[str, Any]]:
    """What is drawn of the articles' mentions, and what the files hold."""
    schema = mini_schema()
    listed = frames(schema)
    graph = gather(articles, schema, listed, {})
    files = FrameFiles(listed, graph, "fr", most=most)
    for number, each in enumerate(articles):
        files.add(graph.rows(number, each), graph.links(number, each))
    pages = files.write(folder, articles, lambda name: f"{name}.html")
    files.close()
    return pages, {page: value(folder / told.file) for page, told in pages.items()}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), min_size=1, max_size=12),
    st.integers(1, 12),
)
def test_arrows_that_are_drawn_have_all_their_mentions(pairs: list[tuple[str, str]], most: int) -> None:
    """Of too many mentions those of the most frequent arrows stay, each arrow whole, with its articles."""
    articles = [article(number, food, tool) for number, (food, tool) in enumerate(pairs)]
    with TemporaryDirectory() as folder:
        pages, held = drawn(articles, Path(folder), most)
    data, told = held["graph"], pages["graph"]
    names = [node[0] for node in data["nodes"]]
    arrows = Counter((names[row[9][0]], names[row[10][0]]) for row in data["rows"])
    counts = Counter(pairs)
    assert all(counts[pair] == number for pair, number in arrows.items())
    assert (told.mentions, told.all) == (arrows.total(), len(pairs))
    left_out = [number for pair, number in counts.items() if pair not in arrows]
    assert max(left_out, default=0) <= min(arrows.values())
    assert told.mentions <= most or len(arrows) == 1
    assert [document[0] for document in data["documents"]] == [
        f"d{number}" for number, pair in enumerate(pairs) if pair in arrows
    ]


@given(
    st.lists(st.tuples(*[st.sampled_from(["a", "b", "ab", "abc"])] * 2), min_size=2, max_size=9),
    st.integers(1, 9),
)
def test_a_mention_with_several_arrows_is_one(ends: list[tuple[str, str]], most: int) -> None:
    """Two things cut with two tools are one mention, and so is what is left of it where some arrows are not
    drawn; the page's own count of rows is of arrows."""
    with TemporaryDirectory() as folder:
        pages, held = drawn([several(n, *each) for n, each in enumerate(ends)], Path(folder), most)
    told, rows = pages["graph"], held["graph"]["rows"]
    mentions = {(row[0], row[5]) for row in rows}
    drawn_all = len(ends) <= most
    assert told.all == len(ends) and told.mentions == (len(ends) if drawn_all else len(mentions))
    assert sum(len(row[9]) * len(row[10]) for row in rows) >= told.mentions


def test_few_mentions_are_one_file_for_both_pages(tmp_path: Path) -> None:
    """Timeline and graph read the same, and everything is in it."""
    pages, held = drawn([article(0, "pain", "couteau"), article(1, "sel", "main")], tmp_path, 2)
    assert pages["timeline"] == pages["graph"] == Drawn("frames.js", 2, 2)
    assert [row[6] for row in held["graph"]["rows"]] == ["cut", "cut"]
