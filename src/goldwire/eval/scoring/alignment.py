"""Documents of several files side by side: the same by id or, failing that, by their text."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import structs

from goldwire.errors import Fault, GoldwireError, by_cause, raise_faults
from goldwire.eval.scoring.pairing import first_difference
from goldwire.files import sha256
from goldwire.formats.articles import Articles
from goldwire.formats.edges import trimmed, trimmed_note
from goldwire.formats.options import ConversionOptions
from goldwire.model import Annotation, Article, Document
from goldwire.number_format import amount, counted
from goldwire.text import first_of

#: Names that a message lists.
_NAMED = 5
_IGNORE = "--ignore-space (ignore_space=True) carries the spans over by all other characters"


@dataclass(frozen=True)
class Aligned:
    """The articles of each side, their documents called and written as the first side has them.

    A document that only one side has stays as it is. `notes` say what was not matched by its id.
    """

    sides: list[Articles]
    notes: tuple[str, ...]


def side_by_side(
    sides: Sequence[Sequence[Article]],
    words: Sequence[str],
    *,
    layers: Sequence[str] | None = None,
    ignore_space: bool = False,
) -> Aligned:
    """What `align_documents` makes of articles to be scored or compared, called by their files, else `words`.

    Where no `layers` are asked for and each side has one alone, these are taken for the same (`one_layer`).
    """
    names = [getattr(side, "path", "") or word for side, word in zip(sides, words, strict=True)]
    aligned = align_documents(sides, names, ignore_space=ignore_space)
    return one_layer(aligned, names) if layers is None else aligned


def align_documents(
    sides: Sequence[Sequence[Article]], names: Sequence[str], *, ignore_space: bool = False
) -> Aligned:
    """Find the documents of the first side in the others, and those of each in the ones after it.

    Documents are the same that have id and text in common, else the text alone. A text that stands more than
    once is found by its place where both sides list the same texts in one order. With `ignore_space` texts
    may differ in white space: spans are then carried over by all other characters, exactly.

    Raises one error with all that does not fit: GW740 for texts that can't be told apart, GW741 for those
    that differ in white space alone, GW742 for a document that stands twice on its side, GW750 for an id that
    has another text.
    """
    for side, name in zip(sides, names, strict=True):
        _check_once(side, name)
    first, *others = (side if isinstance(side, Articles) else Articles(side) for side in sides)
    known = {article.document.id: article.document for article in first}
    aligned = [first]
    notes: list[str] = []
    faults: list[Fault] = []
    for number, side in enumerate(others, start=1):
        matching = _Matching(known, ", ".join(names[:number]), side, names[number], ignore_space)
        matching.match()
        faults += matching.faults
        if not matching.faults:
            aligned.append(side.holding(matching.articles()))
            notes += matching.notes()
            known |= {article.document.id: article.document for article in aligned[-1]}
    raise_faults(by_cause(faults))
    return Aligned(aligned, tuple(notes))


def one_layer(aligned: Aligned, names: Sequence[str]) -> Aligned:
    """The same, where every side has a single layer and they are called differently: by the first one's name.

    Formats that name no layer are read with one of the reader's, so that the names say nothing.
    """
    layers = [_layers(side) for side in aligned.sides]
    if any(len(layers_here) > 1 for layers_here in layers) or len(set().union(*layers)) < 2:
        return aligned
    called = next(iter(layers[0]), "")
    if not called:
        return aligned
    sides, notes = [], list(aligned.notes)
    for side, layers_here, name in zip(aligned.sides, layers, names, strict=True):
        if layers_here and layers_here != {called}:
            (other,) = layers_here
            notes.append(
                f"each side has one layer: `{other}` of {name} is taken for `{called}` of {names[0]}"
            )
            side = side.holding(_in_layer(article, called) for article in side)
        sides.append(side)
    return Aligned(sides, tuple(notes))


@dataclass
class _Matching:
    """One side on its way: for each of its articles the one of the `known` documents that it is of.

    `whose` and `name` are what messages call the two.
    """

    known: dict[str, Document]
    whose: str
    side: Sequence[Article]
    name: str
    ignore_space: bool
    found: dict[int, Document] = field(default_factory=dict)
    by_id: int = 0
    by_text: int = 0
    spaced: int = 0
    in_order: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    blank: dict[str, list[str]] = field(default_factory=dict)

    def match(self) -> None:
        """By id and text, by text, by text without its white space; then what is wrong with the rest."""
        texts = [article.document.text for article in self.side]
        known = {name: document.text for name, document in self.known.items()}
        self._by_id(texts, known)
        self._by_text(texts, known)
        if self.faults or len(self.found) == len(self.side):
            return
        exact = set(self.found)
        taken = {document.id for document in self.found.values()}
        unspaced = {name: _unspaced(text) for name, text in known.items() if name not in taken}
        rest = ["" if index in exact else _unspaced(text) for index, text in enumerate(texts)]
        self._by_id(rest, unspaced)
        self._by_text(rest, unspaced)
        spaced = [index for index in self.found if index not in exact]
        self.spaced = len(spaced)
        if spaced and not self.ignore_space:
            self.faults.append(self._white_space(spaced))
        for index, article in enumerate(self.side):
            mine = self.known.get(article.document.id)
            if not self.faults and index not in self.found and mine is not None:
                self.faults.append(self._other_text(article.document, mine))

    def _by_id(self, texts: Sequence[str], known: dict[str, str]) -> None:
        taken = {document.id for document in self.found.values()}
        for index, article in enumerate(self.side):
            name = article.document.id
            if index not in self.found and name not in taken and known.get(name) == texts[index]:
                self.found[index] = self.known[name]
                self.by_id += 1

    def _by_text(self, texts: Sequence[str], known: dict[str, str]) -> None:
        """Match what is left by text, and put down texts of which can't be told which is which."""
        taken = {document.id for document in self.found.values()}
        left = [name for name in known if name not in taken]
        mine = [index for index in range(len(self.side)) if index not in self.found]
        by_text: dict[str, tuple[list[str], list[int]]] = {}
        for name in left:
            by_text.setdefault(known[name], ([], []))[0].append(name)
        for index in mine:
            if texts[index] in by_text:
                by_text[texts[index]][1].append(index)
        ordered = [known[name] for name in left] == [texts[index] for index in mine]
        for theirs, indexes in by_text.values():
            if not indexes:
                continue
            if max(len(theirs), len(indexes)) > 1 and not ordered:
                self.faults.append(self._ambiguous(theirs, indexes))
                continue
            if len(theirs) > 1:
                self.in_order += theirs
            for name, index in zip(theirs, indexes, strict=True):
                self.found[index] = self.known[name]
                self.by_text += 1

    def articles(self) -> Iterator[Article]:
        """This side's articles with the documents that they are of."""
        for index, article in enumerate(self.side):
            document = self.found.get(index)
            if document is None:
                yield article
            elif document.text == article.document.text:
                yield _called(article, document)
            else:
                yield self._carried(article, document)

    def notes(self) -> list[str]:
        """How documents were matched, where that was not all by id; what was done for it."""
        notes = []
        if self.by_text or self.spaced:
            ways = [("by id", self.by_id), ("by text", self.by_text)]
            counted = ", ".join(f"{amount(count)} {way}" for way, count in ways if count)
            notes.append(f"documents of {self.name} found in {self.whose}: {counted}")
        if self.in_order:
            named = _listed(self.in_order)
            notes.append(f"equal texts in {self.name} were matched in their order: {named}")
        if self.spaced:
            notes.append(
                f"{amount(self.spaced)} texts of {self.name} have other white space than those of "
                f"{self.whose}: their spans were carried over by all other characters"
            )
        if note := trimmed_note(self.blank, self.name):
            notes.append(note)
        return notes

    def _carried(self, article: Article, document: Document) -> Article:
        """The article on the text of `document`, which differs in white space alone."""
        setting = ConversionOptions()
        article = trimmed(article, setting)
        for kind, places in setting.lost.items():
            self.blank.setdefault(kind, []).extend(places)
        here, there = (_places(text) for text in (article.document.text, document.text))

        def moved(annotation: Annotation) -> Annotation:
            spans = tuple(
                structs.replace(
                    span,
                    start=there[bisect_left(here, span.start)],
                    end=there[bisect_left(here, span.end) - 1] + 1,
                )
                for span in annotation.spans
            )
            return structs.replace(annotation, spans=spans, text_sha256=sha256(document.text))

        return _called(Article(article.document, tuple(map(moved, article.annotations))), document)

    def _ambiguous(self, theirs: Sequence[str], indexes: Sequence[int]) -> Fault:
        mine = _listed([self.side[index].document.id for index in indexes])
        message = f"the same text stands as {_listed(theirs)} in {self.whose} and as {mine} in {self.name}"
        hint = "give them the same ids in both, or list the same documents in one order"
        return Fault("GW740", f"{message}: which is which can't be told", hint=hint)

    def _white_space(self, spaced: Sequence[int]) -> Fault:
        document, other = self.side[spaced[0]].document, self.found[spaced[0]]
        message = (
            f"`{document.id}` in {self.name} has the text of `{other.id}` in {self.whose} with other "
            f"white space, from code point {first_difference(other.text, document.text)} on"
        )
        if len(spaced) > 1:
            message += f"; {amount(len(spaced))} documents differ so"
        return Fault("GW741", message, hint=_IGNORE)

    def _other_text(self, document: Document, mine: Document) -> Fault:
        message = (
            f"`{document.id}` has another text in {self.name} than in {self.whose}: they differ from "
            f"code point {first_difference(mine.text, document.text)} on"
        )
        return Fault("GW750", message, hint="predict on the text that was annotated")


