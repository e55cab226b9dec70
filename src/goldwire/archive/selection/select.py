"""From an archive to the articles worth labelling, as files that a project takes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from goldwire import __version__, strict_json
from goldwire.archive.engine import Engine, LocalEngine
from goldwire.archive.manifest import Input, inputs_of
from goldwire.archive.output import check_place, replacing_at
from goldwire.archive.selection.choose import (
    FACTOR,
    MOST,
    ChosenArticles,
    Pool,
    Selection,
    Taken,
    choose_articles,
    selection_candidates,
)
from goldwire.archive.selection.options import Choice, wrong_choice
from goldwire.archive.selection.page import selection_page
from goldwire.archive.selection.survey import Survey, articles_at, survey, words_hash
from goldwire.archive.shards import shards_outside
from goldwire.errors import GoldwireError
from goldwire.files import read_bytes, sha256, write_text
from goldwire.model import Article, Document
from goldwire.processes import cores

#: The file that says what was chosen and how, and repeats it.
RECIPE = "selection.json"
#: The articles to label, the random share, and the page.
LABEL, TEST, PAGE = "articles.jsonl", "test.jsonl", "index.html"
#: What looking at articles imports.
_IMPORTED = ("goldwire.archive.selection.survey",)
#: The metadata that people look for first.
_FIRST = ("title", "published", "source", "language", "url")


def select(
    addresses: Sequence[str],
    folder: Path | str,
    choice: Choice,
    *,
    known: Sequence[Document] = (),
    workers: int | None = None,
    engine: Engine | None = None,
    repeat: Path | None = None,
    advance: Callable[[int], None] | None = None,
) -> Selection:
    """Choose from the archive at `addresses`, and write `folder`, a path or an address: articles to label, a
    random share as a test pool, a page, and the file that repeats the choice. The same archive, choice and
    `known` give the same bytes.

    The archive is read twice, and neither time held: once for some 50 bytes of each article, once for the
    texts of the few that may be taken. None is taken whose text, nearly its text, or id is among the `known`
    documents. Articles are looked at by so many `workers`, processes on this machine (default: one a core),
    or by another `engine`. With `repeat`, a former selection's file, `choice` is that one's. Raises GW940 to
    GW943 and GW950 for the archive, GW956 where it is not the one of `repeat`, GW957 where the folder is
    somebody else's, GW955 for a choice that can't be met at all.
    """
    check_place(folder, RECIPE, code="GW957", content="a selection")
    shards = shards_outside(addresses, folder)
    inputs = inputs_of(shards, [shard.sha256() for shard in shards])
    if repeat is not None:
        choice, known = _repeated(repeat, inputs, known)
    choice.check()
    engine = engine or LocalEngine(workers or cores(), imported=_IMPORTED)
    seen = survey(shards, choice, engine, advance)
    if not len(seen):
        faults = [fault for each in seen.refused for fault in each.faults[:1]]
        told = ", ".join(f"{why}: {number}" for why, number in sorted(seen.out.items()))
        hint = "what the options ask for must be in the metadata" if seen.out else "the archive is empty"
        raise GoldwireError(*wrong_choice(f"no article is in question ({told})", hint).faults, *faults)
    _check_fields(seen, choice)
    chosen, is_exhausted = _chosen(seen, choice, known)
    if not chosen.taken:
        reasons = seen.out + seen.unfit + chosen.left
        told = ", ".join(f"{why}: {number}" for why, number in sorted(reasons.items()) if number)
        raise wrong_choice(f"no article is left to choose ({told})", "ask for less")
    selection = Selection(
        choice=choice,
        inputs=inputs,
        chosen=chosen,
        read=seen.articles,
        population=len(seen),
        out=seen.out,
        unfit=seen.unfit,
        is_exhausted=is_exhausted,
        refused=[str(fault) for each in seen.refused for fault in each.faults[:1]],
    )
    with replacing_at(folder, RECIPE, code="GW957") as new:
        for name, pool in ((LABEL, "label"), (TEST, "test")):
            rows = [_row(each, choice) for each in chosen.taken if each.pool == pool]
            write_text(new / name, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        write_text(new / PAGE, selection_page(selection))
        recipe = {
            "goldwire": __version__,
            "choice": choice.as_dict(),
            "inputs": [msgspec.to_builtins(each) for each in inputs],
            "known": _hashes(known),
            **selection.as_json(),
        }
        write_text(new / RECIPE, json.dumps(recipe, ensure_ascii=False, indent=1) + "\n")
    return selection


def _check_fields(seen: Survey, choice: Choice) -> None:
    """Raise GW955 for a field to spread by, or to bound, that no article of the population has."""
    for names, values in ((choice.by, seen.cells), ([name for name, _ in choice.at_most], seen.caps)):
        for name, column in zip(names, zip(*values, strict=True), strict=False):
            if name != "keyword" and not any(column):
                hint = "source, language, year, month, length, keyword, or another field of the metadata"
                raise wrong_choice(f"no article in question has a `{name}`", hint)


def _chosen(seen: Survey, choice: Choice, known: Sequence[Document]) -> tuple[ChosenArticles, bool]:
    """What is chosen of a survey, and whether no other article fits where that is less than was asked for.

    The texts of some candidates are read; of more, where so many of these are near copies that others may be
    had.
    """
    hashes = [words_hash(document.text) for document in known]
    articles: dict[int, Article] = {}
    factors: dict[Pool, int] = {"test": FACTOR, "label": FACTOR}
    while True:
        left: Counter[str] = Counter()
        candidates = selection_candidates(seen, choice, hashes, left, factors)
        unread = np.setdiff1d(candidates.places, np.array(list(articles), np.int64))
        articles |= articles_at(seen, unread, choice)
        chosen = choose_articles(seen, choice, candidates, articles, known, left)
        short = [pool for pool, number in candidates.possible.items() if len(chosen.pool(pool)) < number]
        short = [pool for pool in short if pool not in candidates.whole]
        if not short or len(candidates.places) >= MOST:
            return chosen, not short
        factors |= {pool: factors[pool] * FACTOR for pool in short}


def _row(each: Taken, choice: Choice) -> dict[str, Any]:
    """An article as `goldwire seeds add` takes it; its metadata say which pool it was taken into."""
    meta = {key: value for key, value in each.document.meta.items() if key not in ("sha256", "text", "id")}
    first = {key: meta.pop(key) for key in _FIRST if key in meta}
    stratum = dict(zip(choice.by, each.stratum, strict=True))
    chosen = {"selection_pool": each.pool} | ({"selection_stratum": stratum} if stratum else {})
    return {"id": each.document.id, **first, **meta, **chosen, "text": each.document.text}


def _hashes(documents: Sequence[Document]) -> dict[str, str]:
    return {document.id: sha256(document.text) for document in documents}


def _repeated(
    path: Path, inputs: Sequence[Input], known: Sequence[Document]
) -> tuple[Choice, list[Document]]:
    """The choice of a former selection, and those of the `known` documents that were known to it; what the
    project has got since, as what was chosen, plays no part.

    Raises GW956 where the archive has changed since, or a document that was known then.
    """
    try:
        stored = strict_json.loads(read_bytes(path))
        choice = Choice.of(stored["choice"], str(path))
        before = {each["name"]: each["sha256"] for each in stored["inputs"]}
        had = dict(stored["known"])
    except (ValueError, KeyError, TypeError) as error:
        hint = "a selection.json that goldwire seeds select wrote"
        raise wrong_choice(f"no selection: {error}", hint, str(path)) from None
    now = {each.name: each.sha256 for each in inputs}
    changed = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    if changed:
        message = f"the archive is another than that of {path}: {changed[0]} differs"
        hint = "name the same archive, or choose anew without --repeat"
        raise GoldwireError.of("GW956", message, hint=hint)
    hashes = _hashes(known)
    if gone := [name for name, digest in had.items() if hashes.get(name) != digest]:
        message = (
            f"the project is another than that of {path}: its article `{gone[0]}` differs or is not there"
        )
        hint = "call it in that project, or with --project; or choose anew without --repeat"
        raise GoldwireError.of("GW956", message, hint=hint)
    return choice, [document for document in known if document.id in had]
