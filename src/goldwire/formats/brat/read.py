"""brat standoff, read: T, R, E, A, M, N, # and * lines of a folder of `.txt` and `.ann` files."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_text, sha256
from goldwire.formats.brat.ann import Ann, wordings
from goldwire.formats.brat.conf import Conf, RoleNames, read_conf
from goldwire.formats.brat.cut import cut
from goldwire.formats.brat.layout import FilePlace, file_places
from goldwire.formats.counting import (
    EVERY,
    PLAIN,
    SILENT,
    UNMARKED,
    CountedText,
    counted_by_edges,
    nearest_text,
)
from goldwire.formats.options import ConversionOptions
from goldwire.model import Annotation, Article, Document

#: Who annotated where nothing says so.
ANNOTATOR = "brat"


@dataclass
class _File:
    """A text with what lies beside it."""

    path: Path
    place: FilePlace
    conf: Conf
    text: CountedText
    ann: Ann | None = None
    guessed: bool = False


def read_brat(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of a folder and the folders in it, by name.

    Folders that goldwire wrote are an annotator each; of others `setting.annotator_from`, or else the texts,
    say who annotated what: see `layout.places`. Offsets are taken as the words beside them prove they
    were counted, which is told. Spans that brat breaks at line ends are whole again; others with gaps are
    taken whole, and counted in `setting.lost`. `setting.document_per` cuts texts that hold many.

    Raises GW602 where they can't be cut as asked, and one error with the faults of all files: GW285 and GW620
    for texts, GW275 where there is no `.txt`, or none beside an `.ann`; lines that are wrong (GW273, GW274)
    are refused in the setting.
    """
    setting.check_document_per(path)
    paths = sorted(file for file in path.rglob("*.txt") if file.is_file()) if path.is_dir() else []
    if not paths:
        hint = "name the folder that holds the .txt and .ann files"
        raise GoldwireError.of("GW275", "no .txt file in this folder", where=str(path), hint=hint)
    faults = [
        Fault("GW275", f"no {file.stem}.txt beside it", str(file), "put the text there, or remove the file")
        for file in sorted(path.rglob("*.ann"))
        if not file.with_suffix(".txt").is_file()
    ]
    files = _files(path, paths, setting, faults)
    for file in files:
        _take_apart(file, setting, faults)
    _count(files, setting)
    used = {role for file in files if file.ann is not None for role in file.ann.roles()}
    roles = RoleNames({role for file in files for role in file.conf.roles}, used)
    by_document: dict[str, list[tuple[_File, Annotation | None]]] = {}
    for file in files:
        annotation = _annotation(file, roles, setting)
        by_document.setdefault(file.place.document, []).append((file, annotation))
    articles = list(_joined(by_document, faults))
    raise_faults(faults)
    return [part for article in articles for part in cut(article, setting.document_per, setting)]


def _files(root: Path, paths: list[Path], setting: ConversionOptions, faults: list[Fault]) -> list[_File]:
    """The texts, with the names of their documents and annotators."""
    confs: dict[Path, Conf] = {}

    def conf_of(folder: Path) -> Conf:
        """The conf of the folder, or of the next one above it."""
        if folder not in confs:
            about = folder / "annotation.conf"
            above = Conf() if folder == root else conf_of(folder.parent)
            confs[folder] = read_conf(read_text(about)) if about.is_file() else above
        return confs[folder]

    texts: dict[Path, CountedText] = {}
    for path in paths:
        try:
            texts[path] = CountedText(read_text(path))
        except GoldwireError as error:
            faults.extend(error.faults)
    own = {path for path in texts if conf_of(path.parent).own and (path.parent / "annotation.conf").is_file()}
    others = {path.relative_to(root).with_suffix(""): path for path in texts if path not in own}
    plain = {relative: texts[path].text for relative, path in others.items()}
    by_path, assumed = file_places(plain, setting.annotator_from, root)
    if assumed:
        setting.assume(assumed)
    named = {others[relative]: place for relative, place in by_path.items()}
    named |= {path: FilePlace(path.stem, confs[path.parent].annotator) for path in own}
    return [_File(path, named[path], conf_of(path.parent), text) for path, text in texts.items()]


