"""What a Label Studio of one's own is made of: program, settings, data folder, credentials."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from goldwire.annotate.labelstudio import lighter
from goldwire.annotate.labelstudio.database import Database, usable
from goldwire.errors import GoldwireError, install_hint
from goldwire.files import locked, read_bytes, write_text
from goldwire.leftovers import part_folder
from goldwire.project import Project, cache_home
from goldwire.redaction import keep_secret, redact

VERSION = "1.23.2"
#: The part of an address that can't exist (RFC 2606): accounts that goldwire makes have no mailbox.
DOMAIN = "goldwire.invalid"
DATABASE = "label_studio.sqlite3"
FIRST_ACCOUNT = "annotator"
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
    "LABEL_STUDIO_SSRF_PROTECTION_ENABLED": "true",
    "LABEL_STUDIO_ML_BLOCK_LOCAL_IP": "true",
    "LABEL_STUDIO_LOG_LEVEL": "WARNING",
    # Else it tells everyone, at /api/version, the last commit of the repository that it is installed in.
    "GIT_DIR": os.devnull,
    "PYTHONUNBUFFERED": "1",
}


class Credentials(Struct, frozen=True, forbid_unknown_fields=True):
    """The account that a project's own server starts with, and the server's secret key; shown nowhere."""

    username: str
    password: str
    token: str
    secret_key: str

    def __post_init__(self) -> None:
        keep_secret(self.password, self.token, self.secret_key)


def program() -> Path:
    """The `label-studio` beside this Python; raises GW301 where it is not installed."""
    path = Path(sys.executable).parent / "label-studio"
    if not path.is_file():
        hint = install_hint("studio")
        raise GoldwireError.of("GW301", "Label Studio is not installed", where=str(path), hint=hint)
    return path


def command(*arguments: str) -> list[str]:
    """The words that start Label Studio; raises as `program`."""
    return [sys.executable, "-P", lighter.__file__, str(program()), *arguments]


def environment(
    data: Path, credentials: Credentials | None, *, database: Database | None = None, public_url: str = ""
) -> dict[str, str]:
    """The whole environment of the server; passwords go this way, since anyone can read a command line.

    Raises GW396 where `public_url` is no address behind TLS.
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    variables = {**inherited, **_SETTINGS, "LABEL_STUDIO_BASE_DATA_DIR": str(data)}
    if database is not None:
        variables |= database.environment()
    if public_url:
        variables |= _behind_tls(public_url)
    if credentials is None:
        return {**variables, "SECRET_KEY": secrets.token_hex(32)}
    return {
        **variables,
        "SECRET_KEY": credentials.secret_key,
        "LABEL_STUDIO_USERNAME": credentials.username,
        "LABEL_STUDIO_PASSWORD": credentials.password,
        "LABEL_STUDIO_USER_TOKEN": credentials.token,
    }


def _behind_tls(url: str) -> dict[str, str]:
    """The settings for an address that a proxy ends TLS for: its name, and cookies that need TLS."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    bare = parts._replace(scheme="", netloc="").geturl().strip("/") == "" if host else False
    if not bare or parts.scheme != "https" or "@" in parts.netloc:
        hint = "https://HOST or https://HOST:PORT, the address of the proxy that ends TLS; no path"
        raise GoldwireError.of("GW396", "no public address behind TLS", where="--public-url", hint=hint)
    address = f"https://{parts.netloc}"
    return {
        "LABEL_STUDIO_HOST": address,
        "LABEL_STUDIO_ALLOWED_HOSTS": f"{_SETTINGS['LABEL_STUDIO_ALLOWED_HOSTS']},{host}",
        "LABEL_STUDIO_CSRF_TRUSTED_ORIGINS": address,
        "LABEL_STUDIO_SESSION_COOKIE_SECURE": "1",
        "LABEL_STUDIO_CSRF_COOKIE_SECURE": "1",
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


def make_credentials(project: Project, *, name_taken: bool = False) -> Credentials:
    """New credentials, written with mode 600 from the start.

    The server keeps the account that it has: where its folder outlived the file, or the first name is
    `name_taken` in its database, the new one gets a name of its own.
    """
    name = FIRST_ACCOUNT
    if name_taken or (data_folder(project) / DATABASE).exists():
        name += f"-{secrets.token_hex(2)}"
    credentials = Credentials(
        f"{name}@{DOMAIN}", secrets.token_urlsafe(12), secrets.token_hex(20), secrets.token_hex(32)
    )
    path = credentials_path(project)
    try:
        make_cache(project)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(json.dumps(msgspec.to_builtins(credentials), indent=1).encode() + b"\n")
    except OSError as error:
        raise GoldwireError.of("GW904", f"can't be written: {error.strerror}", where=str(path)) from None
    return credentials


def make_cache(project: Project) -> None:
    """The project's cache folder, for its owner only, and unseen by git."""
    try:
        project.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(project.cache, error) from None
    ignore = project.cache / ".gitignore"
    if not ignore.exists():
        write_text(ignore, "*\n")


