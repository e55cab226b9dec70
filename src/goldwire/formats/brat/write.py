"""brat standoff, written: a folder of `.txt` and `.ann` with `annotation.conf` and `visual.conf`.

One annotator's files lie in the folder itself, those of several in a folder each; a document that nobody
annotated is a `.txt` alone. Spans of layers whose relations lead elsewhere are events, their relations roles;
other relations are arrows. Flags and choices are attributes, ids of a registry normalisations, other texts
notes named like the attribute; what is no text goes into one note as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from goldwire.files import file_names
from goldwire.formats._beyond import lose_beyond
from goldwire.formats._escape import escape
from goldwire.formats.brat.conf import BratNames, annotation_conf, value_name, visual_conf
from goldwire.formats.folder import writing_folder
from goldwire.formats.inferred_schema import spooled
from goldwire.formats.options import ConversionOptions
from goldwire.model import Annotation, Article, AttributeValue, Span

#: The type of the note that holds attributes which are no text.
REST = "goldwire"
_WORD = re.compile(r"[\w.:@+-]+", re.ASCII)


def write_brat(path: Path, articles: Iterable[Article], setting: ConversionOptions) -> int:
    """Articles to a folder; the number of `.ann` files. Raises GW271 where the folder holds others."""
    listed, schema = spooled(articles, setting)
    names = BratNames(schema)
    annotators = sorted({a.annotator for article in listed for a in article.annotations})
    files = file_names(listed.ids)
    folders = file_names(annotators)
    count = 0
    with writing_folder(path, (".txt", ".ann"), setting) as folder:
        for annotator in annotators or [""]:
            place = folder / folders[annotator] if len(annotators) > 1 else folder
            place.mkdir(exist_ok=True)
            (place / "annotation.conf").write_bytes(annotation_conf(names, annotator).encode())
            (place / "visual.conf").write_bytes(visual_conf(names).encode())
        for article in listed:
            lose_beyond(article, setting)
            document, name = article.document, files[article.document.id]
            if name != document.id:
                setting.lose("document id that can't be a file's name", document.id)
            mark = "\ufeff" if document.text.startswith("\ufeff") else ""  # readers take the first one away
            if not article.annotations:
                (folder / f"{name}.txt").write_bytes((mark + document.text).encode())
            for annotation in article.annotations:
                place = folder / folders[annotation.annotator] if len(annotators) > 1 else folder
                if annotation.schema != names.schema.id:
                    setting.lose("schema named", f"{annotation.annotator}/{document.id} {annotation.schema}")
                (place / f"{name}.txt").write_bytes((mark + document.text).encode())
                lines = ann_lines(annotation, document.text, names)
                (place / f"{name}.ann").write_bytes("".join(f"{line}\n" for line in lines).encode())
                count += 1
        setting.check()
    return count


def ann_lines(annotation: Annotation, text: str, names: BratNames) -> Iterator[str]:
    """The lines of an `.ann` file, in the spans' order."""
    texts = {span.id: f"T{number}" for number, span in enumerate(annotation.spans, start=1)}
    events = [span for span in annotation.spans if span.layer in names.event_layers]
    shown = texts | {span.id: f"E{number}" for number, span in enumerate(events, start=1)}
    roles: dict[str, list[str]] = {span.id: [] for span in events}
    arrows: list[str] = []
    for relation in annotation.relations:
        if relation.head in roles:
            role = names.role(relation.label)
            used = sum(re.fullmatch(rf"{role}\d*", each.partition(":")[0]) is not None
                       for each in roles[relation.head])  # fmt: skip
            roles[relation.head].append(f"{role}{used + 1 if used else ''}:{shown[relation.tail]}")
        else:
            ends = f"Arg1:{shown[relation.head]} Arg2:{shown[relation.tail]}"
            arrows.append(f"R{len(arrows) + 1}\t{names.role(relation.label)} {ends}")
    for span in annotation.spans:
        extents = list(fragments(text, span))
        places = ";".join(f"{start} {end}" for start, end in extents)
        said = " ".join(re.sub(r"[\t\r\n]", " ", text[start:end]) for start, end in extents)
        yield f"{texts[span.id]}\t{names.type(span.layer, span.label)} {places}\t{said}"
    for span in events:
        trigger = f"{names.type(span.layer, span.label)}:{texts[span.id]}"
        yield f"{shown[span.id]}\t{' '.join([trigger, *roles[span.id]])}"
    yield from arrows
    yield from _attributes(annotation, text, names, shown)


def fragments(text: str, span: Span) -> Iterator[tuple[int, int]]:
    """A span's extents, one a line of the text, as brat wants them; whole where it begins or ends in one."""
    marked = text[span.start : span.end]
    lines = list(re.finditer(r"[^\n]+", marked))
    if "\n" not in marked or marked[0] == "\n" or marked[-1] == "\n":
        yield span.start, span.end
        return
    for line in lines:
        yield span.start + line.start(), span.start + line.end()


def _attributes(annotation: Annotation, text: str, names: BratNames, shown: dict[str, str]) -> Iterator[str]:
    marks: list[str] = []
    links: list[str] = []
    notes: list[str] = []
    for span in annotation.spans:
        beyond: dict[str, AttributeValue] = {}
        kinds = names.schema.layers[span.layer].attributes
        references = {key: registry for registry, key in names.references.get(span.layer, {}).items()}
        for key, value in span.attributes.items():
            name, target = escape(key), shown[span.id]
            if value is True:
                marks.append(f"{name} {target}")
            elif not isinstance(value, str):
                beyond[key] = value
            elif kinds[key].kind == "choice":
                marks.append(f"{name} {target} {value_name(value)}")
            elif key in references and _WORD.fullmatch(value):
                said = re.sub(r"[\t\r\n]", " ", text[span.start : span.end])
                links.append(f"Reference {target} {references[key]}:{value}\t{said}")
            elif value and not re.search(r"[\t\r\n]", value) and name != REST:
                notes.append(f"{name} {target}\t{value}")
            else:
                beyond[key] = value
        if beyond:
            notes.append(f"{REST} {shown[span.id]}\t{json.dumps(beyond, ensure_ascii=True, sort_keys=True)}")
    for letter, lines in (("A", marks), ("N", links), ("#", notes)):
        yield from (f"{letter}{number}\t{line}" for number, line in enumerate(lines, start=1))