def merge_readings(
    sides: Sequence[Sequence[Article]], files: Sequence[str], names: Sequence[str] | None
) -> list[Article]:
    """The readings of every document in one article; with `names` those of each side are by that annotator.

    Raises GW743 where two sides hold a reading of one document by the same annotator, GW744 where a side that
    is to have one name holds readings by several.
    """
    merged: dict[str, Article] = {}
    by_whom: dict[tuple[str, str], str] = {}
    for number, (side, file) in enumerate(zip(sides, files, strict=True)):
        if names is not None:
            side = [_by(article, names[number]) for article in _by_one(side, file)]
        for article in side:
            document = article.document
            for annotation in article.annotations:
                first = by_whom.setdefault((document.id, annotation.annotator), file)
                if first is not file:
                    whose = f"{first} and {file} both hold a reading of `{document.id}` by "
                    hint = "name the annotators, a name for each file: --names anna,ben"
                    raise GoldwireError.of("GW743", f"{whose}`{annotation.annotator}`", hint=hint)
            before = merged.get(document.id, Article(document))
            merged[document.id] = Article(before.document, (*before.annotations, *article.annotations))
    return list(merged.values())


def check_names(names: Sequence[str], files: Sequence[str]) -> None:
    """Raise GW744 unless there is a name of its own for each file."""
    if len(names) != len(files) or len(set(names)) < len(names) or not all(name.strip() for name in names):
        counts = f"{counted(len(names), 'name')} for {counted(len(files), 'file')}"
        message = f"{counts}: {', '.join(names) or 'none'}"
        raise GoldwireError.of(
            "GW744", message, hint="a name for each file, no two the same: --names anna,ben"
        )


