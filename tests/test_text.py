"""What `goldwire.text` promises."""

from __future__ import annotations

import time

from hypothesis import example, given, settings
from hypothesis import strategies as st

from goldwire.text import NormalisedText, first_of, normalise, snippet, trim
from tests.examples import at_most

#: Letters that join, in several scripts, line ends, and what changes alone.
PIECES = st.sampled_from(
    [
        "a",
        "e",
        " ",
        "\r",
        "\n",
        "\r\n",
        "\u0301",
        "\u0323",
        "\u0344",
        "\u0f71",
        "\u0f72",
        "\u212b",
        "\u1100",
        "\u1161",
        "\u11a8",
        "\uac00",
        "\u0958",
        "\u09c7",
        "\u09be",
        "\u0651",
        "\u064e",
        "\u0639",
        "\U0001d15e",
        "\U00011099",
        "\U000110ba",
        "\u4e2d",
        "\U0001f469\u200d\U0001f467",
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=12))


@settings(max_examples=at_most(600))
@given(TEXTS)
@example("x\u0344\u0301")
def test_an_offset_moves_where_the_text_divides_there_and_nowhere_else(raw: str) -> None:
    """Each offset goes where the normalised halves meet; where they don't make the whole there is none."""
    moved = NormalisedText(raw)
    assert moved.text == normalise(raw)
    for offset in range(len(raw) + 1):
        head, tail = normalise(raw[:offset]), normalise(raw[offset:])
        assert moved.offset(offset) == (len(head) if head + tail == moved.text else None)


def test_a_decomposed_letter_in_a_long_text_costs_little() -> None:
    """Two million characters with one: far below what it takes to look each up among all that may change."""
    raw = "a long text. " * 150_000 + "Re\u0301my"
    begun = time.process_time()
    moved = NormalisedText(raw)
    assert time.process_time() - begun < 3
    assert moved.offset(len(raw)) == len(raw) - 1


def test_offsets_outside_the_text_are_given_back() -> None:
    """What lies outside is for the caller to judge."""
    moved = NormalisedText("e\u0301")
    assert (moved.offset(-1), moved.offset(9)) == (-1, 9)


@given(TEXTS, st.data())
def test_a_trimmed_extent_has_no_white_space_at_its_ends_and_all_else(text: str, data: st.DataObject) -> None:
    """Trimming takes white space off both ends, and nothing else."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = trim(text, start, end)
    assert text[first:last] == text[start:end].strip()


def test_what_a_message_leaves_out_of_names_it_says() -> None:
    """Up to so many names are all there; of more the first, a mark, and where it is asked for the number."""
    assert first_of([]) == ""
    assert first_of(["a", "b", "c"], in_all=True) == "a, b, c"
    assert first_of(["a", "b", "c", "d"]) == "a, b, c, …"
    assert first_of(["a", "b", "c", "d"], 2, in_all=True) == "a, b, … (4 in all)"


def test_a_snippet_marks_the_extent_on_one_line() -> None:
    """An extent is shown in brackets between its neighbours."""
    assert str(snippet("un\ndeux trois", 3, 7, 24)) == "un [deux] trois"
    assert str(snippet("a" * 50 + "X" + "b" * 50, 50, 51, 24)) == f"…{'a' * 24}[X]{'b' * 24}…"


@given(st.text("ab \n…", max_size=30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 12))
def test_a_snippet_holds_the_text_around_and_says_where_it_is_cut(
    text: str, start: int, length: int, width: int
) -> None:
    """What is shown stands in the text so, but for white space at its edges; no more than was asked for."""
    start = min(start, len(text))
    end = min(start + length, len(text))
    shown = snippet(text, start, end, width)
    before = shown.before.removeprefix("…") if start > width else shown.before
    after = shown.after.removesuffix("…") if end + width < len(text) else shown.after
    assert shown.text == text[start:end]
    assert text[:start].endswith(before) and text[end:].startswith(after)
    assert max(len(before), len(after)) <= width
    assert text[max(start - width, 0) : start].split() == before.split()
    assert text[end : end + width].split() == after.split()
