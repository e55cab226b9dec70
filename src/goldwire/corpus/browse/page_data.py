"""What the pages' scripts read: the schema, the frames of the whole corpus, the marks of one article."""

from __future__ import annotations

import colorsys
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from goldwire.corpus.browse.argument_roles import Frame
from goldwire.corpus.browse.events import Entries
from goldwire.model import Annotation, Article
from goldwire.schemas import Schema

#: The layer, in the scripts' eyes, of relations that need no frame.
DIRECT = "→"
#: How layers look in the text, by their place in the schema: line, tint, dashes, dots, double.
STYLES = 5
#: The grounds that leave labels the least contrast, as the style sheet has them: paper, and a card by night.
LIGHT, DARK = "#fbfaf7", "#1c1f25"
#: WCAG 2.2, 1.4.3: the contrast of small text.
CONTRAST = 4.5


def script(name: str, value: Any) -> str:
    """A script that sets `goldwire.NAME`. No `<` stands in it."""
    return f"(window.goldwire = window.goldwire || {{}}).{name} = {dumps(value)};\n"


def write_script(path: Path, name: str, value: Any, part: int | str | None = None) -> None:
    """Write a script that sets `goldwire.NAME`, or one `part` of it, into a folder made if need be."""
    if part is None:
        text = script(name, value)
    else:
        text = f"(goldwire.{name} = goldwire.{name} || {{}})[{dumps(part)}] = {dumps(value)};\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def dumps(value: Any) -> str:
    """JSON that can stand inside a `script` element: no `<`, `>` or `&`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def label_numbers(schema: Schema) -> dict[tuple[str, str], int]:
    """A number for each label of each layer, in the schema's order: the name of its colour's class."""
    numbers: dict[tuple[str, str], int] = {}
    for layer, about in schema.layers.items():
        for label in about.labels:
            numbers[layer, label] = len(numbers)
    return numbers


def mark_classes(schema: Schema) -> dict[tuple[str, str], str]:
    """The classes of a mark: `cN` for its colour, `yN` for its layer's looks."""
    places = {layer: index % STYLES for index, layer in enumerate(schema.layers)}
    return {key: f"c{number} y{places[key[0]]}" for key, number in label_numbers(schema).items()}


def label_css(schema: Schema) -> str:
    """The colours of all labels, readable on light ground, and again on dark."""
    light, dark = [".c, mark { --c: var(--edge); }"], []
    for (layer, label), number in label_numbers(schema).items():
        color = schema.layers[layer].labels[label].color
        light.append(f".c{number} {{ --c: {readable(color, LIGHT)}; }}")
        dark.append(f".c{number} {{ --c: {readable(color, DARK)}; }}")
    inner = "\n".join(f"  {line}" for line in dark)
    return "\n".join(light) + f"\n@media (prefers-color-scheme: dark) {{\n{inner}\n}}\n"


def luminance(color: str) -> float:
    """The relative luminance of `#rrggbb`, in [0, 1] (WCAG 2.2)."""
    channels = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def readable(color: str, ground: str, wanted: float = CONTRAST) -> str:
    """The colour, its lightness changed as little as it takes for `wanted` contrast on `ground`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(
        *(int(color[index : index + 2], 16) / 255 for index in (1, 3, 5))
    )
    step = -0.01 if luminance(ground) > 0.5 else 0.01
    shade = color
    while contrast(shade, ground) < wanted and 0 <= lightness <= 1:
        lightness += step
        rgb = colorsys.hls_to_rgb(hue, min(max(lightness, 0), 1), saturation)
        shade = "#" + "".join(f"{round(channel * 255):02x}" for channel in rgb)
    return shade


def schema_payload(schema: Schema, frames: Sequence[Frame]) -> dict[str, Any]:
    """Layers with their labels and attributes, relations, and the frames with the names of their roles."""
    numbers = label_numbers(schema)
    layers: dict[str, Any] = {}
    for index, (name, layer) in enumerate(schema.layers.items()):
        layers[name] = {
            "title": layer.title,
            "style": index % STYLES,
            "labels": {
                code: {
                    "name": label.name,
                    "definition": label.definition,
                    "index": numbers[name, code],
                    "colors": [readable(label.color, LIGHT), readable(label.color, DARK)],
                }
                for code, label in layer.labels.items()
            },
            "attributes": {
                code: {"title": about.title, "default": about.default, "defaults": about.defaults}
                for code, about in layer.attributes.items()
            },
        }
    listed = [
        {"layer": f.layer, "source": f.source, "target": f.target, "date": f.date, "place": f.place}
        | {"dated": f.dated}
        for f in frames
    ]
    if direct := direct_relations(schema):
        labels = {
            name: {"name": schema.relations[name].name, "definition": schema.relations[name].definition}
            | {"index": -1, "colors": ["#5c636e", "#a3a9b4"]}
            for name in direct
        }
        layers[DIRECT] = {"title": "relations", "style": 0, "labels": labels, "attributes": {}}
        listed.append({"layer": DIRECT, "dated": False})
    relations = {
        name: {"name": kind.name, "definition": kind.definition} for name, kind in schema.relations.items()
    }
    return {"layers": layers, "relations": relations, "frames": listed}


def direct_relations(schema: Schema) -> list[str]:
    """The relations that may join spans of one layer."""
    return [
        name
        for name, kind in schema.relations.items()
        if {end.layer for end in kind.head} & {end.layer for end in kind.tail}
    ]


def title_of(article: Article) -> str:
    """An article's title, or its id."""
    return str(article.document.meta.get("title") or article.document.id)


def article_payload(
    article: Article, annotations: Iterable[Annotation], schema: Schema, entries: Entries, language: str
) -> dict[str, Any]:
    """The marks and relations of each reading; `names` tells what the ids stand for."""
    text = article.document.text
    readings: list[dict[str, Any]] = []
    names: dict[str, dict[str, str]] = {}
    for annotation in annotations:
        spans: dict[str, list[Any]] = {}
        for span in sorted(annotation.spans, key=lambda s: (s.start, -s.end, s.id)):
            words = " ".join(text[span.start : span.end].split())
            spans[span.id] = [span.layer, span.label, span.start, span.end, words, span.attributes]
            for name, about in schema.attributes(span.layer).items():
                value = span.attributes.get(name)
                entry = entries.get(about.registry or "", {}).get(value, {}) if isinstance(value, str) else {}
                if entry.get("name"):
                    names.setdefault(name, {})[str(value)] = entry["name"]
        relations = [[relation.label, relation.head, relation.tail] for relation in annotation.relations]
        reading = {"annotator": annotation.annotator, "status": annotation.status}
        readings.append({**reading, "spans": spans, "relations": relations})
    return {"language": language, "schemaLanguage": schema.language, "names": names, "readings": readings}
