"""A PostgreSQL for Label Studio: which one, with which password, and whether it can be used."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from goldwire.errors import GoldwireError
from goldwire.project import CONFIG, Project
from goldwire.redaction import keep_secret, keep_secrets_in, shortened

if TYPE_CHECKING:
    import psycopg

DATABASE_VARIABLE = "GOLDWIRE_DATABASE"
PASSWORD_VARIABLE = "PGPASSWORD"
#: The oldest PostgreSQL that Label Studio 1.23's Django works with.
OLDEST = 14
#: Seconds to wait for a connection.
PATIENCE = 10
_PORT = 5432
# What an address may say after `?`, and the variable that libpq reads it from, in the server too.
_OPTIONS = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "passfile": "PGPASSFILE",
}
# So that two first starts on one database make its tables one after the other.
_LOCK = 0x676F6C64


@dataclass(frozen=True)
class Database:
    """A PostgreSQL database. Its password is in no printed form; empty where libpq finds it in a file."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(default="", repr=False)
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.host.startswith("/"):
            return f"postgresql://{quote(self.user)}@:{self.port}/{quote(self.name)}?host={self.host}"
        return f"postgresql://{quote(self.user)}@{host}:{self.port}/{quote(self.name)}"

    def environment(self) -> dict[str, str]:
        """What Label Studio reads; an empty password leaves libpq to its password file."""
        return {
            "DJANGO_DB": "default",
            "POSTGRE_HOST": self.host,
            "POSTGRE_PORT": str(self.port),
            "POSTGRE_NAME": self.name,
            "POSTGRE_USER": self.user,
            "POSTGRE_PASSWORD": self.password,
            **dict(self.options),
        }


def named_database(project: Project, address: str | None = None) -> Database | None:
    """The database to use: `given`, else $GOLDWIRE_DATABASE, else `[annotate] database`, else none.

    Raises GW390 for what is no address, and for a password in goldwire.toml, which is under git.
    """
    if text := address or os.environ.get(DATABASE_VARIABLE, ""):
        return parse_database(text, where="--database" if address else f"${DATABASE_VARIABLE}")
    text = str(project.setting("annotate", "database", ""))
    if not text:
        return None
    where = str(project.root / CONFIG)
    if without_password(text) != text:
        keep_secrets_in(text)
        hint = f"take it out and make a new one: {_PASSWORD_PLACES}"
        raise GoldwireError.of(
            "GW390", "[annotate] database must not hold a password", where=where, hint=hint
        )
    return parse_database(text, where=where)


def parse_database(text: str, *, where: str = "--database") -> Database:
    """The database that an address names, `postgresql://user@host:port/name`.

    A password comes from the address, from $PGPASSWORD, or from libpq's file (~/.pgpass). `?host=/folder`
    names a Unix socket's folder; sslmode, sslrootcert, sslcert, sslkey and passfile are libpq's. Raises
    GW390 for what is no such address; the message never repeats it, as it may hold a password.
    """
    try:
        parts = urlsplit(text)
        port = parts.port or _PORT
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise _malformed(
            "it can't be read: is a `/`, `@` or `%` in the password written as %2F…?", where
        ) from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise _malformed("it does not begin with postgresql://", where)
    host = options.pop("host", "") or unquote(parts.hostname or "") or "localhost"
    name, user = unquote(parts.path.lstrip("/")), unquote(parts.username or "")
    if not name or not user:
        raise _malformed(f"it names no {'user' if name else 'database'}", where)
    if unknown := sorted(options.keys() - _OPTIONS.keys()):
        raise _malformed(f"unknown option {', '.join(unknown)}; known: host, {', '.join(_OPTIONS)}", where)
    password = unquote(parts.password or "") or os.environ.get(PASSWORD_VARIABLE, "")
    if "\0" in f"{host}{name}{user}{password}":
        raise _malformed("it holds a null character", where)
    keep_secret(password)
    # The environment's first: what the address says counts more.
    settings = {name: os.environ[name] for name in _OPTIONS.values() if name in os.environ}
    settings |= {_OPTIONS[option]: value for option, value in options.items()}
    in_order = tuple(sorted(settings.items()))
    return Database(host, port, name=name, user=user, password=password, options=in_order)


def without_password(text: str) -> str:
    """An address with no password in it; a text that is no address as it is."""
    head, mark, options = text.partition("?")
    if not {part.partition("=")[0] for part in options.split("&")} <= {"host", *_OPTIONS}:
        head, mark, options = text, "", ""  # the `?` may be the password's
    bare = re.sub(r"^(postgres(?:ql)?://[^:/?#]*):.*@", r"\1@", head, count=1, flags=re.DOTALL)
    return bare + mark + options


