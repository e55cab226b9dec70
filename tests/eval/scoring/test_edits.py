"""An edit rate counts every span that was shown once, and what was added beside it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.scoring.edits import ADDED, CHANGES, KEPT, REMOVED, count_edits, rate
from goldwire.model import Annotation, Relation, Span
from tests.annotate.helpers import make_schema

SPANS = st.lists(
    st.builds(
        lambda start, size, label: (start, start + size, label),
        st.integers(0, 20), st.integers(1, 6), st.sampled_from(["FOOD", "TOOL"]),
    ),
    max_size=8, unique=True,
)  # fmt: skip


def annotation(*spans: tuple[int, int, str], relations: tuple[Relation, ...] = ()) -> Annotation:
    """An annotation of one layer."""
    made = tuple(Span(f"s{n}", "thing", label, a, b) for n, (a, b, label) in enumerate(spans))
    return Annotation("d", "x", "every@1.0", spans=made, relations=relations)


@given(SPANS, SPANS)
def test_every_span_is_counted_once(
    shown: list[tuple[int, int, str]], made: list[tuple[int, int, str]]
) -> None:
    """What was shown is kept or changed, what was made is kept, changed or added; the rate lies in [0, 1]."""
    edits = count_edits([(annotation(*shown), annotation(*made))])
    counts = sum(
        edits.spans.values(), type(edits.spans.get(("", "")) or __import__("collections").Counter())()
    )
    assert counts[KEPT] + sum(counts[kind] for kind in CHANGES) == len(shown)
    assert sum(counts.values()) - counts[REMOVED] == len(made)
    share = rate(counts)
    assert share is None if not shown else share is not None and 0 <= share <= 1
    assert (share == 0.0) == (bool(shown) and set(shown) <= set(made))


def test_each_kind_of_change_has_its_name() -> None:
    """Kept, another label, another extent, removed, added; attributes by the schema's defaults, ids aside."""
    shown = annotation((0, 3, "FOOD"), (4, 6, "FOOD"), (7, 9, "FOOD"), (10, 12, "TOOL"), (20, 22, "FOOD"))
    made = annotation((0, 3, "FOOD"), (4, 6, "TOOL"), (7, 10, "FOOD"), (15, 16, "TOOL"), (20, 22, "FOOD"))
    spans = list(made.spans)
    spans[0] = Span("s0", "thing", "FOOD", 0, 3, {"state": "raw", "thing_id": "x1"})
    spans[4] = Span("s4", "thing", "FOOD", 20, 22, {"state": "cooked"})
    edits = count_edits([(shown, Annotation("d", "x", "every@1.0", spans=tuple(spans)))], make_schema())
    assert edits.spans["thing", "FOOD"] == {
        "kept": 1, "other label": 1, "other extent": 1, "attributes": 1,
    }  # fmt: skip
    assert edits.spans["thing", "TOOL"] == {REMOVED: 1, ADDED: 1}
    (total, *_) = edits.table().records()
    assert (total["shown"], total["edit rate"], total["added"]) == (5, 0.8, 1)


def test_relations_are_kept_where_both_ends_are() -> None:
    """By the spans that their ends became."""
    shown = annotation((0, 3, "FOOD"), (4, 6, "TOOL"), (8, 9, "FOOD"), relations=(
        Relation("object", "s0", "s1"), Relation("object", "s0", "s2"),
    ))  # fmt: skip
    made = annotation((0, 3, "FOOD"), (4, 6, "FOOD"), relations=(
        Relation("object", "s0", "s1"), Relation("object", "s1", "s0"),
    ))  # fmt: skip
    assert count_edits([(shown, made)]).relations["object"] == {KEPT: 1, REMOVED: 1, ADDED: 1}
