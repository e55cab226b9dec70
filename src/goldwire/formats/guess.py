"""Whose file it is: told from how it begins, and said where another format was named."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from pathlib import Path, PurePath

from goldwire.errors import GoldwireError, one_of
from goldwire.formats.dataset.files import MANIFEST
from goldwire.formats.head import BYTES, Head
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS, few_collections, format_named
from goldwire.model import Article
from goldwire.project import CONFIG
from goldwire.zips import UNREADABLE

#: What is told from the content.
AUTO = "auto"
#: Suffixes that one format alone has.
_SUFFIXES = {
    ".jsonl": "jsonl",
    ".parquet": "parquet",
    ".spacy": "docbin",
    ".conll": "conll",
    ".iob": "conll",
    ".iob2": "conll",
    ".bio": "conll",
    ".xmi": "cas",
}
#: The file by which a run over an archive is known.
_RUN = "_manifest.json"
#: Files of a folder that are looked at, and of these those that are opened.
_LOOKED_AT, _OPENED = 10_000, 5
#: Formats that are one file.
_FILES = ("jsonl", "docbin")
_TAG = re.compile(r"O|[BIESLUMW]-\S+|\S+-[BIESLUMW]")
_MARKS = ("labels", "hypertextlabels", "paragraphlabels")


def _jsonl(head: Head) -> bool:
    """goldwire's own: a text with its id, and annotations by annotator and schema."""
    own = {"id", "text", "meta", "annotations"}
    return {"id", "text"} <= head.keys and all(
        set(row) <= own
        and all(
            isinstance(each, dict) and {"annotator", "schema"} <= set(each)
            for each in _list(row, "annotations")
        )
        for row in head.rows
    )


def _labelstudio(head: Head) -> bool:
    """Tasks with their data, an annotation with its task, or a row with what was annotated."""
    if head.suffix in (".csv", ".tsv"):
        return {"annotator", "annotation_id"} <= set(head.columns)
    if {"task", "result"} <= head.keys or "annotation_id" in head.keys:
        return True
    if "data" in head.keys and all(isinstance(row["data"], dict) for row in head.rows):
        return True
    return any(
        isinstance(each, dict) and {"start", "end"} <= set(each) and set(each) & set(_MARKS)
        for row in head.rows
        if isinstance(row, dict)
        for key in row
        for each in _list(row, key)
    )


def _list(row: dict[str, object], key: str) -> list[object]:
    value = row.get(key)
    return value if isinstance(value, list) else []


def _conll(head: Head) -> bool:
    """Lines of columns, one of them of tags."""
    lines = [line for line in head.lines if line.strip() and not line.startswith(("#", "-DOCSTART-"))]
    rows = [line.split("\t") if "\t" in line else line.split(" ") for line in lines[:200]]
    if not rows or max(map(len, rows)) < 2 or head.suffix in (".csv", ".ann", ".json", ".jsonl"):
        return False
    rows = rows[1:] if len(rows) > 1 else rows  # the first may be the names of columns
    width = min(map(len, rows))
    return any(all(_TAG.fullmatch(row[index].strip()) for row in rows) for index in range(width)) or (
        width > 1 and all(_TAG.fullmatch(row[-1].strip()) for row in rows)
    )


def _cas(head: Head) -> bool:
    xmi = b"xmi:XMI" in head.data[:4096] or b"uima/cas" in head.data[:4096]
    return xmi or b'"%TYPES"' in head.data or b'"%FEATURE_STRUCTURES"' in head.data


def _quotes(head: Head) -> bool:
    keys = set(re.findall(r"^(\w+):", head.text, re.M))
    return head.suffix in (".yaml", ".yml") and {"document", "annotator"} <= keys


def _parquet(head: Head) -> bool:
    return head.data.startswith(b"PAR1") and not _looks("huggingface", head)


_OWN: dict[str, Callable[[Head], bool]] = {
    "jsonl": _jsonl,
    "labelstudio": _labelstudio,
    "docbin": lambda head: head.suffix == ".spacy" and head.data[:1] == b"\x78",
    "parquet": _parquet,
    "conll": _conll,
    "cas": _cas,
    "quotes": _quotes,
    "webanno_tsv": lambda head: head.text.startswith("#FORMAT=WebAnno TSV"),
}


def _looks(name: str, head: Head) -> bool:
    """Whether a file begins like one of a format's: as its module says, else as told here."""
    if name in _OWN:
        return _OWN[name](head)
    looks_like: Callable[[Head], bool] | None = getattr(
        import_module(FORMATS[name].reader), "looks_like", None
    )
    return looks_like is not None and looks_like(head)


def formats_like(path: Path) -> list[str]:
    """The formats that a file or folder looks like; none where that can't be told, or is read once only."""
    if path.is_dir():
        return _of_folder(path)
    if not path.is_file():
        return []
    try:
        head = Head.of(path)
        if head.data.startswith(b"PK\x03\x04"):
            return _of_zip(path)
    except OSError:
        return []
    names = [name for name in FORMATS if _looks(name, head)]
    # What knows the columns of tags by their place gives way to what knows them by name; any rows to all.
    for vague in ("conll", "articles"):
        names = [name for name in names if name != vague] if len(names) > 1 else names
    return names


