"""The error analysis of the report: seen and unseen wordings, lengths, nested spans drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.eval.counts.bootstrap import Sampling
from goldwire.eval.matching.spans import Pair, match
from goldwire.eval.report.span_layers import drawn_paragraphs
from goldwire.eval.scoring.breakdown import LENGTHS, SEEN, break_down, by_label, length_class, surface
from goldwire.eval.scoring.pairing import pair_up
from goldwire.model import Article, Span
from tests.eval.helpers import Mark, article, marks, reading, spans
from tests.eval.report.test_page import page

TEXT = "L’oignon cuit. La grande poêle noire chauffe."


def broken_down(
    gold: list[list[Mark]], pred: list[list[Mark]], train: list[Article] | None = None, **meta: str
) -> dict[str, dict[str, tuple[float, float, float]]]:
    """tp, fp, fn of each class that occurs."""
    sides = [
        [
            article(TEXT, reading(*spans(*found), document=f"d{n}", annotator=name), **meta)
            for n, found in enumerate(side)
        ]
        for name, side in (("g", gold), ("m", pred))
    ]
    paired = pair_up(*sides)
    pairs = [match(one.gold.spans, one.pred.spans) for one in paired]
    counts = break_down(paired, pairs, "thing", Sampling(50), train)
    return {
        name: {
            label: (found.counts.tp, found.counts.fp, found.counts.fn)
            for label, found in one.figures().items()
            if found.counts.f1 is not None
        }
        for name, one in counts.items()
    }


def test_wordings_are_seen_in_other_documents_only() -> None:
    """A wording of the same document does not count as seen; one of another does, with its label."""
    onion, pan = ("FOOD", 2, 8), ("TOOL", 18, 30)
    alone = broken_down([[onion], [pan]], [[onion], []])["seen"]
    assert alone == {"unseen": (1, 0, 1)}
    shared = broken_down([[onion, pan], [onion]], [[onion], [("TOOL", 2, 8)]])["seen"]
    assert shared == {
        "seen with this label": (1, 0, 1),
        "seen with other labels only": (0, 1, 0),
        "unseen": (0, 0, 1),
    }


def test_documents_of_one_story_have_not_seen_each_other() -> None:
    """Where both documents are of one story nothing is seen."""
    onion: list[Mark] = [("FOOD", 2, 8)]
    assert broken_down([onion] * 2, [onion] * 2, story="s")["seen"] == {"unseen": (2, 0, 0)}


def test_training_data_that_is_named_decides() -> None:
    """With training articles only their wordings are seen, whatever their case and apostrophes."""
    onion: list[Mark] = [("FOOD", 0, 8)]
    train = [article("l'OIGNON", reading(Span("t", "thing", "FOOD", 0, 8), document="t"))]
    assert broken_down([onion], [onion], train)["seen"] == {"seen with this label": (1, 0, 0)}
    assert broken_down([onion] * 2, [onion] * 2, [])["seen"] == {"unseen": (2, 0, 0)}
    assert surface("L’ Oignon\u00a0") == surface("l' oignon")


def test_lengths_are_words() -> None:
    """Every number of words has one class, and more words never a lower one."""
    places = [length_class(" ".join("x" * n)) for n in range(1, 15)]
    assert places == sorted(places)
    assert set(places) == set(range(len(LENGTHS)))
    assert broken_down([[("TOOL", 18, 36)]], [[("TOOL", 18, 30)]])["length"] == {
        "2 words": (0, 1, 0),
        "3 to 4 words": (0, 0, 1),
    }


@given(st.lists(st.tuples(marks(most=5), marks(most=5)), min_size=1, max_size=3))
def test_classes_add_up_to_the_whole(corpus: list[tuple[list[Mark], list[Mark]]]) -> None:
    """No span is lost or counted twice by any breakdown."""
    gold, pred = [list(set(g)) for g, _ in corpus], [list(set(p)) for _, p in corpus]
    found = broken_down(gold, pred)
    sizes = sum(map(len, gold)), sum(map(len, pred))
    right = sum(len(set(g) & set(p)) for g, p in zip(gold, pred, strict=True))
    for classes in found.values():
        assert set(classes) <= {*SEEN, *LENGTHS}
        tp, fp, fn = (sum(one[column] for one in classes.values()) for column in range(3))
        assert (tp, tp + fn, tp + fp) == (right, *sizes)
    pairs = [match(spans(*g), spans(*p)) for g, p in zip(gold, pred, strict=True)]
    assert sum(sum(outcome.values()) for _, outcome in by_label(pairs)) == sum(map(len, pairs))


def bars_of(text: str, pairs: list[Pair]) -> list[tuple[str, str, int]]:
    """Each bar as it is drawn: side, the text above it, level."""
    found: dict[tuple[str, int, str], str] = {}
    open_: dict[int, tuple[str, str, str]] = {}
    done: list[tuple[str, str, int]] = []
    for paragraph in drawn_paragraphs(text, pairs):
        for word in paragraph.words:
            for part in word.parts:
                if part.begins:
                    open_[part.level] = (part.side, part.label, "")
                side, label, before = open_[part.level]
                assert (side, label) == (part.side, part.label)
                open_[part.level] = (side, label, before + word.text)
                if part.ends:
                    done.append((side, open_.pop(part.level)[2], part.level))
    assert not found and not open_
    return sorted(done)


def test_nested_and_crossing_spans_lie_on_lines_of_their_own() -> None:
    """Inner spans lie nearer to the text than outer ones; equal extents share a bar, others have one each."""
    gold = spans(("A", 15, 36), ("B", 18, 30), ("C", 2, 8))
    pred = spans(("A", 15, 36), ("X", 18, 30), ("C", 0, 8))
    drawn = bars_of(TEXT, match(gold, pred))
    assert drawn == [
        ("gold", "oignon", 0),
        ("label", "grande poêle", 0),
        ("pred", "L’oignon", 1),
        ("right", "La grande poêle noire", 1),
    ]


SOME_TEXTS = ["ab cd-ef gh ij kl mn", "日本語のテキスト文章文章", "a\nb c\n\nd e f g h i"]


@given(marks(most=6), marks(most=6), st.sampled_from(SOME_TEXTS))
def test_drawings_keep_all_text_and_no_two_bars_meet(gold: list[Mark], pred: list[Mark], text: str) -> None:
    """The words are the text without its line ends, and on one level there is one bar at a time."""
    cut = [[m for m in set(side) if m[2] <= len(text)] for side in (gold, pred)]
    found = drawn_paragraphs(text, match(spans(*cut[0]), spans(*cut[1])))
    assert "".join(word.text for one in found for word in one.words) == text.replace("\n", "")
    for one in found:
        for word in one.words:
            levels = [part.level for part in word.parts]
            assert len(levels) == len(set(levels))
            assert all(level < one.levels for level in levels)


def test_the_page_shows_the_analysis(tmp_path: Path) -> None:
    """Wordings, lengths, outcomes, drawings and a curve are on the page, and no text is run."""
    curve = [["2", 0.4, 0.3, 0.5], ["4", 0.6, None, None]]
    table = {"title": "Curve", "columns": ["articles", "F1"], "rows": [["2", 0.4]], "curve": curve}
    html, found = page(tmp_path, [("<i>", 2, 8), ("B", 15, 36)], [("<i>", 2, 8)], TEXT, extra=[table])
    for words in (
        "Seen and unseen wordings",
        "By length",
        "Outcome by label",
        "All spans in their text",
        "Whole",
    ):
        assert words in found.text
    assert [tag for tag, _ in found.tags].count("circle") == 2
    bars = [(attributes.get("class") or "").split() for tag, attributes in found.tags if tag == "b"]
    assert any(f".{name}{{--k:0 " in html for names in bars if "right" in names for name in names)
    assert "<i></i>" not in html
    with pytest.raises(GoldwireError, match="GW550"):
        page(tmp_path, [("A", 2, 8)], [], TEXT, extra=[{**table, "curve": [1, 2]}])
