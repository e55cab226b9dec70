"""brat standoff, read: T, R, E, A, M, N, # and * lines of a folder of `.txt` and `.ann` files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_text, sha256
from goldwire.formats._offsets import Text
from goldwire.formats.brat.ann import Ann
from goldwire.formats.brat.conf import Conf, read_conf
from goldwire.formats.options import Setting
from goldwire.model import Annotation, Article, Document
from goldwire.schemas.schema import Schema

#: Who annotated where nothing says so, and the schema that nothing names.
ANNOTATOR, SCHEMA = "brat", "found@0"


def read_brat(path: Path, setting: Setting) -> list[Article]:
    """The articles of a folder and the folders in it, by name.

    Folders that goldwire wrote are an annotator each, and so are folders of others where one document lies
    in several of them; else folders are part of the documents' ids. Spans that brat breaks at line ends are
    whole again; those with other gaps are taken from their first to their last character, and counted in
    `setting.lost`. Raises one error with the faults of all files: GW273 for lines, GW274 and GW285 for texts,
    GW275 where there is no `.txt`, or none beside an `.ann`.
    """
    files = sorted(file for file in path.rglob("*.txt") if file.is_file()) if path.is_dir() else []
    if not files:
        hint = "name the folder that holds the .txt and .ann files"
        raise GoldwireError.of("GW275", "no .txt file in this folder", where=str(path), hint=hint)
    confs: dict[Path, Conf] = {}
    for folder in {file.parent for file in files} | {path}:
        about = folder / "annotation.conf"
        confs[folder] = read_conf(read_text(about)) if about.is_file() else Conf()
    shared = {stem for stem, number in Counter(file.stem for file in files).items() if number > 1}
    found: dict[str, list[tuple[str, Path, Document, Annotation | None]]] = {}
    faults = [
        Fault("GW275", f"no {file.stem}.txt beside it", str(file), "put the text there, or remove the file")
        for file in sorted(path.rglob("*.ann"))
        if not file.with_suffix(".txt").is_file()
    ]
    for file in files:
        folder = file.parent
        conf = confs[folder] if confs[folder].own else confs[path]
        below = folder.relative_to(path).as_posix()
        apart = below != "." and not confs[folder].own and not shared
        name = f"{below}/{file.stem}" if apart else file.stem
        annotator = confs[folder].annotator if confs[folder].own else below if below != "." and shared else ""
        try:
            document, annotation = _pair(file, name, annotator or setting.annotator, conf, setting)
        except GoldwireError as error:
            faults.extend(error.faults)
            continue
        found.setdefault(name, []).append((annotator, file, document, annotation))
    articles = list(_joined(found, faults))
    raise_faults(faults[:100])
    return articles


def _joined(
    found: dict[str, list[tuple[str, Path, Document, Annotation | None]]], faults: list[Fault]
) -> Iterator[Article]:
    for name, several in found.items():
        document = several[0][2]
        for _, file, other, _ in several:
            if other.text != document.text:
                message = f"another text than `{name}` in {several[0][1]}"
                faults.append(Fault("GW285", message, str(file), "annotators must have read the same text"))
        held = [annotation for _, _, _, annotation in several if annotation is not None]
        names = [annotation.annotator for annotation in held]
        for annotator in sorted({each for each in names if names.count(each) > 1}):
            faults.append(
                Fault("GW285", f"`{name}` stands twice for `{annotator}`", str(several[1][1]), "keep one")
            )
        yield Article(document, tuple(held))


def _pair(
    file: Path, name: str, annotator: str, conf: Conf, setting: Setting
) -> tuple[Document, Annotation | None]:
    text = Text(read_text(file))
    document = Document(name, text.text)
    if not text.same:
        setting.lose("texts normalised, offsets moved along", name)
    path = file.with_suffix(".ann")
    if not path.is_file():
        return document, None
    who = annotator or ANNOTATOR
    schema: Schema | None = setting.named_schema
    read = Ann(str(path), text, conf, schema)
    read.lines(read_text(path))
    relations = tuple(read.relations())
    raise_faults(read.faults)
    for kind, places in read.lost.items():
        for place in places:
            setting.lose(kind, f"{who}/{name} {place}")
    stamp = conf.schema if conf.own else schema.stamp if schema is not None else SCHEMA
    annotation = Annotation(
        name,
        who,
        stamp,
        setting.status,
        spans=tuple(read.spans()),
        relations=relations,
        text_sha256=sha256(text.text),
    )
    return document, annotation
