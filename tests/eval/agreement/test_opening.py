"""What `eval agree` opens with."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.agreement.agreement_figures import HEADLINES, MOST, opening
from goldwire.eval.scoring.score_figures import Row

WHAT = st.sampled_from(
    [*sorted(HEADLINES), "F1, exact, A", "size, κ", "size, equal", "F1, with arguments, strict"]
)
ROWS = st.lists(
    st.tuples(st.sampled_from(["thing", "step"]), st.just("both"), WHAT, st.just(".5")), max_size=60
)


@given(ROWS)
def test_it_opens_with_a_dozen_rows_a_layer_in_their_order(rows: list[Row]) -> None:
    """At most a dozen of each layer, those that tell most, none changed, none of a single label."""
    kept = opening(rows)
    assert max(Counter(layer for layer, *_ in kept).values(), default=0) <= MOST == 12
    rest = iter(rows)
    assert all(any(row == other for other in rest) for row in kept)
    assert not any(what in ("F1, exact, A", "size, κ") for _, _, what, _ in kept)