def _of_folder(path: Path) -> list[str]:
    if (path / CONFIG).is_file():
        return ["store"]
    if (path / MANIFEST).is_file():
        return ["parquet"]
    files = [file for file in islice(path.rglob("*"), _LOOKED_AT) if file.is_file()]
    suffixes = Counter(file.suffix.lower() for file in files if not file.name.startswith("."))
    kinds = [name for suffix, name in ((".ann", "brat"), (".xmi", "cas")) if suffix in suffixes]
    if kinds:
        return kinds
    if any(path.glob("*/*.parquet")) and not (set(suffixes) & {".json", ".jsonl"}):
        return ["parquet"]
    for suffix, _ in sorted(suffixes.items(), key=lambda pair: (pair[0] == ".txt", -pair[1])):
        opened = sorted(file for file in files if file.suffix.lower() == suffix)[:_OPENED]
        looks = [set(formats_like(file)) for file in opened]
        if kinds := [name for name in FORMATS if name not in _FILES and all(name in each for each in looks)]:
            return kinds
    return []


def _of_zip(path: Path) -> list[str]:
    """By what lies in an archive; its first files are looked at."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()][:_LOOKED_AT]
            suffixes = {PurePath(info.filename).suffix.lower() for info in members}
            if ".xmi" in suffixes:
                return ["cas"]
            for info in members[:_OPENED]:
                with archive.open(info) as stream:
                    head = Head(Path(PurePath(info.filename).name), stream.read(BYTES))
                if names := [name for name in FORMATS if name not in _FILES and _looks(name, head)]:
                    return names
            if any(PurePath(info.filename).name.startswith("exportedproject") for info in members):
                return ["cas"]
    except UNREADABLE:
        return []
    return []


def guess_read(path: Path) -> str:
    """The format of what lies at `path`: by how it begins, else by its suffix.

    Raises GW630 where it may be several, GW931 where nothing says it.
    """
    names = formats_like(path)
    if len(names) == 1:
        return names[0]
    if len(names) > 1:
        message = f"it may be {' or '.join(names)}"
        raise GoldwireError.of("GW630", message, where=str(path), hint=f"say which: {_options(names)}")
    if not path.is_dir() and not path.is_file() and path.exists():
        return "jsonl"  # what is read once only can't be looked at
    return _by_suffix(path, FORMATS)


def guess_written(path: Path) -> str:
    """The format meant by the name of what is to be written; raises GW931 where it does not say it."""
    if path.suffix == ".json":
        return "labelstudio"
    return _by_suffix(path, [name for name, each in FORMATS.items() if each.writes])


def _by_suffix(path: Path, names: Iterable[str]) -> str:
    if path.is_dir() or path.suffix not in _SUFFIXES:
        message = "the path does not say in which format it is"
        if path.is_dir() and (path / _RUN).is_file():
            hint = "it is what goldwire predict made of an archive: name a shard in it, a .jsonl or .parquet"
        elif path.name.endswith((".jsonl.gz", ".ndjson.gz")):
            hint = "unpack it first: gzip -dk"
        elif not path.is_dir() and path.with_suffix(".ann").is_file():
            hint = "name the folder, which is brat's"
        else:
            hint = f"name the format, {one_of(names)}"
        raise GoldwireError.of("GW931", message, where=str(path), hint=hint)
    return _SUFFIXES[path.suffix]


@contextmanager
def _told_apart(name: str, path: Path) -> Iterator[None]:
    """What goes wrong in reading `path` as `name` begins with what it looks like instead (GW631)."""
    try:
        yield
    except GoldwireError as error:
        names = formats_like(path)
        if names and name not in names and not any(fault.code == "GW631" for fault in error.faults):
            other = mistaken(path, name, names)
            raise GoldwireError(*other.faults, *error.faults[:3]) from None
        raise


def mistaken(path: Path, name: str, names: list[str], hint: str = "") -> GoldwireError:
    """That a file looks like one of `names`, and not like the format `name` that is expected."""
    message = f"this looks like {' or '.join(names)}, not like {name}"
    return GoldwireError.of("GW631", message, where=str(path), hint=hint or _options(names))


def _options(names: list[str]) -> str:
    return " or ".join(f"--from {name}" for name in names)


def read_as(name: str, path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of `path` in a format that was named.

    Raises GW631 where that fails, or finds nothing marked, and the file looks like another format.
    """
    with few_collections():
        return list(stream_as(name, path, setting))


def stream_as(name: str, path: Path, setting: ConversionOptions) -> Iterator[Article]:
    """The same, an article at a time where the format can be read so."""
    with _told_apart(name, path):
        stream = format_named(name).stream(path, setting)
    return _watched(name, path, stream)


def _watched(name: str, path: Path, stream: Iterator[Article]) -> Iterator[Article]:
    marked = False
    with _told_apart(name, path):
        for article in stream:
            marked = marked or any(annotation.spans for annotation in article.annotations)
            yield article
        if not marked and (names := formats_like(path)) and name not in names:
            raise mistaken(path, name, names)
