"""Where a run writes: a folder here or at an address that fsspec knows; each file whole or not at all."""

from __future__ import annotations

import os
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeAlias

from goldwire.archive.shards import WRONGLY_ASKED, failures, file_system, why
from goldwire.errors import GoldwireError
from goldwire.files import read_bytes, writing
from goldwire.folders import check_ours, replacing
from goldwire.leftovers import remove_leftovers, scratch

#: The file that says that a run is at work.
LOCK = "_lock"
#: Seconds after which a run at an address shows that it is alive; silent for three times as long, it is not.
BEAT = 10.0


def output_at(folder: Path | str) -> LocalFolder | RemoteFolder:
    """The folder at a path or an address. Raises GW941 where there is no way to it."""
    if isinstance(folder, str) and "://" in folder and not folder.startswith("file://"):
        files, path = file_system(folder)
        return RemoteFolder(folder.rstrip("/"), files, path.rstrip("/"))
    return LocalFolder(Path(str(folder).removeprefix("file://")))


def _unwritable(where: str, error: Exception) -> GoldwireError:
    hint = "check space, rights and connection"
    return GoldwireError.of("GW904", f"can't be written: {why(error)}", where=where, hint=hint)


def _taken(where: str) -> GoldwireError:
    hint = "wait for it, or name another folder"
    return GoldwireError.of("GW945", "another run writes here", where=where, hint=hint)


@dataclass(frozen=True)
class LocalFolder:
    """A folder on this machine: files are written beside their places and renamed; the system locks."""

    folder: Path

    @property
    def where(self) -> str:
        """Its path."""
        return str(self.folder)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The folder is there, and this run alone in it; raises GW945 where another is, else GW904."""
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / LOCK, thread_local=False)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout:
            raise _taken(self.where) from None
        except OSError as error:
            raise _unwritable(self.where, error) from None
        try:
            yield
        finally:
            lock.release()

    def sizes(self) -> dict[str, int]:
        """The files in it and below by name, with their bytes; not the lock, nor what a killed run left half
        written."""
        remove_leftovers(self.folder)
        sizes = {}
        for path in self.folder.rglob("*"):
            name = path.relative_to(self.folder).as_posix()
            if name != LOCK and not name.startswith(".") and path.is_file():
                sizes[name] = path.stat().st_size
        return sizes

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        return read_bytes(self.folder / name)

    def writing(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A file that is there at the end of the block, whole, or not at all; else raises GW904."""
        return writing(self.folder / name)

    def append(self, name: str, data: bytes) -> None:
        """Put something at the end of a file, on the disk too."""
        path = self.folder / name
        try:
            with path.open("ab") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise _unwritable(str(path), error) from None

    def remove(self, name: str) -> None:
        """Take a file away, and the folder below this one that it leaves empty."""
        path = self.folder / name
        try:
            path.unlink(missing_ok=True)
            if path.parent != self.folder and not any(path.parent.iterdir()):
                path.parent.rmdir()
        except OSError as error:
            raise _unwritable(str(path), error) from None


