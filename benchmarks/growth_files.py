"""One long document in each format: with goldwire's own writer, or as the tool that has none writes it."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

#: What each format is written to and read from: the ending of its path; a folder has none.
ENDINGS = {
    "jsonl": ".jsonl",
    "labelstudio": ".json",
    "brat": "",
    "conll": ".conll",
    "docbin": ".spacy",
    "parquet": ".parquet",
    "cas": "",
    "webanno_tsv": "",
    "doccano": ".jsonl",
    "prodigy": ".jsonl",
    "spacy": ".json",
    "conllu": ".conllu",
    "huggingface": ".json",
    "csv": ".csv",
    "bioc": ".xml",
    "pubtator": ".pubtator",
}
#: A sentence has so many words; a span stands at every so manieth word, a relation at every third span.
SENTENCE, SPAN, RELATION = 12, 13, 3
_LABELS = 5
#: The last word: composed, and as it stands in formats that keep the raw text.
_LAST, _RAW = "Rémy", "Re\u0301my"


class Text(NamedTuple):
    """The words of a document, a blank between them, where each begins, which are marked and with what."""

    words: list[str]
    starts: list[int]
    marked: dict[int, str]

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(self.words)

    def extent(self, number: int) -> tuple[int, int]:
        """Where a word stands, without a full stop behind it."""
        return self.starts[number], self.starts[number] + len(self.words[number].rstrip("."))

    def relations(self) -> Iterator[tuple[int, int]]:
        """The pairs of marked words that are related."""
        numbers = list(self.marked)
        yield from zip(numbers[::RELATION], numbers[1::RELATION], strict=False)


def text_of(tokens: int) -> Text:
    """A text of so many tokens, the same each time."""
    rng = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    vocabulary = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(5000)]
    words = [
        word + ("." if number % SENTENCE == SENTENCE - 1 else "")
        for number, word in enumerate(rng.choices(vocabulary, k=tokens))
    ]
    words[-1] = _LAST
    starts, length = [], 0
    for word in words:
        starts.append(length)
        length += len(word) + 1
    marked = {number: f"L{at % _LABELS}" for at, number in enumerate(range(0, tokens - 1, SPAN))}
    return Text(words, starts, marked)


def write(path: Path, name: str, tokens: int) -> None:
    """One document of so many tokens in a format."""
    whole = text_of(tokens)
    if name in BY_HAND:
        BY_HAND[name](path, whole._replace(words=[*whole.words[:-1], _RAW]))
    else:
        _with_writer(path, name, whole)


def _with_writer(path: Path, name: str, whole: Text) -> None:
    from goldwire.files import sha256
    from goldwire.formats.options import ConversionOptions
    from goldwire.formats.registry import FORMATS
    from goldwire.model import Annotation, Article, Document, Relation, Span

    spans = tuple(
        Span(f"T{number + 1}", "entity", label, *whole.extent(word))
        for number, (word, label) in enumerate(whole.marked.items())
    )
    relations = tuple(
        Relation("with", f"T{a // SPAN + 1}", f"T{b // SPAN + 1}") for a, b in whole.relations()
    )
    annotation = Annotation(
        "d", "a", "bench@1", spans=spans, relations=relations, text_sha256=sha256(whole.text)
    )
    FORMATS[name].write(
        path, [Article(Document("d", whole.text), (annotation,))], ConversionOptions(language="xx")
    )
    for raw in [path] if path.suffix == ".conll" else path.rglob("*.txt") if path.is_dir() else []:
        raw.write_text(raw.read_text(encoding="utf-8").replace(_LAST, _RAW), encoding="utf-8")


def _cas(path: Path, whole: Text) -> None:
    """The type system is goldwire's; the document, which its writer makes in minutes, is as that does."""
    _with_writer(path, "cas", text_of(100))
    lines = [
        "<?xml version='1.0' encoding='UTF-8'?>",
        '<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore" '
        'xmlns:type="http:///de/tudarmstadt/ukp/dkpro/core/api/segmentation/type.ecore" '
        'xmlns:custom="http:///webanno/custom.ecore" xmi:version="2.0">',
        '<cas:NULL xmi:id="0"/>',
    ]
    first = 2  # 1 is the text
    for number, (start, form) in enumerate(zip(whole.starts, whole.words, strict=True), start=first):
        lines.append(f'<type:Token xmi:id="{number}" sofa="1" begin="{start}" end="{start + len(form)}"/>')
    ids: dict[int, int] = {}
    for word, label in whole.marked.items():
        start, end = whole.extent(word)
        number = ids[word] = first + len(whole.words) + len(ids)
        lines.append(
            f'<custom:entity xmi:id="{number}" sofa="1" begin="{start}" end="{end}" label="{label}"/>'
        )
    relations = list(whole.relations())
    for number, (head, tail) in enumerate(relations, start=first + len(whole.words) + len(ids)):
        start, end = whole.extent(tail)
        lines.append(
            f'<custom:Relation xmi:id="{number}" sofa="1" begin="{start}" end="{end}" '
            f'Governor="{ids[head]}" Dependent="{ids[tail]}" label="with"/>'
        )
    members = " ".join(map(str, range(first, first + len(whole.words) + len(ids) + len(relations))))
    lines += [
        '<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" mimeType="text/plain" '
        f'sofaString="{escape(whole.text)}"/>',
        f'<cas:View sofa="1" members="{members}"/></xmi:XMI>',
    ]
    (path / "d" / "a.xmi").write_text("\n".join(lines), encoding="utf-8")


