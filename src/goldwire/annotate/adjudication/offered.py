"""The ids that an adjudicator can pick in a task: those of both readings first, then the likeliest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from goldwire.annotate.adjudication.decisions import AdjudicationCase
from goldwire.annotate.adjudication.items import LAYER, IdItem, id_item, id_items, listed, with_items
from goldwire.annotate.adjudication.merge import AdjudicationOutcome
from goldwire.annotate.sync.suggestions import OFFERED
from goldwire.annotations.candidates import Candidates
from goldwire.annotations.store import join, read_annotations
from goldwire.model import Document
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.load import load_registries
from goldwire.schemas.rendering.picks import MOST, data_key, task_options
from goldwire.schemas.schema import RegistryEntry

_RANKED = 10  # candidates of one span


class Offers:
    """What tasks of one push offer. Registries and stored mentions are read when they are first asked for."""

    def __init__(self, project: Project, schema: Schema, documents: Sequence[Document]) -> None:
        self.project, self.schema, self.documents = project, schema, documents

    @cached_property
    def registries(self) -> dict[str, dict[str, RegistryEntry]]:
        """The entries, by registry."""
        return load_registries(self.schema, self.project.schema_path)

    @cached_property
    def candidates(self) -> Candidates:
        """Made once: it reads all that is stored."""
        articles = join(list(self.documents), read_annotations(self.project))
        return Candidates(self.schema, self.registries, articles)

    def of(
        self,
        case: AdjudicationCase,
        outcome: AdjudicationOutcome,
        held: Mapping[str, Any] | None,
        *,
        anew: bool,
    ) -> dict[str, Any]:
        """The fields of a task's data that hold its options; `held` is what it has.

        They change only where the task is shown `anew`, and lose nothing: what is picked is among them.
        """
        data: dict[str, Any] = {}
        for asked in id_items(self.schema):
            if not (registry := self.schema.layers[asked.layer].attributes[asked.attribute].registry):
                continue
            key = data_key(LAYER, asked.key, with_items(self.schema))
            before = [row for row in (held or {}).get(key) or () if isinstance(row, dict)]
            if before and not anew:
                data[key] = before
                continue
            entries = self.registries[registry]
            ids = list(dict.fromkeys(self._ids(asked, case, outcome, entries)))
            options = task_options(entries.get(each) or RegistryEntry(each) for each in ids)
            data[key] = [*options, *(row for row in before if row.get("alias") not in ids)]
        return data

    def _ids(
        self,
        asked: IdItem,
        case: AdjudicationCase,
        outcome: AdjudicationOutcome,
        entries: Mapping[str, RegistryEntry],
    ) -> Iterator[str]:
        """The ids of the versions, those that the spans in question may have, then the text's."""
        items = [
            item for item in listed(case, outcome, self.schema) if id_item(item.key, self.schema) == asked
        ]
        said = [
            value
            for reading in case.readings
            for span in reading.layer(asked.layer)
            if isinstance(value := span.attributes.get(asked.attribute), str) and value
        ]
        yield from (value for item in items for value in (item.a, item.b) if value in said)
        document = case.document
        for item in items:
            span = outcome.asked[item.key].span
            known = [each for reading in case.readings for each in self.candidates.known(reading)]
            ranked = self.candidates.rank(document, span, asked.attribute, known, _RANKED)
            yield from (candidate.id for candidate in ranked)
        yield from said
        yield from self.candidates.standing(document, asked.layer, asked.attribute, OFFERED)
        if len(entries) <= MOST:
            yield from entries
