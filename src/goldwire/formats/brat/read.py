"""brat standoff, read: T, R, E, A, M, N, # and * lines of a folder of `.txt` and `.ann` files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_bytes, read_text, sha256
from goldwire.formats.brat.ann import Ann, agrees
from goldwire.formats.brat.conf import Conf, read_conf
from goldwire.formats.brat.layout import Place, places
from goldwire.formats.brat.roles import RoleNames
from goldwire.formats.counting import PLAIN, SILENT, CountedText, Counting, counted_by_edges, nearest_text
from goldwire.formats.options import Setting
from goldwire.model import Annotation, Article, Document

#: Who annotated where nothing says so, and the schema that nothing names.
ANNOTATOR, SCHEMA = "brat", "found@0"
_MARK = b"\xef\xbb\xbf"


@dataclass
class _File:
    """A text with what lies beside it."""

    path: Path
    place: Place
    conf: Conf
    text: CountedText
    ann: Ann | None = None
    guessed: bool = False


def read_brat(path: Path, setting: Setting) -> list[Article]:
    """The articles of a folder and the folders in it, by name.

    Folders that goldwire wrote are an annotator each; of others `setting.annotator_from`, or else the texts,
    say who annotated what: see `layout.places`. Offsets are taken as the words beside them prove they
    were counted, which is told. Spans that brat breaks at line ends are whole again; others with gaps are
    taken whole, and counted in `setting.lost`. Raises one error with the faults of all files: GW273 for
    lines, GW274 and GW285 for texts, GW275 where there is no `.txt`, or none
    beside an `.ann`; where `setting.lenient`, bad lines are put aside instead.
    """
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
    held: dict[str, list[tuple[_File, Annotation | None]]] = {}
    for file in files:
        annotation = _annotation(file, roles, setting, faults)
        held.setdefault(file.place.document, []).append((file, annotation))
    articles = list(_joined(held, faults))
    raise_faults(faults[:100])
    return articles


def _files(root: Path, paths: list[Path], setting: Setting, faults: list[Fault]) -> list[_File]:
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
    found, assumed = places(plain, setting.annotator_from, root)
    if assumed:
        setting.assume(assumed)
    named = {others[relative]: place for relative, place in found.items()}
    named |= {path: Place(path.stem, confs[path.parent].annotator) for path in own}
    return [_File(path, named[path], conf_of(path.parent), text) for path, text in texts.items()]


def _take_apart(file: _File, setting: Setting, faults: list[Fault]) -> None:
    """Read the lines beside a text, and find how their offsets are counted."""
    beside = file.path.with_suffix(".ann")
    if not beside.is_file():
        return
    ann = Ann(str(beside), file.conf, setting.named_schema, lenient=setting.lenient)
    try:
        ann.lines(read_text(beside))
    except GoldwireError as error:
        faults.extend(error.faults)
        return
    file.ann = ann
    if wordings := ann.wordings():
        file.text = nearest_text(file.text, wordings, agrees)


def _count(files: Iterable[_File], setting: Setting) -> None:
    """Where no words stand beside offsets: as the corpus's other files are counted, or by words' edges."""
    silent = [
        file for file in files if file.ann is not None and file.ann.extents() and not file.ann.wordings()
    ]
    proved = {file.text.counting for file in files if file.ann is not None and file.ann.wordings()}
    likely: list[Counting] = [PLAIN, *sorted(proved - {PLAIN}), *SILENT]
    for file in silent:
        assert file.ann is not None
        way = counted_by_edges([(file.text, file.ann.extents())], likely)
        if way != PLAIN:
            file.text, file.guessed = file.text.counted(way), True
        elif "\r\n" in file.text.raw or read_bytes(file.path).startswith(_MARK):
            setting.assume(
                "where no words stand beside offsets, they are taken to count the text as it stands"
            )


def _annotation(file: _File, roles: RoleNames, setting: Setting, faults: list[Fault]) -> Annotation | None:
    name, ann = file.place.document, file.ann
    if file.text.raw != file.text.text:
        setting.lose("texts normalised, offsets moved along", name)
    if ann is None:
        return None
    who = file.place.annotator or setting.annotator or ANNOTATOR
    if str(file.text.counting):
        how = ", as the edges of words tell" if file.guessed else ""
        setting.change(f"offsets moved: counted with {file.text.counting}{how}", f"{who}/{name}")
    ann.build(file.text)
    relations = tuple(ann.relations(roles))
    faults.extend(ann.faults)
    for line in ann.aside:
        setting.put_aside("lines of brat that can't be read", f"{ann.source}:{line.number}", line.written)
    for kind, places_ in ann.lost.items():
        for each in places_:
            setting.lose(kind, f"{who}/{name} {each}")
    schema = setting.named_schema
    stamp = file.conf.schema if file.conf.own else schema.stamp if schema is not None else SCHEMA
    return Annotation(
        name,
        who,
        stamp,
        setting.status,
        spans=tuple(ann.spans()),
        relations=relations,
        text_sha256=sha256(file.text.text),
    )


def _joined(held: dict[str, list[tuple[_File, Annotation | None]]], faults: list[Fault]) -> Iterator[Article]:
    for name, several in held.items():
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