def _take_apart(file: _File, setting: ConversionOptions, faults: list[Fault]) -> None:
    """Read the lines beside a text, and find how their offsets are counted."""
    beside = file.path.with_suffix(".ann")
    if not beside.is_file():
        return
    ann = Ann(str(beside), file.conf, setting.named_schema)
    try:
        ann.lines(read_text(beside))
    except GoldwireError as error:
        faults.extend(error.faults)
        return
    file.ann = ann
    if claims := ann.wordings():
        file.text = nearest_text(file.text, claims, EVERY if _marked(file.path) else UNMARKED, wordings)


def _marked(path: Path) -> bool:
    """Whether a text begins with a byte order mark, which may have been counted."""
    with path.open("rb") as stream:
        return stream.read(3) == codecs.BOM_UTF8


def _count(files: Iterable[_File], setting: ConversionOptions) -> None:
    """Where no words stand beside offsets: as the corpus's other files are counted, or by words' edges."""
    silent = [
        file for file in files if file.ann is not None and file.ann.extents() and not file.ann.wordings()
    ]
    proved = {file.text.counting for file in files if file.ann is not None and file.ann.wordings()}
    ways = [PLAIN, *sorted(proved - {PLAIN}), *SILENT]
    if not any(_marked(file.path) for file in silent):
        ways = [way for way in ways if not way.mark]
    way = counted_by_edges([(file.text, file.ann.extents()) for file in silent if file.ann is not None], ways)
    for file in silent:
        if way != PLAIN:
            file.text, file.guessed = file.text.counted(way), True
        elif "\r\n" in file.text.raw or _marked(file.path):
            setting.assume(
                "where no words stand beside offsets, they are taken to count the text as it stands"
            )


def _annotation(file: _File, roles: RoleNames, setting: ConversionOptions) -> Annotation | None:
    name, ann = file.place.document, file.ann
    if file.text.raw != file.text.text:
        setting.normalised(name)
    if ann is None:
        return None
    who = file.place.annotator or setting.annotator or ANNOTATOR
    if str(file.text.counting):
        how = ", as the edges of words tell" if file.guessed else ""
        for line in ann.lines_of["T"]:
            setting.change(
                f"offsets moved: counted with {file.text.counting}{how}", f"{who}/{name} {line.id}"
            )
    ann.build(file.text)
    relations = tuple(ann.relations(roles))
    for written, fault in ann.faults:
        setting.refuse(written, fault)
    for kind, places_ in ann.lost.items():
        for each in places_:
            setting.lose(kind, f"{who}/{name} {each}")
    return Annotation(
        name,
        who,
        file.conf.schema if file.conf.own else setting.schema_id,
        setting.status,
        spans=tuple(ann.spans()),
        relations=relations,
        text_sha256=sha256(file.text.text),
    )


def _joined(
    by_document: dict[str, list[tuple[_File, Annotation | None]]], faults: list[Fault]
) -> Iterator[Article]:
    for name, several in by_document.items():
        first = several[0][0]
        for file, _ in several:
            if file.text.text != first.text.text:
                message = f"another text than `{name}` in {first.path}"
                faults.append(
                    Fault("GW285", message, str(file.path), "annotators must have read the same text")
                )
        annotations = [annotation for _, annotation in several if annotation is not None]
        names = [annotation.annotator for annotation in annotations]
        for annotator in sorted({each for each in names if names.count(each) > 1}):
            message = f"`{name}` stands twice for `{annotator}`"
            faults.append(Fault("GW285", message, str(several[1][0].path), "keep one"))
        yield Article(Document(name, first.text.text), tuple(annotations))