def hide_password(address: str) -> None:
    """Where the command line shows the database's password to everyone (`ps`), run it again without it.

    The password goes on in the environment, which only this user can read. Returns where there is nothing
    to hide.
    """
    bare = without_password(address)
    arguments = [argument.replace(address, bare) for argument in sys.orig_argv[1:]]
    if bare == address or arguments == sys.orig_argv[1:]:
        return
    password = parse_database(address).password
    os.execve(sys.executable, [sys.executable, *arguments], {**os.environ, PASSWORD_VARIABLE: password})


@contextmanager
def usable(database: Database) -> Iterator[bool]:
    """True in this block where the database holds a Label Studio already; others that ask wait for its end.

    Raises GW391 where it can't be reached, GW392 where the user or password is refused, GW393 where there
    is no such database, GW394 where it is older than 14, GW395 where Label Studio can't live in it.
    """
    with _connected(database) as connection:
        version = connection.info.server_version // 10000
        too_old(version, str(database))
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            hint = f"CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0; this one is {encoding}"
            raise GoldwireError.of("GW395", "it can't hold every text", where=str(database), hint=hint)
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        in_use = _true(connection, "SELECT to_regclass('django_migrations') IS NOT NULL")
        # Since PostgreSQL 15 only a database's owner may make tables in it.
        if not _true(connection, "SELECT has_schema_privilege(current_schema(), 'CREATE')"):
            hint = f'ALTER DATABASE "{database.name}" OWNER TO "{database.user}"'
            message = f"`{database.user}` may not make tables"
            raise GoldwireError.of("GW395", message, where=str(database), hint=hint)
        yield in_use


def has_account(database: Database, email: str) -> bool:
    """Whether the Label Studio in the database has this account."""
    with _connected(database) as connection:
        if not _true(connection, "SELECT to_regclass('htx_user') IS NOT NULL"):
            return False
        return _true(connection, "SELECT EXISTS (SELECT FROM htx_user WHERE email = %s)", email)


def too_old(version: int, where: str) -> None:
    """Raise GW394 for a PostgreSQL of a major version below 14."""
    if version < OLDEST:
        message = f"PostgreSQL {version}; Label Studio needs {OLDEST} or newer"
        raise GoldwireError.of("GW394", message, where=where, hint="pg_upgrade, or another server")


_PASSWORD_PLACES = f"set ${PASSWORD_VARIABLE}, or put it into ~/.pgpass (mode 600)"


def _malformed(why: str, where: str) -> GoldwireError:
    hint = f"postgresql://user@host:5432/name, and {_PASSWORD_PLACES}"
    return GoldwireError.of("GW390", f"no address of a PostgreSQL: {why}", where=where, hint=hint)


def _true(connection: psycopg.Connection[tuple[object, ...]], query: str, *values: object) -> bool:
    row = connection.execute(query.encode(), values or None).fetchone()
    return bool(row and row[0])


@contextmanager
def _connected(database: Database) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    import psycopg

    names = {variable: option for option, variable in _OPTIONS.items()}
    parameters: dict[str, str | int] = {names[variable]: value for variable, value in database.options}
    parameters |= {
        "host": database.host,
        "port": database.port,
        "dbname": database.name,
        "user": database.user,
    }
    if database.password:
        parameters["password"] = database.password
    try:
        conninfo = psycopg.conninfo.make_conninfo("", connect_timeout=PATIENCE, **parameters)
        connection = psycopg.connect(conninfo, autocommit=True)
    except psycopg.Error as error:
        raise _refused(database, str(error)) from None
    try:
        yield connection
    except psycopg.Error as error:
        message = f"the connection broke: {shortened(str(error), 400)}"
        raise GoldwireError.of("GW391", message, where=str(database)) from None
    finally:
        connection.close()


def _refused(database: Database, reason: str) -> GoldwireError:
    """What a failed connection means. libpq gives words only, which a server may write in its language."""
    where, bare = str(database), shortened(reason, 400)
    if "no password supplied" in reason:
        return GoldwireError.of("GW392", "it wants a password", where=where, hint=_PASSWORD_PLACES)
    if "FATAL" not in reason:
        hint = "is it running, and is host and port right?"
        return GoldwireError.of("GW391", f"can't be reached: {bare}", where=where, hint=hint)
    if re.search(rf"FATAL: .*\"{re.escape(database.name)}\" does not exist", reason) and "role" not in reason:
        hint = f'CREATE DATABASE "{database.name}" OWNER "{database.user}"'
        return GoldwireError.of("GW393", "no such database", where=where, hint=hint)
    if "authentication failed" in reason:
        message = f"the password of `{database.user}` is refused"
        return GoldwireError.of("GW392", message, where=where, hint=_PASSWORD_PLACES)
    return GoldwireError.of("GW392", f"refused: {bare}", where=where)
