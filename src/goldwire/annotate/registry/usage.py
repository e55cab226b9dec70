"""Where ids stand: in which annotation, on which span, with which words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from goldwire.annotate.annotation_files import annotation_files
from goldwire.annotations.ids import id_attributes
from goldwire.errors import Fault, GoldwireError, one_of
from goldwire.files import sha256
from goldwire.model import Annotation, Document, Span
from goldwire.project import Project
from goldwire.schemas import load_schema
from goldwire.schemas.registry_file import Entry, RegistryFile
from goldwire.seeds import load_seeds


class Mention(NamedTuple):
    """An id on a span; `words` are empty where the annotated text is not the article's any more."""

    path: Path
    annotation: Annotation
    span: Span
    attribute: str
    registry: str
    id: str
    words: str


class Ids:
    """The ids of a project: its registries' files, and every mention in what it keeps."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.schema = load_schema(project.schema_path)
        folder = project.schema_path.parent
        self.files = {name: RegistryFile(folder / file) for name, file in self.schema.registries.items()}
        self.documents = {document.id: document for document in load_seeds(project)}
        self.kept = list(annotation_files(project))
        self.mentions = list(self._mentions())

    def _mentions(self) -> Iterator[Mention]:
        hashes = {name: sha256(document.text) for name, document in self.documents.items()}
        attributes = id_attributes(self.schema)
        for path, annotation in self.kept:
            document = self.documents.get(annotation.document)
            same = document is not None and annotation.text_sha256 in ("", hashes[annotation.document])
            for span in annotation.spans:
                for name, registry in attributes.get(span.layer, {}).items():
                    value = span.attributes.get(name)
                    if isinstance(value, str) and value:
                        words = span_words(document, span) if document is not None and same else ""
                        yield Mention(path, annotation, span, name, registry, value, words)

    def registry_of(self, name: str, named_registry: str = "") -> str:
        """The registry that has an id, else whose attributes bear it; `named_registry` where it was named.

        Raises GW791 where nothing has the id, or several registries do and none was named.
        """
        if named_registry and named_registry not in self.files:
            raise GoldwireError(not_there(f"no registry `{named_registry}`", one_of(self.files)))
        having = [registry for registry, file in self.files.items() if name in file.by_id]
        bearing = {mention.registry for mention in self.mentions if mention.id == name}
        registries = having or sorted(bearing)
        if named_registry and (named_registry in having or named_registry in bearing):
            return named_registry
        if named_registry or not registries:
            where = f"registry `{named_registry}`" if named_registry else "registry"
            message = f"no {where} and no annotation has the id `{name}`"
            raise GoldwireError(not_there(message, "look it up: goldwire registry review, or the registry"))
        if len(registries) > 1:
            message = f"`{name}` is an id of {' and '.join(registries)}"
            raise GoldwireError(not_there(message, "say which: --registry NAME"))
        return registries[0]


def not_there(message: str, hint: str) -> Fault:
    """The fault of an id, an article or a registry that is not there, or not one."""
    return Fault("GW791", message, "", hint)


def span_words(document: Document, span: Span) -> str:
    """What a span marks."""
    return document.text[span.start : span.end]


def bare(words: str) -> str:
    """Words to compare by: whatever their case and the white space between them."""
    return " ".join(words.casefold().split())


def labels_in(entry: Mapping[str, object]) -> list[str]:
    """The labels that a registry's entry names."""
    label = entry.get("label") or []
    return [str(each) for each in label] if isinstance(label, list) else [str(label)]


def names_in(entry: Mapping[str, object]) -> list[str]:
    """The spellings that a registry's entry names, its `name` first."""
    names = entry.get("names") or []
    listed = names if isinstance(names, list) else [names]
    return list(dict.fromkeys(str(each) for each in [entry.get("name"), *listed] if each))


def entry_for(entries: Sequence[Entry], name: str, mentions: Sequence[Mention]) -> Entry:
    """A registry's entry for an id, made of its mentions: labels and words, the most usual first.

    `names` lists the words where `entries`, the registry's entries, have it, or there are none.
    """
    labels = [label for label, _ in Counter(m.span.label for m in mentions).most_common()]
    words = [" ".join(w.split()) for w, _ in Counter(m.words for m in mentions if m.words).most_common()]
    entry: Entry = {"id": name, "label": labels[0] if len(labels) == 1 else labels}
    if words:
        entry["name"] = words[0]
    if words and (not entries or any("names" in other for other in entries)):
        entry["names"] = list(dict.fromkeys(words))
    return entry