def names_by_file(paths: Iterable[Path]) -> list[str]:
    """What annotators are called that no file names: like their file, where need be with its folder."""
    listed = list(paths)
    stems = [path.resolve().stem if path.name in ("", "..") else path.stem for path in listed]
    if len(set(stems)) == len(stems):
        return stems
    return [f"{path.resolve().parent.name}/{stem}" for path, stem in zip(listed, stems, strict=True)]


def _by_one(side: Sequence[Article], file: str) -> Sequence[Article]:
    annotators = {annotation.annotator for article in side for annotation in article.annotations}
    if len(annotators) > 1:
        message = f"{file} holds readings by several annotators: {_listed(sorted(annotators))}"
        raise GoldwireError.of("GW744", message, hint="leave out --names, or split the file by annotator")
    return side


def _by(article: Article, name: str) -> Article:
    annotations = tuple(structs.replace(each, annotator=name) for each in article.annotations)
    return Article(article.document, annotations)


def _check_once(side: Sequence[Article], name: str) -> None:
    times = Counter(article.document.id for article in side)
    if twice := [each for each, count in times.items() if count > 1]:
        raise standing_twice(twice, name)


def standing_twice(documents: Sequence[str], name: str) -> GoldwireError:
    """That these documents stand more than once in what is called so (GW742)."""
    message = f"{name} holds more than one document called {_listed(documents)}"
    return GoldwireError.of("GW742", message, hint="put all annotations of a document into one article")


def _called(article: Article, document: Document) -> Article:
    """The article as one of `document`."""
    annotations = tuple(
        each if each.document == document.id else structs.replace(each, document=document.id)
        for each in article.annotations
    )
    if article.document.id == document.id and article.document.text == document.text:
        return Article(article.document, annotations)
    return Article(document, annotations)


def _in_layer(article: Article, layer: str) -> Article:
    annotations = tuple(
        structs.replace(each, spans=tuple(structs.replace(span, layer=layer) for span in each.spans))
        for each in article.annotations
    )
    return Article(article.document, annotations)


def _layers(side: Iterable[Article]) -> set[str]:
    return {span.layer for article in side for each in article.annotations for span in each.spans}


def _unspaced(text: str) -> str:
    return "".join(char for char in text if not char.isspace())


def _places(text: str) -> list[int]:
    """Where the characters stand that are no white space."""
    return [index for index, char in enumerate(text) if not char.isspace()]


def _listed(names: Sequence[str]) -> str:
    return first_of([f"`{name}`" for name in names], _NAMED, in_all=True)