@contextmanager
def project_lock(project: Project, name: str = "sync") -> Iterator[None]:
    """Only one process at a time in this block, of those that take the project's lock of that name."""
    make_cache(project)
    with locked(project.cache / f"{name}.lock"):
        yield


def data_folder(project: Project) -> Path:
    """The server's own folder: database and uploads."""
    return project.cache / "studio"


def prepare_postgres(project: Project, database: Database, notify: Notify) -> Path:
    """The folder for uploads beside a PostgreSQL, whose tables are made where it has none.

    Raises GW391 to GW395 where the database can't be used, GW304 where its tables could not be made.
    """
    data = project.cache / "studio-postgresql"
    try:
        data.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _unwritable(data, error) from None
    with usable(database) as in_use:
        if not in_use:
            notify(f"the tables are made in {database}, about a minute …")
            log = project.cache / "studio-migration.log"
            _version(environment(data, None, database=database), log, notify, str(database))
            log.unlink()
    return data


def prepare(project: Project, notify: Notify) -> Path:
    """The project's data folder; a new one is a copy of the user's migrated, empty folder."""
    data = data_folder(project)
    if (data / DATABASE).is_file():
        return data
    template = migrated(notify)
    try:
        make_cache(project)
        with part_folder(data) as folder:
            shutil.copytree(template, folder / "new")
            # Onto an empty folder only: what is in one without a database is not ours to remove.
            (folder / "new").rename(data)
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
    with part_folder(final) as folder:
        data = folder / "new"
        data.mkdir(mode=0o700)
        _version(environment(data, None), folder / "log", notify, str(final))
        if not (data / DATABASE).is_file():
            raise GoldwireError.of("GW304", "Label Studio made no database", where=str(final))
        (data / ".env").unlink(missing_ok=True)
        shutil.rmtree(final, ignore_errors=True)
        data.rename(final)


def _version(env: dict[str, str], log: Path, notify: Notify, where: str) -> None:
    """Run `label-studio version`: it makes or updates the tables, prints and ends; it makes no account."""
    with open(log, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
        done = subprocess.Popen(
            command("version"),
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        begun = time.monotonic()
        try:
            while (code := _ended(done)) is None:
                notify(f"the database is being made, {time.monotonic() - begun:.0f} s …")
        finally:
            done.kill()  # nothing where it has ended
            done.wait()
    if code != 0:
        last = tail(log.read_text(encoding="utf-8", errors="replace"))
        message = f"Label Studio could not make its database:\n{last}"
        raise GoldwireError.of("GW304", message, where=where)


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        return None


def _unwritable(path: Path, error: OSError) -> GoldwireError:
    return GoldwireError.of("GW904", f"can't be made: {error.strerror or error}", where=str(path))


def tail(text: str) -> str:
    """The last dozen lines of a log, indented, without secrets."""
    shown = [line for line in redact(text).splitlines() if line.strip()][-12:]
    return "\n".join(f"    {line}" for line in shown)
