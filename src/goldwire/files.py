"""Files read and written whole, by one process at a time."""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any, TextIO

from goldwire.errors import GoldwireError
from goldwire.leftovers import part_file, remove_leftovers_near
from goldwire.limits import NAME

#: Bytes that are gathered before they are written.
_BUFFER = 1 << 17
_UNSAFE = re.compile(r"[^\w.@+-]+")


def safe_name(text: str) -> str:
    """A text without what file systems dislike: each such stretch becomes `_`. Two texts may become one."""
    return _UNSAFE.sub("_", text)


def file_name(text: str, *, reserved: bool = False) -> str:
    """A name as a file's: it stays in its folder, and two names never share a file.

    What file systems dislike becomes `_`; a name that is changed so, or too long for them and cut, gets the
    beginning of its hash, and so does one that is `reserved`: another file of the folder has it.
    """
    safe = safe_name(text)
    if safe == text and not reserved and text.strip(".") and len(text.encode()) <= NAME:
        return safe
    return _hashed(text)


def file_names(texts: Iterable[str]) -> dict[str, str]:
    """The file's name of each text; names that differ in case alone, which is one file to some systems, are
    told apart by their hashes.
    """
    names = {text: file_name(text) for text in texts}
    times = Counter(_folded(name) for name in names.values())
    return {text: name if times[_folded(name)] == 1 else _hashed(text) for text, name in names.items()}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def _hashed(text: str) -> str:
    safe = safe_name(text).strip(".") or "_"
    return f"{_cut(safe, NAME - 9)}-{sha256(text)[:8]}"


def _cut(name: str, size: int) -> str:
    """As much of a name as `size` bytes of UTF-8 hold, in whole characters."""
    return name.encode()[:size].decode(errors="ignore")


def sha256(data: bytes | str) -> str:
    """The SHA-256 of bytes, or of a text's UTF-8 form, in hexadecimal."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def hash64(data: bytes) -> int:
    """64 bits of BLAKE2 of bytes; of two different ones they are the same once in some 10^19 pairs."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, of which no more than a block is held; raises what `read_bytes` raises."""
    with _reading(path), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_bytes(path: Path) -> bytes:
    """The file's bytes; a plain error where it is missing or can't be read."""
    with _reading(path):
        return path.read_bytes()


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise GoldwireError.of("GW901", "no such file", where=str(path), hint="check the path") from None
    except OSError as error:
        raise GoldwireError.of("GW902", f"can't be read: {error.strerror}", where=str(path)) from None


def read_text(path: Path) -> str:
    """The file as UTF-8 text, line ends untouched.

    Raises GW903 where the bytes are not UTF-8, naming the first bad byte's offset.
    """
    return decoded(read_bytes(path), str(path))


def text_lines(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 file without their `\\n`, one at a time. Raises as `read_text`."""
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream):
                text = line.decode("utf-8" if number else "utf-8-sig")
                yield text.removesuffix("\n")
    except (OSError, UnicodeDecodeError):
        read_text(path)  # says what is the matter, and where
        raise


@contextmanager
def table_lines(path: Path) -> Iterator[TextIO]:
    """A file of UTF-8 to read line by line, each with its end as it is, without a byte order mark.

    Raises GW901 to GW903 where it can't be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield stream
    except (OSError, UnicodeDecodeError):
        read_text(path)  # says what is the matter, and where
        raise


def decoded(data: bytes, where: str, encoding: str = "utf-8") -> str:
    """Bytes as text, without a byte order mark; raises GW903 where they are not in this `encoding`."""
    name = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        return data.decode(name).removeprefix("" if name == "utf-8-sig" else "\ufeff")
    except UnicodeDecodeError as error:
        raise GoldwireError.of(
            "GW903",
            f"not {encoding.upper()}: byte 0x{data[error.start]:02x} at offset {error.start}",
            where=where,
            hint="convert it first, for example: iconv -f WINDOWS-1252 -t UTF-8",
        ) from None


def unwritable(path: Path, error: OSError) -> GoldwireError:
    """That something can't be written (GW904)."""
    message = f"can't be written: {error.strerror or error}"
    return GoldwireError.of("GW904", message, where=str(path), hint="check space and rights")


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that appears under `path` whole, or not at all.

    Written beside its place and renamed at the end, so that a reader never sees half of it and a failure
    leaves the old one. A link stays a link; what is no plain file (`/dev/stdout`) is written as it is.
    Raises GW904 where it can't be written.
    """
    temporary: Path | None = None
    try:
        path = path.resolve()
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as stream:
                yield stream
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers_near(path)
        handle, temporary = part_file(path)
        with os.fdopen(handle, "wb", _BUFFER) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole, or not at all."""
    with writing(path) as stream:
        stream.write(data)


def write_texts(texts: Iterable[tuple[Path, str]], *, batch: int = 1000) -> int:
    """Write many files as UTF-8, each whole or not at all; the number of those that did not say so already.

    The disk is asked once for `batch` files whether it has them, and for each of their folders: one by one it
    would be asked for every file. Raises GW904 where one can't be written; those before it are written.
    """
    count = 0
    source = iter(texts)
    while held := [(path, text.encode()) for path, text in islice(source, batch)]:
        changed = [(p, data) for p, data in held if not (p.is_file() and read_bytes(p) == data)]
        _write_batch(changed)
        count += len(changed)
    return count


def _write_batch(files: Iterable[tuple[Path, bytes]]) -> None:
    waiting: list[tuple[Path, Path]] = []
    path = Path()
    try:
        for path, data in files:
            path = path.resolve()
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_leftovers_near(path)
            handle, temporary = part_file(path)
            waiting.append((temporary, path))
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            temporary.chmod(0o666 & ~_umask())
        if waiting:
            sync()
        folders = {target.parent for _, target in waiting}
        waiting.reverse()  # they go from the end
        while waiting:
            temporary, path = waiting[-1]
            temporary.replace(path)
            waiting.pop()
        for folder in folders:
            handle = os.open(folder, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        for temporary, _ in waiting:
            temporary.unlink(missing_ok=True)


def sync() -> None:
    """Wait until the disk has all that was written: once for many files, none of which asked for itself."""
    os.sync()


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON, indented by one, all letters as they are; whole, or not at all.

    It goes a piece at a time: as one text, of many small numbers, it would take many times its size.
    """
    with writing(path) as stream:
        for piece in json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(value):
            stream.write(piece.encode())
        stream.write(b"\n")


def json_lines(rows: Iterable[Any]) -> str:
    """Rows as JSON Lines, all letters as they are."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@contextmanager
def unchanged_on_failure(paths: Iterable[Path]) -> Iterator[None]:
    """Where the block fails these files are as they were before it; those that were not there are gone."""
    held = {path: read_bytes(path) if path.is_file() else None for path in paths}
    with ExitStack() as undo:
        undo.callback(_restore, held)
        yield
        undo.pop_all()


def _restore(held: Mapping[Path, bytes | None]) -> None:
    for path, data in held.items():
        if data is None:
            with suppress(OSError):  # it could not be made either
                path.unlink()
        elif read_bytes(path) != data:
            write_bytes(path, data)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process at a time in this block; the others wait. The lock goes with its process.

    Raises GW904 where its file can't be made.
    """
    from filelock import FileLock

    lock = FileLock(path, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        message = f"can't be made: {error.strerror or error}"
        raise GoldwireError.of("GW904", message, where=str(path)) from None
    try:
        yield
    finally:
        lock.release()
