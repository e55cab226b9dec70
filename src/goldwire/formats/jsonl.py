"""JSON Lines, a document a line: goldwire's own interchange. It holds the whole model."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from pathlib import Path

from goldwire.annotations.line import document_twice, dumps, loads, malformed
from goldwire.errors import GoldwireError
from goldwire.files import read_bytes, writing
from goldwire.formats.options import ConversionOptions
from goldwire.model import Article


def read_jsonl(path: Path) -> list[Article]:
    """All articles of a file. Raises one error with the faults of all its lines, one a cause.

    A file that looks like another format is refused as that (GW631), its lines unnamed.
    """
    return list(own_jsonl(path))


def own_jsonl(path: Path) -> Iterator[Article]:
    """The same, one article at a time; the error comes at the end."""
    from goldwire.formats.guess import formats_like, mistaken

    setting = ConversionOptions()
    try:
        yield from stream_jsonl(path, setting)
        setting.settle(taken=True)
    except GoldwireError:
        names = formats_like(path)
        if not names or "jsonl" in names:
            raise
        hint = f"bring it over: goldwire corpus convert {path} {path.stem}.jsonl"
        raise mistaken(path, "jsonl", names, hint) from None


def stream_jsonl(path: Path, setting: ConversionOptions) -> Iterator[Article]:
    """The articles of a file one at a time; after a fault none, and all faults are refused in the setting.

    Where the `setting` is lenient, lines with faults are put aside, and the others go on.
    """
    seen: dict[str, int] = {}
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if number == 1:
                    line = line.removeprefix(BOM_UTF8)
                if not line.strip():
                    continue
                where = f"{path}:{number}"
                try:
                    article = loads(line, where)
                except GoldwireError as error:
                    setting.refuse(line.decode(errors="replace").rstrip("\r\n"), *error.faults)
                    continue
                if first := seen.get(article.document.id):
                    hint = f"line {first} has it; put all annotations of a document on one line"
                    fault = document_twice(article.document.id, where, hint)
                    setting.refuse(line.decode().rstrip("\r\n"), fault)
                    continue
                seen[article.document.id] = number
                if setting.lenient or not setting.faults:
                    yield article
    except OSError:
        if path.is_dir():
            hint = "name the .jsonl file; `corpus convert` reads folders --from store, parquet, brat or cas"
            raise malformed("a folder, not a file", str(path), hint) from None
        read_bytes(path)  # says what is the matter
        raise


def write_jsonl(path: Path, articles: Iterable[Article]) -> int:
    """Write articles to a file, whole or not at all; the number written."""
    count = 0
    with writing(path) as stream:
        for article in articles:
            stream.write(dumps(article) + b"\n")
            count += 1
    return count
