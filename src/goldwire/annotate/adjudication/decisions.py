"""The adjudication's files: `annotate/adjudication/DOCUMENT.yaml` holds every item and how it was decided.

What the adjudicator marked and neither reading has is beside it: by hand in `DOCUMENT.own.yaml`, in the
format of quotes, or from Label Studio in `DOCUMENT.own.json`. Ids that readers coined are unified before,
when their readings are stored (`corpus convert --ids`): `ids.yaml` of this folder is for them. An article
whose id is `ids`, or ends with `.own`, has files with the beginning of its hash in their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from goldwire import strict_json
from goldwire.annotate.adjudication.merge import AdjudicationOutcome, Decision, adjudicate_article
from goldwire.annotate.adjudication.pairing import one_pair, span_name
from goldwire.annotations.store import dumps_annotation
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import file_name, read_bytes, read_text, sha256, write_text
from goldwire.formats.quotes import read_quotes
from goldwire.model import Annotation, Article, Document, Provenance
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.load import typed_data
from goldwire.schemas.slugs import free_name
from goldwire.schemas.yaml_lines import parse_yaml

#: The file of unified ids, without its ending.
UNIFIED = "ids"
_OWN = ".own"


class DecisionFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The decisions of one article.

    `basis` is the hash of the readings, `items` that of the keys which goldwire wrote, `pulled` the last
    annotation taken from Label Studio; `superseded` holds decisions that readings which changed left behind.
    """

    document: str
    between: list[str]
    decisions: list[Decision]
    basis: str = ""
    items: str = ""
    pulled: str = ""
    superseded: list[Decision] = []


@dataclass
class AdjudicationCase:
    """One article to adjudicate, with what was decided before and still stands."""

    document: Document
    readings: tuple[Annotation, Annotation]
    path: Path
    decisions: dict[str, Decision]
    superseded: dict[str, Decision]
    basis: str
    pulled: str
    stamped: bool  # whether the file says which readings it is about; files made before did not
    by_hand: Annotation | None
    from_studio: Annotation | None

    @property
    def own_marks(self) -> Annotation | None:
        """The adjudicator's own marks, wherever they were made."""
        return joined_decisions(self.by_hand, self.from_studio)

    def merged(
        self, schema: Schema, *, provenance: Provenance | None = None, lenient: bool = False
    ) -> AdjudicationOutcome:
        """The readings merged as it stands; options and errors as of `adjudicate_article`."""
        return adjudicate_article(
            self.document,
            self.readings,
            schema,
            self.decisions,
            own_marks=self.own_marks,
            provenance=provenance,
            lenient=lenient,
        )


def folder(project: Project) -> Path:
    """Where adjudication is kept."""
    return project.annotate / "adjudication"


def read_file(path: Path) -> DecisionFile:
    """A file of decisions, an empty one where it is missing. Faults are GW103 and GW373."""
    if not path.exists():
        return DecisionFile("", [], [])
    data, lines = parse_yaml(read_text(path), str(path))
    record, faults = typed_data(data, DecisionFile, lines, str(path))
    if record is None:
        raise GoldwireError(*faults)
    keys: set[str] = set()
    for number, decision in enumerate(record.decisions):
        where = f"{path}:{lines.get(f'$.decisions[{number}]', 1)}"
        if decision.key in keys:
            faults.append(Fault("GW373", f"`{decision.key}` stands twice", where, "keep one of them"))
        if decision.decide and not decision.reason.strip():
            faults.append(Fault("GW373", f"`{decision.key}` is decided without a reason", where, "say why"))
        keys.add(decision.key)
    raise_faults(faults)
    return record


def _row(item: Decision) -> dict[str, Any]:
    row = {key: value for key, value in msgspec.to_builtins(item).items() if value not in ("", None)}
    return {**row, "decide": item.decide, "reason": item.reason}


def _keys(keys: Iterable[str]) -> str:
    return sha256("\n".join(sorted(keys)))[:16]


def basis_of(readings: Sequence[Annotation]) -> str:
    """A hash of what readings say, whatever their ids and order."""
    contents = []
    for reading in readings:
        names = {span.id: span_name(span) for span in reading.spans}
        spans = sorted((names[span.id], sorted(span.attributes.items())) for span in reading.spans)
        arrows = sorted((r.label, names[r.head], names[r.tail]) for r in reading.relations)
        contents.append((reading.annotator, spans, arrows))
    return sha256(msgspec.json.encode(contents))[:16]


def decision_files(project: Project) -> Iterator[tuple[Path, DecisionFile]]:
    """The files of decisions, in order of their names, without what else lies in their folder. Faults are
    GW103 and GW373, and those of YAML."""
    for path in sorted(folder(project).glob("*.yaml")):
        data, _ = parse_yaml(read_text(path), str(path))
        if isinstance(data, dict) and "decisions" in data:
            yield path, read_file(path)


def _stem(document: str) -> str:
    """What the names of an article's files begin with."""
    plain = file_name(document).casefold()
    return file_name(document, reserved=plain == UNIFIED or plain.endswith(_OWN))


