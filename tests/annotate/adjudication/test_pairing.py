"""Which annotations are readings to adjudicate."""

from __future__ import annotations

import pytest

from goldwire.annotate.adjudication.pairing import one_pair, readings_of
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Provenance


def test_a_draft_stops_no_adjudication_and_joins_one_when_named() -> None:
    """Beside two submitted readings one's own draft is left aside, unless it is named; as the second of two
    it is not taken unasked, and the message says how to."""
    anna, bruno = (Annotation("d", n, "s@1", "submitted", Provenance("human")) for n in ("anna", "bruno"))
    own = Annotation("d", "eve", "s@1", "draft", Provenance("human", updated="2026-01-01"))
    assert [a.annotator for a in one_pair((anna, bruno, own))] == ["anna", "bruno"]
    assert [a.annotator for a in one_pair((anna, bruno, own), ("anna", "eve"))] == ["anna", "eve"]
    with pytest.raises(GoldwireError, match=r"not submitted: eve.*--between"):
        one_pair((anna, own))
    machines = [Annotation("d", n, "s@1", "draft", Provenance("model")) for n in "ab"]
    assert len(readings_of(machines)) == 2
