"""The shards at an address: files, folders, globs, on this machine or wherever fsspec reaches."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from goldwire.errors import GoldwireError, install_hint
from goldwire.number_format import counted
from goldwire.text import first_of

_LOG = logging.getLogger(__name__)
#: What a run says in its folder of itself.
MANIFEST = "_manifest.json"
#: What a shard's name ends in.
SUFFIXES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".parquet")
_KINDS = ", ".join(SUFFIXES)
#: What file systems raise that is no OSError: s3fs, whatever speaks HTTP, gcsfs, the Hub, Azure's, those of
#: SSH, SMB and FTP, archives as folders.
_RAISED = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("aiohttp", "ClientError"),
    ("httpx", "HTTPError"),
    ("gcsfs.retry", "HttpError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),
    ("paramiko.ssh_exception", "SSHException"),
    ("smbprotocol.exceptions", "SMBException"),
    ("ftplib", "Error"),
    ("zipfile", "BadZipFile"),
    ("tarfile", "TarError"),
)
#: What they raise besides where they are asked for what they have not: an address of another form, without
#: the options that they need, or something that they can't do.
WRONGLY_ASKED = (ImportError, ValueError, TypeError, AttributeError, LookupError, NotImplementedError)
_BLOCK = 1 << 20
_MAGIC = frozenset("*?[")


@dataclass(frozen=True)
class Shard:
    """A file of an archive: its address, its name below what was given, its size in bytes."""

    address: str
    name: str
    size: int

    @property
    def suffix(self) -> str:
        """Which of `SUFFIXES` it ends in; empty for none."""
        return suffix_of(self.address)

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Its bytes as they are stored; raises GW943 where they can't be had."""
        files, path = file_system(self.address)
        with told(self.address, *WRONGLY_ASKED):
            stored = files.open(path, "rb")
        with told(self.address), stored as stream:
            yield stream

    def sha256(self) -> str:
        """The SHA-256 of its bytes, of which no more than a block is held."""
        digest = hashlib.sha256()
        with self.opened() as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()


def suffix_of(name: str) -> str:
    """The ending of a shard's name; empty where it is none."""
    return next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), "")


@contextmanager
def told(address: str, *more: type[Exception]) -> Iterator[None]:
    """What a file system raises in this block, as one plain error (GW943); `more` too, where nothing but the
    file system is at work in it."""
    try:
        yield
    except GoldwireError:
        raise
    except (*failures(), *more) as error:
        raise _unreadable(address, why(error)) from None


def why(error: Exception) -> str:
    """What an error of a file system says, on one line."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(said).split())


def failures() -> tuple[type[Exception], ...]:
    """What file systems raise where something can't be had; no module is imported to know it."""
    named = ((sys.modules.get(module), name) for module, name in _RAISED)
    return (OSError, *(getattr(module, name) for module, name in named if hasattr(module, name)))


def _unreadable(address: str, said: str) -> GoldwireError:
    hint = "check the address, rights and connection; a run into a folder goes on where it stopped"
    return GoldwireError.of("GW943", f"can't be read: {said}", where=address, hint=hint)


def file_system(address: str) -> tuple[Any, str]:
    """fsspec's file system of an address, and the path in it. Raises GW941 where there is none for it, GW943
    where it lies in something that can't be read."""
    from fsspec.core import url_to_fs
    from fsspec.implementations.local import LocalFileSystem

    if "://" not in address:  # a path, whatever signs are in it
        return LocalFileSystem(), address
    try:
        with told(address):
            files, path = url_to_fs(address)
    except WRONGLY_ASKED as error:
        hint = "check the address, install what the message names; what needs none: paths, file://"
        if address.startswith("s3://") and isinstance(error, ImportError):
            hint = install_hint("s3")
        raise GoldwireError.of("GW941", f"no way there: {why(error)}", where=address, hint=hint) from None
    return files, str(path)