def decision_path(project: Project, document: str) -> Path:
    """Where the decisions about an article are kept."""
    return folder(project) / f"{_stem(document)}.yaml"


def own_path(project: Project, document: str, form: Literal["json", "yaml"] = "json") -> Path:
    """Where the marks that an adjudicator added are kept: in Label Studio, or by hand (`yaml`)."""
    return folder(project) / f"{_stem(document)}{_OWN}.{form}"


def joined_decisions(first: Annotation | None, second: Annotation | None) -> Annotation | None:
    """Two annotations of one text as one; what both hold stands once."""
    if first is None or second is None:
        return first or second
    names = {span_name(span): span.id for span in first.spans}
    ids: dict[str, str] = {}
    added = []
    taken = {span.id for span in first.spans}
    for span in second.spans:
        if known_id := names.get(span_name(span)):
            ids[span.id] = known_id
            continue
        free = free_name(span.id, taken)
        taken.add(free)
        ids[span.id] = free
        added.append(msgspec.structs.replace(span, id=free))
    arrows = [msgspec.structs.replace(r, head=ids[r.head], tail=ids[r.tail]) for r in second.relations]
    known = {(r.label, r.head, r.tail) for r in first.relations}
    relations = (*first.relations, *(r for r in arrows if (r.label, r.head, r.tail) not in known))
    return msgspec.structs.replace(second, spans=(*first.spans, *added), relations=relations)


def write_own(project: Project, document: str, own_marks: Annotation | None) -> None:
    """Keep an adjudicator's own marks from Label Studio; without any no file is kept."""
    path = own_path(project, document)
    if own_marks is None:
        path.unlink(missing_ok=True)
    elif not path.is_file() or read_text(path) != dumps_annotation(own_marks):
        write_text(path, dumps_annotation(own_marks))


def open_case(
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    article: Article,
    between: Sequence[str] = (),
) -> AdjudicationCase:
    """An article's readings with the decisions that still stand.

    Where the readings have changed since the file was written, decisions whose item has vanished, or whose
    value is another now, are superseded; those of items that came back are taken up again. Raises GW372
    where there are not two readings, GW376 where `DOCUMENT.own.json` is damaged.
    """
    document, name = article.document, article.document.id
    readings = one_pair(article.annotations, between)
    path = decision_path(project, name)
    record = read_file(path)
    hand_path, studio_path = own_path(project, name, "yaml"), own_path(project, name)
    case = AdjudicationCase(
        document,
        readings,
        path,
        decisions={d.key: d for d in record.decisions if d.decide},
        superseded={d.key: d for d in record.superseded},
        basis=basis_of(readings),
        pulled=record.pulled,
        stamped=bool(record.basis) or not path.exists(),
        by_hand=read_quotes(hand_path, documents, schema) if hand_path.exists() else None,
        from_studio=read_own(studio_path) if studio_path.exists() else None,
    )
    written_by_us = record.items == _keys(d.key for d in record.decisions)
    if record.basis and record.basis != case.basis and written_by_us:
        _supersede(case, schema)
    return case


def read_own(path: Path) -> Annotation:
    """An adjudicator's own marks from Label Studio; raises GW376 where the file is damaged."""
    try:
        return strict_json.decode(read_bytes(path), Annotation)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        hint = "restore it from git, or remove it and pull again"
        raise GoldwireError.of("GW376", str(error), where=str(path), hint=hint) from None


def _supersede(case: AdjudicationCase, schema: Schema) -> None:
    tried: set[str] = set()
    while True:
        outcome = case.merged(schema, lenient=True)
        stale = outcome.unfit & case.decisions.keys()
        for item in outcome.items:
            old = case.decisions.get(item.key)
            # The key of an attribute's item does not name its values, and one of them was chosen.
            if old is None or not item.key.startswith("attribute ") or old.decide not in ("a", "b"):
                continue
            if getattr(old, old.decide) != getattr(item, old.decide):
                stale.add(item.key)
        restored = {i.key for i in outcome.open if i.key in case.superseded} - stale - tried
        tried |= restored | stale
        if not stale and not restored:
            return
        for key in stale:
            case.superseded[key] = case.decisions.pop(key)
        for key in restored:
            case.decisions[key] = case.superseded.pop(key)


def close_case(case: AdjudicationCase, outcome: AdjudicationOutcome, *, pulled: str = "") -> None:
    """Write all items of a case with their decisions; open ones have an empty `decide`. Same content writes
    nothing."""
    record: dict[str, Any] = {
        "document": case.document.id,
        "between": [reading.annotator for reading in case.readings],
        "decisions": list(map(_row, outcome.items)),
    }
    if case.stamped or pulled:
        record |= {"basis": case.basis, "items": _keys(item.key for item in outcome.items)}
    if pulled or case.pulled:
        record["pulled"] = pulled or case.pulled
    if case.superseded:
        record["superseded"] = list(map(_row, case.superseded.values()))
    text = yaml.safe_dump(record, sort_keys=False, allow_unicode=True, width=110)
    if not case.path.is_file() or read_bytes(case.path) != text.encode():
        write_text(case.path, text)
