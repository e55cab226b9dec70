"""From one format to another."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from goldwire import strict_json
from goldwire.annotations.ids import read_ids, unify_ids
from goldwire.annotations.line import to_record
from goldwire.files import read_text, write_text
from goldwire.formats.account import ConversionAccount
from goldwire.formats.guess import read_as, stream_as
from goldwire.formats.inferred_schema import misfits
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import few_collections, format_named
from goldwire.model import Article, curated
from goldwire.number_format import amount, counted
from goldwire.project import load_project
from goldwire.schemas import load_schema
from goldwire.table import Column, Figures, Table

#: How many places of each kind of loss are shown.
FIRST = 5


@dataclass(frozen=True, repr=False)
class Conversion(Figures):
    """What went over, and what did not.

    `written` counts what the target counts (lines, files that changed), `lost` holds for each kind of thing
    that one of the two formats could not hold the places where it was, `changed` where something is kept
    otherwise than it came, `assumed` what a reader took for granted, `noted` what it passed over. `account`
    sums up what became of the spans, relations and attributes of a format that can hold what the model can't,
    `put_aside` says where that was, and what it was lies in the `quarantine_file`; `target` is the format
    that was written. `counts` are those of documents, annotations, spans and relations, `unmarked` is that of
    documents without an annotation.
    """

    counts: dict[str, int]
    unmarked: int
    written: int
    target: str
    lost: dict[str, list[str]]
    changed: dict[str, list[str]]
    noted: dict[str, list[str]]
    widened: list[str]
    assumed: list[str]
    account: ConversionAccount
    put_aside: list[str]
    quarantine_file: Path | None = None

    def __repr__(self) -> str:
        counts = ", ".join(counted(number, kind[:-1]) for kind, number in self.counts.items())
        kept = "".join(
            f"; {what}: {amount(len(places))} × {kind}"
            for what, kinds in (("not kept", self.lost), ("changed", self.changed))
            for kind, places in kinds.items()
        )
        return f"<Conversion: {counts}; {amount(self.written)} written{kept}>"

    def tables(self) -> list[Table]:
        """`conversion`: what was read and written; `lost`: of each kind how often, and where first."""
        rows = [*self.counts.items(), ("written", self.written)]
        kinds = (("not kept", self.lost), ("changed", self.changed), ("noted", self.noted))
        places = [
            (what, kind, len(where), ", ".join(where[:FIRST]))
            for what, group in kinds
            for kind, where in group.items()
        ]
        columns = (Column("became"), Column("what"), Column("number", "amount"), Column("first"))
        return [
            Table("conversion", "converted", (Column("read"), Column("", "amount")), rows),
            Table("lost", "not kept as it was", columns, places, lesser=("first",)),
        ]

    def as_json(self) -> dict[str, Any]:
        """The counts, what was written, and for each kind of loss its number and first places."""

        def shown(kinds: dict[str, list[str]]) -> dict[str, Any]:
            return {kind: {"count": len(places), "first": places[:FIRST]} for kind, places in kinds.items()}

        widened = {"count": len(self.widened), "first": self.widened[:FIRST]}
        return {
            **self.counts,
            "written": self.written,
            "lost": shown(self.lost),
            "changed": shown(self.changed),
            "noted": shown(self.noted),
            "widened": widened,
            "account": asdict(self.account),
            "quarantine_file": str(self.quarantine_file or ""),
        }


def convert(
    src: Path,
    dst: Path,
    *,
    source: str,
    target: str,
    setting: ConversionOptions,
    ids: Path | None = None,
    only_curated: bool = False,
) -> Conversion:
    """Read `src` in the format `source`, write it to `dst` in `target`; nothing where a part fails.

    Where reading fails and `src` looks like another format, that is said first (GW631).

    `ids` names a file of ids that annotators coined and of those that stand for them; `only_curated` leaves
    of each document its most trusted annotation. Raises GW272 where `setting.strict` and anything was lost.
    """
    writer = format_named(target)
    writer.check_writable()
    with few_collections():
        whole = ids is not None or not writer.streams
        articles: Iterable[Article] = (read_as if whole else stream_as)(source, src, setting)
        if ids is not None:
            articles = unify_ids(list(articles), read_ids(ids), setting.schema)
        if only_curated:
            articles = (_curated(article, setting) for article in articles)
        done = write(dst, articles, target, setting, dst if target == "store" else None)
    file = conversion_quarantine(dst, target)
    _keep_aside(file, src, setting.quarantine)
    return replace(done, quarantine_file=file if setting.quarantine else None)


def write(
    path: Path,
    articles: Iterable[Article],
    target: str,
    setting: ConversionOptions,
    store: Path | None = None,
) -> Conversion:
    """Write articles to `path` in the format `target`, whole or not at all. Raises what `fitting` raises."""
    counted: Counter[str] = Counter()
    written = format_named(target).write(
        path, _passing(fitting(articles, setting, store), counted, setting), setting
    )
    return Conversion(
        counts={kind: counted[kind] for kind in ("documents", "annotations", "spans", "relations")},
        unmarked=counted["unmarked"],
        written=written,
        target=target,
        lost=setting.lost,
        changed=setting.changed,
        noted=setting.noted,
        widened=setting.widened,
        assumed=setting.assumed,
        account=setting.account,
        put_aside=[str(line["where"]) for line in setting.quarantine],
    )


def _keep_aside(file: Path, src: Path, lines: Iterable[dict[str, Any]]) -> None:
    """Lines for what was put aside of `src`, in place of those of a former conversion of it; all others stay.

    Each says its source, from the file's folder on.
    """
    source = Path(os.path.relpath(src.resolve(), file.parent)).as_posix()
    rows = [{"source": source, **line} for line in lines]
    kept = [line for line in (read_text(file).split("\n") if file.is_file() else []) if line.strip()]
    held = [line + "\n" for line in kept if _source(line) != source]
    held += [json.dumps(row, ensure_ascii=not _plain(row)) + "\n" for row in rows]
    if held:
        write_text(file, "".join(held))
    else:
        file.unlink(missing_ok=True)


def _source(line: str) -> str:
    """Whose a line of a quarantine file is; empty where it does not say so."""
    try:
        return str(strict_json.loads(line)["source"])
    except (ValueError, LookupError, TypeError):
        return ""


def conversion_quarantine(dst: Path, target: str) -> Path:
    """Where a conversion keeps what was put aside: `DST.quarantine.jsonl`, of a project in `annotate/`."""
    if target == "store":
        return load_project(dst).annotate / "convert.quarantine.jsonl"
    whole = dst.resolve()
    return whole.with_name(f"{whole.name}.quarantine.jsonl")


def _plain(line: dict[str, Any]) -> bool:
    """Whether UTF-8 can hold it: half a surrogate pair it can't."""
    try:
        json.dumps(line, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def fitting(articles: Iterable[Article], setting: ConversionOptions, store: Path | None) -> Iterator[Article]:
    """The articles; after the last one error with all that they have and a schema that was asked for lacks
    (GW270), or has otherwise (see `misfits`).

    `store` is the project whose store is written: by its schema, where no other was asked for. Where
    the reading is lenient, articles that do not fit are put aside.
    """
    schema = setting.named_schema
    if schema is None and store is not None:
        schema = load_schema(load_project(store).schema_path)
    if schema is None:
        yield from articles
        return
    taken = False
    for article in articles:
        if faults := list(misfits(article, schema, whole=True)):
            setting.refuse(to_builtins(to_record(article)), *faults)
        elif setting.lenient or not setting.faults:
            taken = True
            yield article
    setting.settle(taken=taken)


def _passing(
    articles: Iterable[Article], counted: Counter[str], setting: ConversionOptions
) -> Iterator[Article]:
    """The articles on their way, counted as they were read; what must not be lost ends it before its end."""
    for article in articles:
        counted["documents"] += 1
        counted["unmarked"] += not article.annotations
        for annotation in article.annotations:
            counted["annotations"] += 1
            counted["spans"] += len(annotation.spans)
            counted["relations"] += len(annotation.relations)
        yield article
    setting.check()


def _curated(article: Article, setting: ConversionOptions) -> Article:
    best = curated(article.annotations)
    for other in article.annotations:
        if other is not best:
            setting.lose("annotations by others", f"{other.annotator}/{article.document.id}")
    return Article(article.document, (best,) if best is not None else ())
