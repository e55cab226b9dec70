"""The report: one page that needs nothing else and lets no text out of its place."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from goldwire.errors import GoldwireError
from goldwire.eval.matching.context import extract, sentences
from goldwire.eval.matching.spans import match
from goldwire.eval.report.page import ReportSource, read_run, reference_in_words, write_report, write_run
from goldwire.eval.scoring.pairing import pair_up, stories
from goldwire.eval.scoring.scores import score
from goldwire.model import Article, Document, Relation
from tests.eval.helpers import Mark, article, reading, spans

TEXT = "Élu ! <script>alert(1)</script> & « Coupez l’oignon. » Puis 👩‍🍳 mijotez.\nقال الوزير ذلك."


class Page(HTMLParser):
    """Tags with their attributes, and the text outside style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._silent = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent += tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        self.text += "" if self._silent else data


def page(
    tmp_path: Path, gold: list[Mark], pred: list[Mark], text: str = TEXT, **options: Any
) -> tuple[str, Page]:
    """The page for one document."""
    link = (Relation("of", "t0", "t1"),) if len(gold) > 1 else ()
    one = [article(text, reading(*spans(*gold), relations=link), title="Recette <b>")]
    other = [article(text, reading(*spans(*pred), annotator="m"))]
    scores = score([(p.gold, p.pred) for p in pair_up(one, other)], resamples=20)
    write_report(tmp_path / "r.html", gold=one, pred=other, scores=scores, **options)
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    return html, Page(html)


GOLD: list[Mark] = [("A", 0, 3), ("B", 6, 14), ("A", 35, 41), ("A", 44, 50), ("B", 54, 58)]
PRED: list[Mark] = [("A", 0, 3), ("B", 6, 10), ("B", 35, 41), ("B", 42, 50), ("A", 75, 79)]


def test_the_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    """No link, no source, no import and no address of another place in it."""
    html, found = page(tmp_path, GOLD, PRED)
    names = {tag for tag, _ in found.tags}
    assert not names & {"link", "img", "iframe", "object", "embed", "base"}
    for tag, attributes in found.tags:
        assert "src" not in attributes, tag
        assert (attributes.get("href") or "#").startswith("#"), tag
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"https?:|//[a-z]|@import|url\(", html)


def test_text_is_shown_and_never_run(tmp_path: Path) -> None:
    """Markup in a text, a title, a label or a table is shown as it is: the page has only its own script."""
    evil = "</script><script>x</script>"
    table = {"title": evil, "columns": [evil], "rows": [[evil]], "note": evil}
    html, found = page(
        tmp_path, [(evil, 6, 14)], [("A", 6, 10)], title=evil, meta={evil: evil}, extra=[table]
    )
    assert [tag for tag, _ in found.tags].count("script") == 1
    assert "<script>alert(1)" in found.text.replace("\n", "")
    assert html.count("alert(1)") >= 1
    assert "Recette <b>" in found.text


def test_every_error_stands_in_its_sentence(tmp_path: Path) -> None:
    """Each kind of error is listed with its count, its labels and its words marked."""
    _, found = page(tmp_path, GOLD, PRED)
    for heading in ("Missed 1", "Spurious 1", "Wrong label 1", "Wrong extent 1", "Wrong label and extent 1"):
        assert heading in found.text
    listed = [json.loads(a["data-labels"] or "") for tag, a in found.tags if "data-labels" in a]
    assert listed == [["B"], ["A"], ["A", "B"], ["B"], ["A", "B"]]
    marked = [attributes["class"] for tag, attributes in found.tags if tag == "mark"]
    assert {" ".join((name or "").split()) for name in marked} == {"g", "p", "g p"}


def test_it_says_what_the_reference_is(tmp_path: Path) -> None:
    """A machine's draft is called so at the head of the page, and never gold."""
    _, found = page(tmp_path, GOLD, PRED)
    assert "The reference is machine-drafted; nobody has reviewed it." in found.text
    assert not re.search(r"\bgold\b", found.text)
    person = reading(kind="human", status="submitted")
    assert "machine" not in reference_in_words("submitted", [person])
    assert "nobody has reviewed" in reference_in_words("submitted", [person])


def test_it_can_be_read_without_eyes_or_mouse(tmp_path: Path) -> None:
    """Language, one main heading, scopes on header cells, captions, focusable regions, a skip link."""
    _, found = page(tmp_path, GOLD, PRED)
    tags = [tag for tag, _ in found.tags]
    assert ("html", {"lang": "en"}) in found.tags
    assert tags.count("h1") == tags.count("main") == 1
    assert all(attributes.get("scope") for tag, attributes in found.tags if tag == "th")
    assert tags.count("table") == tags.count("caption")
    regions = [a for _, a in found.tags if a.get("role") == "region"]
    assert all(a.get("tabindex") == "0" and a.get("aria-label") for a in regions)
    anchors = {a["href"] for tag, a in found.tags if tag == "a"}
    ids = {f"#{a['id']}" for _, a in found.tags if "id" in a}
    assert "#main" in anchors
    assert anchors <= ids
    assert len(ids) == sum("id" in a for _, a in found.tags)


