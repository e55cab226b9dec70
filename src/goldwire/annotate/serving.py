"""A project's Label Studio for who calls it: started, found, stopped.

What `import goldwire` names of it, and what the command calls.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any

from goldwire.annotate.labelstudio.database import named_database
from goldwire.annotate.labelstudio.installation import Notify, credentials_path
from goldwire.annotate.labelstudio.server import Server, running, start, stop, wait
from goldwire.project import Project, find_project


@dataclass(frozen=True, repr=False)
class Studio:
    """A running Label Studio of a `project`; as a context it ends with the block, unless it ran before.

    `server` holds its account's password and token, which nothing shown or returned by `to_dict` does.
    """

    project: Project
    server: Server = field(repr=False)
    ran_before: bool = False

    def __repr__(self) -> str:
        return f"<Studio of {self.project.name}: {self.url}>"

    def _repr_html_(self) -> str:
        url = escape(self.url)
        return f'<a href="{url}" target="_blank" rel="noopener">{url}</a>, account {escape(self.username)}'

    @property
    def url(self) -> str:
        """Its address, on loopback."""
        return self.server.url

    @property
    def username(self) -> str:
        """Its first account, whose password is in `credentials`."""
        return self.server.username

    @property
    def credentials(self) -> Path:
        """The file of its account's password and token, for its owner only."""
        return credentials_path(self.project)

    def to_dict(self) -> dict[str, Any]:
        """What it is, without secrets."""
        server = self.server
        return {
            "url": server.url,
            "username": server.username,
            "pid": server.pid,
            "database": server.database,
            "ran_before": self.ran_before,
        }

    def wait(self) -> None:
        """Return when it has ended."""
        wait(self.server)

    def stop(self) -> bool:
        """End it with every process that it started; False where it has ended before."""
        return stop(self.project)

    def __enter__(self) -> Studio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.ran_before:
            self.stop()


def serve(
    project: str | Path | Project = ".",
    *,
    port: int | None = None,
    database: str | None = None,
    public_url: str = "",
    assist: bool | None = None,
    notify: Notify = lambda _message: None,
) -> Studio:
    """Run a project's Label Studio on this machine, on loopback, and wait until it answers.

    Where one runs it is that one, as it was started. It goes on running when Python ends: `with` a block, or
    `Studio.stop` and `stop_server`, end it. The `port` is by default that of the last start, or a free one.
    Its data are in `.goldwire/studio`, or in the PostgreSQL that `database`, $GOLDWIRE_DATABASE or
    goldwire.toml names (`postgresql://user@host:5432/name`, the password in $PGPASSWORD or ~/.pgpass).
    `public_url` is the https:// address of a proxy in front; `assist` says whether it may reach where
    `goldwire.assist` listens (default: unless there is a `public_url`). `notify` gets messages on
    the way. Raises GW301 where Label Studio is not installed, GW305 for a `port` that is taken, GW306 to
    GW308 where it does not start, GW390 to GW397 for the database and the public address.

        >>> import goldwire
        >>> try:
        ...     goldwire.serve("my-project", database="mysql://anna@localhost/gold")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code)
        GW390
    """
    home = find_project(project)
    named = named_database(home, database)
    if existing := running(home, named):
        return Studio(home, existing, ran_before=True)
    server = start(home, port=port, database=named, public_url=public_url, assist=assist, notify=notify)
    return Studio(home, server)


def stop_server(project: str | Path | Project = ".") -> bool:
    """Stop a project's Label Studio with every process that it started; False where none runs.

    Raises GW910 where there is no project.

    >>> import goldwire
    >>> goldwire.stop_server("my-project")
    False
    """
    return stop(find_project(project))
