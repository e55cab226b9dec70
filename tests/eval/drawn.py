"""Strategies for annotations of two layers with attributes, ids and relations, and their schema."""

from __future__ import annotations

from hypothesis import strategies as st

from goldwire.model import Annotation, AttributeValue, Kind, Provenance, Relation, Span, Status

TEXT = "la poire, le fenouil "
SCHEMA = """
name: drawn
version: "0.1"
title: Drawn
language: fr
layers:
  thing:
    title: Things
    labels:
      A: {name: a, definition: One., color: "#0072B2"}
      B: {name: b, definition: Two., color: "#D55E00"}
    attributes:
      sort: {title: Sort, kind: choice, values: {x: {title: x}, "y": {title: "y"}}, default: x}
      id: {title: Id, kind: id}
  step:
    title: Steps
    labels:
      C: {name: c, definition: One., color: "#009E73"}
      D: {name: d, definition: Two., color: "#CC79A7"}
relations:
  by: {name: by, definition: By whom., head: [{layer: step}], tail: [{layer: thing}], min: 1}
"""


@st.composite
def readings(draw: st.DrawFn, name: str, annotator: str) -> Annotation:
    """Crowded spans on two layers, with attributes and relations."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, 14))
        values: st.SearchStrategy[AttributeValue] = st.sampled_from("xy")
        attributes = draw(st.dictionaries(st.sampled_from(["sort", "id"]), values, max_size=2))
        layer, label = draw(st.sampled_from([("thing", "A"), ("thing", "B"), ("step", "C"), ("step", "D")]))
        end = start + draw(st.integers(1, 6))
        if layer != "thing":
            attributes = {}
        found.append(Span(f"s{number}", layer, label, start, end, attributes))
    ids = [span.id for span in found] or [""]
    ends = st.tuples(st.sampled_from(["by", "to"]), st.sampled_from(ids), st.sampled_from(ids))
    relations = [Relation(*each) for each in draw(st.lists(ends, max_size=4 if found else 0))]
    kinds: list[Kind] = ["human", "model", "unknown"]
    statuses: list[Status] = ["draft", "submitted", "reviewed"]
    made = Provenance(draw(st.sampled_from(kinds)), trained_on=draw(st.booleans()))
    status = draw(st.sampled_from(statuses))
    return Annotation(name, annotator, "drawn@0.1", status, made, tuple(found), tuple(relations))
