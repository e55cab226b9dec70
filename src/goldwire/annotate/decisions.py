"""The adjudication's files: `annotate/adjudication/DOCUMENT.yaml` holds every item and how it was decided.

`DOCUMENT.own.yaml` beside it holds what the adjudicator marked and neither reading has, in the format of
quotes. Ids that readers coined are unified before, when their readings are stored (`corpus convert --ids`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from goldwire.annotate.adjudicate import SIDES, Decision, Outcome, adjudicate, one_pair
from goldwire.corpus.formats.quotes import read_quotes
from goldwire.corpus.store import join, read_annotations, write_annotation
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_text, write_text
from goldwire.model import Provenance
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.load import convert
from goldwire.schemas.yamlmap import parse_yaml
from goldwire.seeds import load_seeds


class DecisionFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The decisions of one article."""

    document: str
    between: list[str]
    decisions: list[Decision]


def folder(project: Project) -> Path:
    """Where adjudication is kept."""
    return project.annotate / "adjudication"


def read_decisions(path: Path) -> dict[str, Decision]:
    """The decisions of a file by item; none where the file is missing. Faults are GW103 and GW373."""
    if not path.exists():
        return {}
    data, lines = parse_yaml(read_text(path), str(path))
    found, faults = convert(data, DecisionFile, lines, str(path))
    if found is None:
        raise GoldwireError(*faults)
    by_key: dict[str, Decision] = {}
    for number, decision in enumerate(found.decisions):
        where = f"{path}:{lines.get(f'$.decisions[{number}]', 1)}"
        if decision.key in by_key:
            faults.append(Fault("GW373", f"`{decision.key}` stands twice", where, "keep one of them"))
        if decision.decide and not decision.reason.strip():
            faults.append(Fault("GW373", f"`{decision.key}` is decided without a reason", where, "say why"))
        by_key[decision.key] = decision
    raise_faults(faults)
    return by_key


def write_items(path: Path, document: str, between: list[str], items: list[Decision]) -> None:
    """Write all items with their decisions; open ones have an empty `decide`."""
    rows: list[dict[str, Any]] = []
    for item in items:
        row = {key: value for key, value in msgspec.to_builtins(item).items() if value not in ("", None)}
        rows.append({**row, "decide": item.decide, "reason": item.reason})
    record = {"document": document, "between": between, "decisions": rows}
    write_text(path, yaml.safe_dump(record, sort_keys=False, allow_unicode=True, width=110))


def adjudicate_project(project: Project, schema: Schema, made_by: Provenance) -> Mapping[str, Outcome]:
    """Adjudicate every article of a project that has two readings; by document.

    The items of each article are written to its file, with the decisions kept; where none is open, the
    adjudicated annotation is stored. Articles without any reading are passed over.
    """
    documents = load_seeds(project)
    place = folder(project)
    outcomes: dict[str, Outcome] = {}
    for article in join(documents, read_annotations(project)):
        name = article.document.id
        if not article.annotations:
            continue
        readings = one_pair(list(article.annotations))
        path, own_path = place / f"{name}.yaml", place / f"{name}.own.yaml"
        own = read_quotes(own_path, documents, schema) if own_path.exists() else None
        decisions = read_decisions(path)
        outcome = adjudicate(article.document, readings, schema, decisions, own=own, provenance=made_by)
        write_items(path, name, [reading.annotator for reading in readings], outcome.items)
        if not outcome.open:
            write_annotation(project, outcome.annotation)
        outcomes[name] = outcome
    return outcomes


def tally(outcomes: Mapping[str, Outcome]) -> dict[str, dict[str, int]]:
    """For each kind of item, how often it was decided which way."""
    counts: dict[str, dict[str, int]] = {}
    for outcome in outcomes.values():
        for item in outcome.items:
            row = counts.setdefault(item.kind, dict.fromkeys((*SIDES, "value", "open"), 0))
            row[item.decide or "open"] += 1
    return dict(sorted(counts.items()))