def test_nothing_to_show_is_said(tmp_path: Path) -> None:
    """A perfect prediction has no errors; undefined figures are dashes."""
    _, found = page(tmp_path, GOLD, GOLD)
    assert "None." in found.text
    _, found = page(tmp_path, GOLD, [])
    assert "–" in found.text


def test_extra_tables_are_shown_and_checked(tmp_path: Path) -> None:
    """Tables of others appear with their note; one without rows is refused."""
    table = {"title": "Baselines", "columns": ["model", "F1"], "rows": [["majority", 0.25], ["ours", None]]}
    _, found = page(tmp_path, GOLD, PRED, extra=[{**table, "note": "one run"}])
    for words in ("Baselines", "majority", ".250", "one run"):
        assert words in found.text
    for wrong in ({"rows": 5}, {"rows": [1]}, {"columns": "model"}):
        with pytest.raises(GoldwireError, match="GW513"):
            page(tmp_path, GOLD, PRED, extra=[{**table, **wrong}])
    with pytest.raises(GoldwireError, match="GW513"):
        page(tmp_path, GOLD, PRED, extra=[{"title": "x"}])
    with pytest.raises(GoldwireError, match="GW550"):
        page(tmp_path, GOLD, PRED, extra=[{**table, "curve": [["a", "b", None, None]]}])


def test_a_run_comes_back_from_its_folder(tmp_path: Path) -> None:
    """What a run leaves in a folder is what the report reads; a broken report.json is refused by name."""
    gold = [article(TEXT, reading(*spans(*GOLD)))]
    run = ReportSource(
        gold, gold, "Ours", {"model": "m"}, [{"title": "t", "columns": ["c"], "rows": [["r"]]}]
    )
    write_run(tmp_path, run)
    assert read_run(tmp_path) == run
    for broken in ("{", '{"extra": {}}', '{"extra": [1]}'):
        (tmp_path / "report.json").write_text(broken, encoding="utf-8")
        with pytest.raises(GoldwireError, match=r"GW511 .*report.json"):
            read_run(tmp_path)


def test_sentences_keep_all_text() -> None:
    """Sentences end at stops and line ends, keep closing quotes, and leave out nothing but white space."""
    found = [TEXT[a:b] for a, b in sentences(TEXT)]
    assert found[:2] == ["Élu !", "<script>alert(1)</script> & « Coupez l’oignon. »"]
    assert len(sentences("M. Dupont vient. Rien.")) == 2
    assert found[-1] == "قال الوزير ذلك."
    assert "".join("".join(found).split()) == "".join(TEXT.split())


def test_an_extract_is_cut_between_words() -> None:
    """A long sentence is shown around its spans, with the spans whole and the cuts marked."""
    text = "mot " * 400 + "ICI" + " mot" * 400
    at = text.index("ICI")
    (pair,) = match(spans(("A", at, at + 3)), [])
    shown = extract(text, sentences(text), pair)
    words = "".join(piece.text for piece in shown.pieces)
    assert set(words.split()) == {"mot", "ICI"}
    assert shown.cut_before
    assert shown.cut_after
    assert [piece.text for piece in shown.pieces if piece.gold] == ["ICI"]
    assert len(words) < 800


def test_documents_must_fit(tmp_path: Path) -> None:
    """Missing documents, other texts and absent annotations are listed together, each with its name."""

    def named(name: str, text: str = "x", *, empty: bool = False) -> Article:
        made = article(text, reading(document=name))
        return Article(made.document, ()) if empty else made

    gold = [named("d1"), named("d2"), named("d3"), named("d4", empty=True)]
    pred = [named("d2", "xy"), named("d3"), named("d4"), named("d5")]
    with pytest.raises(GoldwireError) as error:
        pair_up(gold, pred)
    message = str(error.value)
    assert "the prediction lacks 1 document: d1" in message
    assert "gold lacks 1 document: d5" in message
    assert "GW502 `d2` has another text" in message
    assert "GW503 `d4`" in message


def test_documents_of_one_story_are_one_unit() -> None:
    """`meta.story` groups documents; where none names one, each stands for itself."""
    named = [Document("d1", "x", {"story": "s"}), Document("d2", "x", {"story": "s"}), Document("d3", "x")]
    assert stories(named) == ["story s", "story s", "d3"]
    assert stories(named[2:]) is None