def find_shards(addresses: Sequence[str], *, out: Path | str = "") -> list[Shard]:
    """The shards at addresses, by name: files, all those in and below folders, and what globs match.

    Of folders and globs other files are passed over, with a warning, and names that begin with `.` or `_`,
    which are no data; a warning tells of a folder that a run has not filled yet. Of what is in the folder
    `out` none is told.
    Raises GW940 where an address holds none, GW942 where a file is none, GW941 and GW943 as above.
    """
    shards: dict[str, Shard] = {}
    for address in addresses:
        with told(address, *WRONGLY_ASKED):
            for shard in _at(address, out):
                shards.setdefault(shard.address, shard)
    return sorted(shards.values(), key=lambda shard: (shard.name, shard.address))


def shards_outside(addresses: Sequence[str], folder: Path | str) -> list[Shard]:
    """The shards at addresses but for those in `folder`, which are what is written there: a second run would
    take them for more of the archive. Raises what `find_shards` does, GW940 where no other is there."""
    place = file_system(str(folder))
    shards = [shard for shard in find_shards(addresses, out=folder) if not _is_in(shard, place)]
    if not shards:
        hint = "name another folder to write to"
        raise GoldwireError.of(
            "GW940", "no shard is there but what was written", where=str(folder), hint=hint
        )
    return shards


def _is_in(shard: Shard, place: tuple[Any, str]) -> bool:
    from fsspec.implementations.local import LocalFileSystem

    (files, path), (others, folder) = file_system(shard.address), place
    if isinstance(files, LocalFileSystem) and isinstance(others, LocalFileSystem):
        return Path(path).resolve().is_relative_to(Path(folder).resolve())
    return bool(files == others) and path.startswith(f"{folder.rstrip('/')}/")


def _at(address: str, out: Path | str) -> list[Shard]:
    files, path = file_system(address)
    if files.isfile(path):
        if not suffix_of(path):
            message = "no shard of an archive"
            raise GoldwireError.of("GW942", message, where=address, hint=f"it ends in {_KINDS}")
        return [_shard(files, address, path, path.rpartition("/")[0])]
    if files.isdir(path):
        root, paths = path, files.find(path)
    elif _MAGIC & set(path):
        parts = path.split("/")
        first = next(index for index, part in enumerate(parts) if _MAGIC & set(part))
        root, paths = "/".join(parts[:first]), [each for each in files.glob(path) if files.isfile(each)]
    else:
        hint = "a file, a folder, or a pattern in quotes"
        raise GoldwireError.of("GW940", "nothing is there", where=address, hint=hint)
    below = [_shard(files, address, each, root) for each in sorted(paths)]
    data = [
        shard for shard in below if not any(p.startswith((".", "_")) for p in PurePosixPath(shard.name).parts)
    ]
    visible = [shard for shard in data if shard.suffix]
    without_suffix = [shard for shard in data if not shard.suffix]
    runs = [shard for shard in below if PurePosixPath(shard.name).name == MANIFEST]
    if out:
        place = file_system(str(out))
        without_suffix, runs = (
            [each for each in some if not _is_in(each, place)] for some in (without_suffix, runs)
        )
    for manifest in runs:
        if not _is_complete(manifest):
            _LOG.warning("%s: the run that it is of has not come to its end", manifest.address)
    if without_suffix:
        told = first_of([shard.name for shard in without_suffix])
        _LOG.warning(
            "%s: passed over, of other kinds: %s (%s)", address, counted(len(without_suffix), "file"), told
        )
    if not visible:
        raise GoldwireError.of("GW940", "no shard is there", where=address, hint=f"one ends in {_KINDS}")
    return visible


def _is_complete(manifest: Shard) -> bool:
    """Whether a manifest says so; what is none is no concern here."""
    try:
        with manifest.opened() as stream:
            return bool(json.load(stream).get("complete", True))
    except (ValueError, AttributeError, GoldwireError):
        return True


def _shard(files: Any, address: str, path: str, root: str) -> Shard:
    """A shard by its path in the file system, named from `root` on."""
    whole = files.unstrip_protocol(path) if "://" in address else path
    if not root and "://" not in address and not address.startswith("/"):
        root = "."  # a name or a pattern of the folder that we are in
    stem = str(files._strip_protocol(root)) if root else ""
    name = str(files._strip_protocol(path)).removeprefix(stem.rstrip("/")).lstrip("/")
    return Shard(str(whole), name, int(files.size(path) or 0))
