"""What is under way lies beside its place, under a name that says whose it is; what a dead run left goes.

Such a file or folder is called `.NAME.PROCESS-XXXXXXXX.part` and locked by the process that writes it. It is
a leftover when nobody holds the lock, and no process of that number was there when it was written.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: The file that makes a folder a project.
CONFIG = "goldwire.toml"
#: What a project's .gitignore says of these names.
IGNORED = ".*.part\n"
_PART = re.compile(r"\.(?P<name>.+)\.(?P<process>\d+)-[a-z0-9_]{8}\.part", re.DOTALL)
_CUT = 150  # bytes of a name that are kept: file systems take 255
_SLACK = 60.0  # seconds by which clocks may differ between a file's time and a process's
_looked_at: set[Path] = set()


def part_file(path: Path) -> tuple[int, Path]:
    """A new, locked file beside `path`, to be renamed to it: its open handle, and where it is."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_prefix(path.name), suffix=".part")
    _lock(handle)
    return handle, Path(name)


@contextmanager
def part_folder(target: Path) -> Iterator[Path]:
    """A new, locked folder beside `target`, removed at the end with all that is left in it.

    What is put into it as `new`, while `target` is moved away into it as `old`, is put in place by the next
    run where this one is killed between the two moves.
    """
    remove_leftovers_near(target)
    remove_leftovers(target.parent, deep=False)
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=_prefix(target.name, cut=False), suffix=".part"))
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A folder for what nobody keeps, among the system's temporary files; gone at the end."""
    with part_folder(Path(tempfile.gettempdir()) / f"goldwire-{name}") as folder:
        yield folder


def remove_leftovers(folder: Path, *, deep: bool = True) -> int:
    """Remove what dead runs left in a folder, and with `deep` in those below it; the number.

    Hidden folders are left alone but for a project's own, and links are not followed.
    """
    count = 0
    for top, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            if _PART.fullmatch(name):
                count += _remove(Path(top, name))
        ends_here = Path(top).name == ".goldwire" or not deep
        folders[:] = [] if ends_here else [n for n in folders if n == ".goldwire" or not n.startswith(".")]
    return count


def remove_leftovers_near(path: Path) -> None:
    """Remove leftovers from the project that `path` lies in, else its folder, before a run first writes."""
    folder = path.parent
    if folder in _looked_at:
        return
    root = next((each for each in (folder, *folder.parents) if (each / CONFIG).is_file()), None)
    if root is None:
        remove_leftovers(folder, deep=False)
    elif root not in _looked_at:
        remove_leftovers(root)
        _looked_at.add(root)
    _looked_at.add(folder)


def begin_command() -> None:
    """A new command begins: before it writes, leftovers are looked for anew."""
    _looked_at.clear()


def _prefix(name: str, *, cut: bool = True) -> str:
    short = name.encode()[:_CUT].decode(errors="ignore") if cut else name
    return f".{short}.{os.getpid()}-"


def _lock(handle: int) -> bool:
    """Take the lock; false where another has it. Where there are no locks the process's number counts."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def _remove(path: Path) -> bool:
    """Remove a leftover, whether it was one; the lock is held meanwhile, so that two don't do it at once."""
    match = _PART.fullmatch(path.name)
    try:
        if match is None or _lives(int(match["process"]), path.lstat().st_mtime):
            return False
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        if not _lock(handle):
            return False
        if path.is_dir():
            _finish(path, path.parent / match["name"])
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _finish(folder: Path, target: Path) -> None:
    """Put in place what a run that was killed between two moves had taken out of it."""
    if (folder / "old").exists() and not target.exists():
        for name in ("new", "old"):
            with contextlib.suppress(OSError):
                (folder / name).rename(target)
                return


def _lives(process: int, written: float) -> bool:
    """Whether that process is there, and was when something was `written` (seconds since 1970)."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OverflowError:
        return True  # a number that no process of ours had
    except PermissionError:
        pass
    import psutil

    try:
        owner = psutil.Process(process)
        # One that was killed keeps its number until its parent looks, which in a container may be never.
        return owner.status() != psutil.STATUS_ZOMBIE and owner.create_time() <= written + _SLACK
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
