"""What of a model's annotation a project shows that is one pass of several: the labels of its layers.

A later pass begins from what its annotator made in the passes before: that stands in the prediction as it is,
and the model adds to it what the pass labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from msgspec import structs

from goldwire import strict_xml
from goldwire.annotate.labelstudio.config_difference import compare_configs
from goldwire.annotate.ml_backend.validate import FittedAnnotation, joins
from goldwire.annotate.passes.compose import Marks
from goldwire.annotate.passes.reading import marks_of, starts
from goldwire.annotate.passes.screen import pass_config
from goldwire.annotate.records.passes import Pass
from goldwire.model import Annotation, Relation, Span
from goldwire.schemas import Schema
from goldwire.schemas.rendering.label_config import label_config
from goldwire.schemas.slugs import free_name


class Screens:
    """The projects that ask one model: those of `passes`, or where there are none the one of all layers."""

    def __init__(self, schema: Schema, passes: Sequence[Pass] = ()) -> None:
        self.schema, self.passes = schema, passes
        self._configs: dict[Pass | None, str] = {None: label_config(schema)}
        self._configs |= {each: pass_config(schema, passes, each) for each in passes}

    def pass_of(self, config: str) -> Pass | None:
        """The pass whose project has this config: the one of the same layers; None where no pass has."""
        if not self.passes:
            return None
        try:
            layers = {str(group.get("name")) for group in strict_xml.parse(config).iter("Labels")}
        except (ET.ParseError, ValueError):
            return None
        return next((each for each in self.passes if layers == {*each.layers, *each.earlier}), None)

    def lacks(self, config: str) -> list[str]:
        """What a project's config would need for the model's predictions there and does not have.

        Raises GW320 where it is not XML.
        """
        return compare_configs(config, self._configs[self.pass_of(config)]).added

    def shown(
        self, annotation: Annotation, task: Mapping[str, Any], text: str, config: str
    ) -> FittedAnnotation:
        """What the project of this config shows of a model's annotation of a task."""
        each = self.pass_of(config)
        if each is None:
            return FittedAnnotation(annotation, Counter())
        begun_from = starts(dict(task))
        start = marks_of(begun_from[-1], text, self.schema) if begun_from else Marks()
        return for_pass(annotation, each, start, self.schema)


def for_pass(annotation: Annotation, this_pass: Pass, start: Marks, schema: Schema) -> FittedAnnotation:
    """A model's annotation in a pass that begins from `start`: that, and the spans of the pass's layers.

    An end of a relation that lies in an earlier layer is the span of `start` with the same extent, of the
    same label if there is one; relations that have none there, or that the schema does not admit between
    these labels, are left out.
    """
    earlier = start.of(this_pass.earlier)
    spans: dict[str, Span] = {span.id: span for span in earlier.spans}
    stands_for: dict[str, str] = {}
    for span in annotation.spans:
        if span.layer in this_pass.layers:
            name = free_name(span.id, spans)
            spans[name] = structs.replace(span, id=name)
            stands_for[span.id] = name
    for span in annotation.spans:
        same = [s for s in earlier.spans if (s.layer, s.start, s.end) == (span.layer, span.start, span.end)]
        if same:
            stands_for[span.id] = next((s for s in same if s.label == span.label), same[0]).id
    own = {span.id for span in spans.values() if span.layer in this_pass.layers}
    relations = dict.fromkeys(earlier.relations)
    left_out: Counter[str] = Counter()
    layers = {span.id: span.layer for span in annotation.spans}
    for relation in annotation.relations:
        if {layers[relation.head], layers[relation.tail]}.isdisjoint(this_pass.layers):
            continue
        head, tail = (spans.get(stands_for.get(end, "")) for end in (relation.head, relation.tail))
        if head is None or tail is None or not {head.id, tail.id} & own:
            left_out[f"relations `{relation.label}` with an end that this pass does not show"] += 1
        elif not joins(schema.relations[relation.label], head, tail):
            left_out[f"relations `{relation.label}` between labels that it may not join"] += 1
        else:
            relations[Relation(relation.label, head.id, tail.id)] = None
    joined = structs.replace(annotation, spans=tuple(spans.values()), relations=tuple(relations))
    return FittedAnnotation(joined, left_out)