@dataclass
class RemoteFolder:
    """The same in an object store: a file is written here, and there in one request, which an object store
    takes whole or not at all.

    An object store knows no locks. A run leaves a file with a number of its own, and writes it anew as long
    as it lives; whoever finds one waits, and takes the folder over where it doesn't change.
    """

    where: str
    files: Any
    path: str
    _mine: str = field(default_factory=lambda: secrets.token_hex(8))
    _is_lost: bool = False
    _appended: dict[str, bytes] = field(default_factory=dict)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """This run alone is in the folder, as far as an object store can tell."""
        with self._told(LOCK, *WRONGLY_ASKED):
            lock = self._lock()
            if lock:
                end = time.monotonic() + 3 * BEAT
                while time.monotonic() < end:
                    time.sleep(BEAT / 10)
                    if self._lock() not in (lock, b""):
                        raise _taken(self.where)
            self._beat(0)
            if not self._is_mine():
                raise _taken(self.where)
        ended = threading.Event()
        heart = threading.Thread(target=self._keep_beating, args=(ended,), daemon=True)
        heart.start()
        try:
            yield
        finally:
            ended.set()
            heart.join()
            with suppress(*failures()):  # a lock that stays is that of a dead run
                if self._is_mine():
                    self.files.rm_file(f"{self.path}/{LOCK}")

    def sizes(self) -> dict[str, int]:
        """The files in it by name, with their bytes."""
        with self._told("", *WRONGLY_ASKED):
            self.files.invalidate_cache()
            files = self.files.find(self.path, detail=True)
        cut = len(self.path) + 1
        names = {path[cut:]: int(facts["size"] or 0) for path, facts in files.items()}
        return {name: size for name, size in names.items() if name and name != LOCK}

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        with self._told(name, *WRONGLY_ASKED):
            return bytes(self.files.cat_file(f"{self.path}/{name}"))

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A file that is there at the end of the block, whole, or not at all."""
        with self._told(name), tempfile.NamedTemporaryFile(prefix="goldwire-") as stream:
            yield stream
            stream.flush()
            if self._is_lost:
                raise _taken(self.where)
            with self._told(name, *WRONGLY_ASKED):
                self.files.put_file(stream.name, f"{self.path}/{name}")
        self._appended.pop(name, None)

    def append(self, name: str, data: bytes) -> None:
        """Put something at the end of a file: all of it is written anew, since objects don't grow."""
        before = self._appended.get(name)
        if before is None:
            before = self.read(name) if name in self.sizes() else b""
        with self.writing(name) as stream:
            stream.write(before + data)
        self._appended[name] = before + data

    def remove(self, name: str) -> None:
        """Take a file away."""
        with self._told(name, *WRONGLY_ASKED):
            self.files.rm_file(f"{self.path}/{name}")
        self._appended.pop(name, None)

    @contextmanager
    def _told(self, name: str, *more: type[Exception]) -> Iterator[None]:
        """What a file system raises in this block, as one plain error, `more` too."""
        try:
            yield
        except (*failures(), *more) as error:
            raise _unwritable(f"{self.where}/{name}".rstrip("/"), error) from None

    def _lock(self) -> bytes:
        try:
            return bytes(self.files.cat_file(f"{self.path}/{LOCK}"))
        except FileNotFoundError:
            return b""

    def _is_mine(self) -> bool:
        return self._lock().startswith(self._mine.encode())

    def _beat(self, number: int) -> None:
        self.files.pipe_file(f"{self.path}/{LOCK}", f"{self._mine} {number}\n".encode())

    def _keep_beating(self, ended: threading.Event) -> None:
        """Show that this run lives, unless another has taken the folder over, as while this machine slept."""
        number = 0
        while not ended.wait(BEAT):
            number += 1
            try:
                if not self._is_mine():
                    self._is_lost = True
                    return
                self._beat(number)
            except failures():
                continue  # what is written next tells of it


#: A folder that a run writes into.
Output: TypeAlias = LocalFolder | RemoteFolder


def check_place(folder: Path | str, manifest: str, *, code: str, content: str) -> None:
    """Refuse, with `code`, a folder that holds something and not `content` as its manifest lists it."""
    output = output_at(folder)
    if isinstance(output, LocalFolder):
        check_ours(output.folder, manifest, code=code, content=content)
    elif (sizes := output.sizes()) and manifest not in sizes:
        message = f"holds something else than {content} that goldwire wrote"
        raise GoldwireError.of(code, message, where=output.where, hint="name a new folder")


@contextmanager
def replacing_at(folder: Path | str, manifest: str, *, code: str) -> Iterator[Path]:
    """A new folder to fill, which takes the place of the one at a path or an address: `folders.replacing`.

    At an address the manifest is written last.
    """
    output = output_at(folder)
    if isinstance(output, LocalFolder):
        with replacing(output.folder, manifest, code=code) as new:
            yield new
        return
    with scratch("selection") as beside:
        with replacing(beside / "new", manifest, code=code) as new:
            yield new
        names = sorted(path.name for path in (beside / "new").iterdir() if path.name != manifest)
        for name in (*names, manifest):
            with output.writing(name) as stream:
                stream.write(read_bytes(beside / "new" / name))