def _spacy(path: Path, whole: Text) -> None:
    """A tuple of the text and its entities."""
    entities = [[*whole.extent(word), label] for word, label in whole.marked.items()]
    path.write_text(json.dumps([[whole.text, {"entities": entities}]]), encoding="utf-8")


def _conllu(path: Path, whole: Text) -> None:
    """Sentences with entities in MISC."""
    lines = ["# global.Entity = eid-etype", "# newdoc id = d"]
    for first in range(0, len(whole.words), SENTENCE):
        for number, word in enumerate(whole.words[first : first + SENTENCE], start=1):
            label = whole.marked.get(first + number - 1)
            misc = f"Entity=(e{first + number}-{label})" if label else "_"
            lines.append("\t".join([str(number), word, *"_" * 7, misc]))
        lines.append("")
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def _huggingface(path: Path, whole: Text) -> None:
    """One row of all tokens."""
    tags = [
        f"B-{whole.marked[number]}" if number in whole.marked else "O" for number in range(len(whole.words))
    ]
    row = {"id": "d", "tokens": whole.words, "ner_tags": tags}
    path.write_text(json.dumps([row]), encoding="utf-8")


def _csv(path: Path, whole: Text) -> None:
    """A span a row, the text beside the table."""
    path.with_name("d.txt").write_text(whole.text, encoding="utf-8")
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["document", "start", "end", "label", "mention"])
        for word, label in whole.marked.items():
            table.writerow(["d", *whole.extent(word), label, whole.words[word].rstrip(".")])


def _bioc(path: Path, whole: Text) -> None:
    """One passage in sentences, its annotations at the passage, relations at the document."""
    parts = ["<?xml version='1.0'?><!DOCTYPE collection SYSTEM 'BioC.dtd'><collection><source>s</source>"]
    parts.append("<document><id>d</id><passage><offset>0</offset>")
    for first in range(0, len(whole.words), SENTENCE):
        sentence = escape(" ".join(whole.words[first : first + SENTENCE]))
        parts.append(f"<sentence><offset>{whole.starts[first]}</offset><text>{sentence}</text></sentence>")
    for word, label in whole.marked.items():
        start, end = whole.extent(word)
        parts.append(
            f'<annotation id="T{word}"><infon key="type">{label}</infon><location offset="{start}" '
            f'length="{end - start}"/><text>{whole.words[word].rstrip(".")}</text></annotation>'
        )
    parts.append("</passage>")
    for head, tail in whole.relations():
        parts.append(
            f'<relation id="R{head}"><infon key="type">with</infon><node refid="T{head}" role="a"/>'
            f'<node refid="T{tail}" role="b"/></relation>'
        )
    path.write_text("\n".join([*parts, "</document></collection>"]), encoding="utf-8")


def _pubtator(path: Path, whole: Text) -> None:
    """A title of one word, the abstract, a line for each mention."""
    title, text = whole.words[0], whole.text
    lines = [f"d|t|{title}", f"d|a|{text[len(title) + 1 :]}"]
    for word, label in whole.marked.items():
        start, end = whole.extent(word)
        lines.append(f"d\t{start}\t{end}\t{text[start:end]}\t{label}\tC{word}")
    lines += [f"d\twith\tC{head}\tC{tail}" for head, tail in whole.relations()]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


BY_HAND: dict[str, Callable[[Path, Text], None]] = {
    "cas": _cas,
    "spacy": _spacy,
    "conllu": _conllu,
    "huggingface": _huggingface,
    "csv": _csv,
    "bioc": _bioc,
    "pubtator": _pubtator,
}
