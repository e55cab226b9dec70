"""The example project's schema: what its guidelines promise holds in its articles."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

from goldwire.annotations.store import read_annotations
from goldwire.project import example_root, load_project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.schema import Counterexample, Example
from goldwire.seeds import load_seeds
from tests.shared import SHARED, needs_shared

PROJECT = load_project(example_root())
#: Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
DEFICIENCY = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@cache
def schema() -> Schema:
    """The example's schema."""
    return load_schema(PROJECT.schema_path)


@cache
def texts() -> dict[str, str]:
    """The five articles by id."""
    return {document.id: document.text for document in load_seeds(PROJECT)}


@cache
def sources() -> dict[str, str]:
    """The articles that examples name and that the project does not hold, by their number at Wikinews."""
    with (SHARED / "data/wikinews-fr/articles.jsonl").open(encoding="utf-8") as lines:
        articles = [json.loads(line) for line in lines]
    return {each["id"]: each["text"] for each in articles if each["id"] in schema().guidelines.sources}


def quotes() -> Iterator[tuple[str, str, str]]:
    """Every extract of the guidelines, with its place and the article that it names."""

    def held(place: str, examples: Sequence[Example], against: Sequence[Counterexample]) -> Iterator[Any]:
        for number, example in enumerate(examples):
            text, document = (example, "") if isinstance(example, str) else (example.text, example.document)
            yield f"{place}.examples[{number}]", text, document
        for number, item in enumerate(against):
            yield f"{place}.counterexamples[{number}]", item.text, item.document

    for name, layer in schema().layers.items():
        for key, label in layer.labels.items():
            yield from held(f"{name}.{key}", label.examples, label.counterexamples)
        for key, attribute in layer.attributes.items():
            yield from held(f"{name}.{key}", attribute.examples, attribute.counterexamples)
            for value, about in attribute.values.items():
                yield from held(f"{name}.{key}.{value}", about.examples, about.counterexamples)
    for number, case in enumerate(schema().guidelines.cases):
        yield f"cases[{number}]", case.quote, case.document


def bare(quote: str) -> str:
    """An extract without the brackets of its span, and an article without its own."""
    return re.sub(r"[\[\]]", "", quote)


def test_every_extract_of_the_guidelines_is_quoted_to_the_letter() -> None:
    """An example that no article of the project holds would teach what nobody wrote."""
    named = schema().guidelines.sources
    missing = [
        (place, quote)
        for place, quote, document in quotes()
        if document not in named
        and not any(bare(quote) in text for name, text in texts().items() if name.startswith(document))
    ]
    assert missing == []


@needs_shared("data/wikinews-fr/articles.jsonl")
def test_every_extract_of_other_articles_is_theirs_to_the_letter() -> None:
    """What names an article that the project does not hold is in that article; the worked article is whole;
    each source says title and licence."""
    about = schema().guidelines
    missing = [
        (place, quote)
        for place, quote, document in quotes()
        if document in about.sources and bare(quote) not in bare(sources()[document])
    ]
    assert missing == []
    assert about.worked is not None
    lines = " ".join(line.text for line in about.worked.lines)
    assert lines == " ".join(sources()[about.worked.document].split())
    titles = {document: text.split("\n")[0] for document, text in sources().items()}
    assert [key for key, title in titles.items() if title not in about.sources[key]] == []
    assert all("CC BY 2.5" in source for source in about.sources.values())


def test_the_schema_holds_the_labels_that_it_was_designed_with() -> None:
    """13 entity, 17 event and 4 stance labels, eight relations."""
    assert [len(layer.labels) for layer in schema().layers.values()] == [13, 17, 4]
    ends = {"actor", "recipient", "theme", "source", "location", "date", "holder", "target"}
    assert set(schema().relations) == ends


def test_one_extract_in_three_is_of_articles_that_the_rules_were_not_made_from() -> None:
    """In each layer: rules that fit the articles they are made from must fit others, too."""
    for layer in schema().layers:
        documents = [document for place, _, document in quotes() if place.startswith(f"{layer}.")]
        others = [document for document in documents if document in schema().guidelines.sources]
        assert 3 * len(others) >= len(documents), layer


def linear(color: str) -> np.ndarray:
    """`#RRGGBB` as linear RGB (the sRGB transfer function undone)."""
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear sRGB under D65."""
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = matrix @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("deficiency", list(DEFICIENCY))
def test_colours_of_a_layer_stay_apart_for_colour_blind_eyes(deficiency: str) -> None:
    """Any two labels of a layer differ by more than twice the just noticeable difference (about 2.3)."""
    for layer in schema().layers.values():
        seen = [
            lab(np.array(DEFICIENCY[deficiency]) @ linear(label.color)) for label in layer.labels.values()
        ]
        distances = [float(np.linalg.norm(a - b)) for i, a in enumerate(seen) for b in seen[:i]]
        assert min(distances) > 4.6


def test_each_label_has_its_examples_as_far_as_the_articles_hold_them() -> None:
    """Three examples and two counter-examples a label; fewer examples only where the corpus has no third."""
    counts: dict[str, int] = {}
    for annotation in read_annotations(PROJECT):
        for span in annotation.spans if annotation.provenance.based_on else ():
            counts[span.label] = counts.get(span.label, 0) + 1
    for layer in schema().layers.values():
        for name, label in layer.labels.items():
            assert len(label.examples) >= min(3, counts.get(name, 0)), name
            assert len(label.counterexamples) >= 2, name
            assert label.include and label.exclude and label.extent, name


def test_each_attribute_is_explained_with_examples() -> None:
    """Definition, three examples, two counter-examples."""
    for layer in schema().layers.values():
        for name, attribute in layer.attributes.items():
            assert attribute.definition, name
            examples = [*attribute.examples, *(e for v in attribute.values.values() for e in v.examples)]
            counter = [*attribute.counterexamples]
            counter += [c for v in attribute.values.values() for c in v.counterexamples]
            assert len(examples) >= 3, name
            assert len(counter) >= 2, name


def test_the_registries_names_stand_in_the_articles() -> None:
    """A spelling that no article has is none of theirs; Wikidata ids have Wikidata's form."""
    import yaml

    entries = yaml.safe_load((PROJECT.schema_path.parent / "actors.yaml").read_text(encoding="utf-8"))
    together = "\n".join(texts().values())
    for entry in entries:
        assert [name for name in entry["names"] if name not in together] == [], entry["id"]
        assert re.fullmatch(r"Q[1-9]\d*", entry.get("wikidata", "Q1"))
