"""How often the right id is among the first candidates, leaving one article out, and how long one takes.

`python -m benchmarks.candidates [PROJECT] [--entries 10000] [--json FILE]`. Of each article the most trusted
annotation is taken. Its candidates rest on the other articles, and on the registry as it is or without the
entries and spellings that no other article has; either only the sure mentions of the article are settled, or
all before the one that is asked for. The registry for the time has made-up entries beside the project's.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotations.candidates import Candidates, Known
from goldwire.annotations.ids import id_attributes
from goldwire.annotations.store import project_articles
from goldwire.model import Article, curated, span_key
from goldwire.project import load_project
from goldwire.schemas import load_schema
from goldwire.schemas.load import load_registries
from goldwire.schemas.schema import RegistryEntry, Schema
from goldwire.text import wording

Registries = dict[str, dict[str, RegistryEntry]]


def without(
    schema: Schema, registries: Mapping[str, Mapping[str, RegistryEntry]], others: Sequence[Article]
) -> Registries:
    """The registries as they would be without an article: what others mention, by the names they use."""
    attributes = id_attributes(schema)
    words: dict[tuple[str, str], set[str]] = {}
    for article in others:
        reading = curated(article.annotations)
        for span in reading.spans if reading else ():
            for name, registry in attributes.get(span.layer, {}).items():
                if isinstance(value := span.attributes.get(name), str):
                    said = wording(article.document.text[span.start : span.end])
                    words.setdefault((registry, value), set()).add(said)
    return {
        name: {
            key: msgspec.structs.replace(
                entry, names=[n for n in entry.names if wording(n) in words.get((name, key), ())]
            )
            for key, entry in entries.items()
            if (name, key) in words
        }
        for name, entries in registries.items()
    }


def measured(
    schema: Schema,
    registries: Mapping[str, Mapping[str, RegistryEntry]],
    articles: Sequence[Article],
    *,
    as_one_goes: bool,
    strict: bool,
) -> dict[str, Counter[str]]:
    """By attribute: mentions, those whose id can be found, right at 1, among 3, sure, and sure and right."""
    counts: dict[str, Counter[str]] = {}
    for article in articles:
        others = [other for other in articles if other is not article]
        known_registries = without(schema, registries, others) if strict else registries
        candidates = Candidates(schema, known_registries, others)
        reading = curated(article.annotations)
        known: list[Known] = []
        for span in sorted(reading.spans, key=span_key) if reading else ():
            for name, registry in id_attributes(schema).get(span.layer, {}).items():
                right = span.attributes.get(name)
                ranked = candidates.rank(article.document, span, name, known, 3)
                sure = bool(ranked) and ranked[0].sure
                if isinstance(right, str):
                    count = counts.setdefault(name, Counter())
                    count["mentions"] += 1
                    count["known"] += right in known_registries[registry]
                    count["at 1"] += [c.id for c in ranked[:1]] == [right]
                    count["at 3"] += right in [c.id for c in ranked]
                    count["sure"] += sure
                    count["sure and right"] += sure and ranked[0].id == right
                    if as_one_goes:
                        known.append(Known(span, right))
                    elif sure:
                        known.append(Known(span, ranked[0].id))
                elif sure:
                    counts.setdefault(name, Counter())["sure of none"] += 1
    return counts


def seconds(
    schema: Schema, registries: Registries, articles: Sequence[Article], entries: int
) -> dict[str, Any]:
    """The time that making an index takes, and asking it for each mention of the articles."""
    chance = random.Random(0)
    syllables = [a + b for a in "bcdfglmnprstvz" for b in "aeiou"]
    name, known = max(registries.items(), key=lambda item: len(item[1]))
    labels = [label for entry in known.values() for label in entry.labels]
    made = dict(known)
    while len(made) < entries:
        words = ["".join(chance.choices(syllables, k=chance.randint(2, 4))).title() for _ in range(3)]
        key = ".".join(words).lower()
        made[key] = RegistryEntry(key, chance.choice(labels), names=[" ".join(words[:2]), words[2]])
    begun = time.perf_counter()
    candidates = Candidates(schema, {**registries, name: made}, articles)
    building = time.perf_counter() - begun
    asked = []
    for article in articles:
        reading = curated(article.annotations)
        known_here = candidates.known(reading) if reading else []
        for span in reading.spans if reading else ():
            for attribute in id_attributes(schema).get(span.layer, {}):
                begun = time.perf_counter()
                candidates.rank(article.document, span, attribute, known_here, 3)
                asked.append(time.perf_counter() - begun)
    asked.sort()
    return {
        "entries": len(made),
        "index": building,
        "median": statistics.median(asked),
        "slowest": asked[-1],
        "asked": len(asked),
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", nargs="?", type=Path, default=Path())
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    project = load_project(given.project)
    schema = load_schema(project.schema_path)
    registries = load_registries(schema, project.schema_path)
    articles = project_articles(project)
    told: dict[str, Any] = {}
    for strict in (False, True):
        for as_one_goes in (False, True):
            registry = "registry without the article" if strict else "whole registry"
            case = f"{registry}, {'earlier mentions settled' if as_one_goes else 'nothing settled'}"
            counts = measured(schema, registries, articles, as_one_goes=as_one_goes, strict=strict)
            told[case] = {name: dict(count) for name, count in counts.items()}
            for name, count in counts.items():
                print(f"{case:55} {name:10}", "  ".join(f"{what} {count[what]}" for what in _COLUMNS))
    told["time"] = seconds(schema, registries, articles, given.entries)
    print(" ".join(f"{key} {value:.4g}" for key, value in told["time"].items()))
    if given.json:
        given.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


_COLUMNS = ("mentions", "known", "at 1", "at 3", "sure", "sure and right", "sure of none")

if __name__ == "__main__":
    main()
