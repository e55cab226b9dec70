"""What a Label Studio of one's own is made of: program, settings, data folder, credentials."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from goldwire.errors import GoldwireError
from goldwire.files import read_bytes, write_text
from goldwire.project import Project, cache_home

VERSION = "1.23.2"
#: The part of an address that can't exist (RFC 2606): accounts that goldwire makes have no mailbox.
DOMAIN = "goldwire.invalid"
DATABASE = "label_studio.sqlite3"
Notify = Callable[[str], None]

# Label Studio reads plain names such as HOST, PORT, DEBUG, PASSWORD or CI too: it gets only what it needs.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
_SETTINGS = {
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ALLOWED_HOSTS": "127.0.0.1,localhost",
    "LABEL_STUDIO_CORS_ALLOW_ALL_ORIGINS": "false",
    "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
    "LABEL_STUDIO_SENTRY_DSN": "",
    "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_ENABLE_LOCAL_FILES_STORAGE": "false",
    "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "false",
    "LABEL_STUDIO_CONVERTER_DOWNLOAD_RESOURCES": "false",
    "LABEL_STUDIO_LOG_LEVEL": "WARNING",
    "PYTHONUNBUFFERED": "1",
}


class Credentials(Struct, frozen=True, forbid_unknown_fields=True):
    """The account that a project's own server starts with, and the server's secret key."""

    username: str
    password: str
    token: str
    secret_key: str


def program() -> Path:
    """The `label-studio` beside this Python; raises GW301 where it is not installed."""
    found = Path(sys.executable).parent / "label-studio"
    if not found.is_file():
        hint = "pip install 'goldwire[studio]'"
        raise GoldwireError.of("GW301", "Label Studio is not installed", where=str(found), hint=hint)
    return found


def environment(data: Path, credentials: Credentials | None) -> dict[str, str]:
    """The whole environment of the server; passwords go this way, since anyone can read a command line."""
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    made = {**kept, **_SETTINGS, "LABEL_STUDIO_BASE_DATA_DIR": str(data)}
    if credentials is None:
        return {**made, "SECRET_KEY": secrets.token_hex(32)}
    return {
        **made,
        "SECRET_KEY": credentials.secret_key,
        "LABEL_STUDIO_USERNAME": credentials.username,
        "LABEL_STUDIO_PASSWORD": credentials.password,
        "LABEL_STUDIO_USER_TOKEN": credentials.token,
    }


def credentials_path(project: Project) -> Path:
    """Where the project's credentials are kept, readable for its owner only."""
    return project.cache / "credentials.json"


def read_credentials(project: Project) -> Credentials | None:
    """The stored credentials, None where there are none; raises GW302 where the file is damaged."""
    path = credentials_path(project)
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(read_bytes(path), type=Credentials)
    except (msgspec.DecodeError, UnicodeDecodeError):
        hint = "remove it: a new account is made at the next start, the annotations stay"
        raise GoldwireError.of("GW302", "not what goldwire wrote", where=str(path), hint=hint) from None


def make_credentials(project: Project) -> Credentials:
    """New credentials, written with mode 600 from the start.

    The server keeps the account that it has: where its folder outlived the file, the new one gets a name
    of its own.
    """
    name = "annotator"
    if (data_folder(project) / DATABASE).exists():
        name += f"-{secrets.token_hex(2)}"
    made = Credentials(
        f"{name}@{DOMAIN}", secrets.token_urlsafe(12), secrets.token_hex(20), secrets.token_hex(32)
    )
    path = credentials_path(project)
    try:
        make_cache(project)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(json.dumps(msgspec.to_builtins(made), indent=1).encode() + b"\n")
    except OSError as error:
        raise GoldwireError.of("GW904", f"can't be written: {error.strerror}", where=str(path)) from None
    return made


def make_cache(project: Project) -> None:
    """The project's cache folder, for its owner only, and unseen by git."""
    try:
        project.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(project.cache, error) from None
    ignore = project.cache / ".gitignore"
    if not ignore.exists():
        write_text(ignore, "*\n")


def data_folder(project: Project) -> Path:
    """The server's own folder: database and uploads."""
    return project.cache / "studio"


def prepare(project: Project, notify: Notify) -> Path:
    """The project's data folder; a new one is a copy of the user's migrated, empty folder."""
    data = data_folder(project)
    if (data / DATABASE).is_file():
        return data
    template = migrated(notify)
    try:
        make_cache(project)
        with tempfile.TemporaryDirectory(dir=project.cache, prefix="studio-") as folder:
            shutil.copytree(template, Path(folder) / "data")
            shutil.rmtree(data, ignore_errors=True)
            (Path(folder) / "data").rename(data)
        data.chmod(0o700)
    except OSError as error:
        raise GoldwireError.of(
            "GW303", f"the data folder can't be made: {error.strerror or error}", where=str(data)
        ) from None
    return data


def migrated(notify: Notify) -> Path:
    """A migrated data folder without user or organisation, made once for all projects of this user.

    Without them, since the choice of token kinds counts only when the organisation is first made.
    """
    final = cache_home() / f"label-studio-{VERSION}"
    if (final / DATABASE).is_file():
        return final
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with locked(final.parent / f"{final.name}.lock"):
            if not (final / DATABASE).is_file():
                notify("first start of Label Studio for this user: its database is made, about a minute …")
                _migrate(final, notify)
    except OSError as error:
        raise GoldwireError.of(
            "GW303", f"the data folder can't be made: {error.strerror or error}", where=str(final)
        ) from None
    return final


def _migrate(final: Path, notify: Notify) -> None:
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=f"{final.name}-") as folder:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        # `version` migrates, prints and ends; it makes no account.
        log = Path(folder) / "log"
        with log.open("wb") as stream:
            done = subprocess.Popen(
                [str(program()), "version"],
                env=environment(data, None),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
            begun = time.monotonic()
            try:
                while (code := _ended(done)) is None:
                    notify(f"the database is being made, {time.monotonic() - begun:.0f} s …")
            except BaseException:
                done.kill()
                done.wait()
                raise
        if code != 0 or not (data / DATABASE).is_file():
            last = tail(log.read_text(encoding="utf-8", errors="replace"))
            raise GoldwireError.of(
                "GW304", f"Label Studio could not make its database:\n{last}", where=str(final)
            )
        (data / ".env").unlink(missing_ok=True)
        shutil.rmtree(final, ignore_errors=True)
        data.rename(final)


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        return None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process at a time in this block; the others wait. The lock goes with its process."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("w")
    except OSError as error:
        raise _unwritable(path, error) from None
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _unwritable(path: Path, error: OSError) -> GoldwireError:
    return GoldwireError.of("GW904", f"can't be made: {error.strerror or error}", where=str(path))


def tail(text: str, lines: int = 12) -> str:
    """The last lines of a log, indented."""
    shown = [line for line in text.splitlines() if line.strip()][-lines:]
    return "\n".join(f"    {line}" for line in shown)
