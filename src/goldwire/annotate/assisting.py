"""A model served to Label Studio, for who calls it: started, connected to a project, taken out again.

What `import goldwire` names of it, and what the command calls.
"""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from goldwire.annotate.addresses import is_loopback
from goldwire.annotate.drafting.project_drafts import ProjectDocuments, drafting
from goldwire.annotate.drafting.settings import settings_of
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.client import connect as client_of
from goldwire.annotate.labelstudio.ssrf import ADDRESS
from goldwire.annotate.ml_backend.app import serving
from goldwire.annotate.ml_backend.connect import Connection, connected, fetch_predictions
from goldwire.annotate.ml_backend.drafting_model import DraftingModel
from goldwire.annotate.ml_backend.handlers import Backend, RequestCounts
from goldwire.annotate.ml_backend.predictor import Assistant, Predictor
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.records.passes import project_passes
from goldwire.annotate.wrong_use import wrong_use
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.schemas import load_schema
from goldwire.table import Column, Figures, Table

_HELP = "see goldwire annotate assist --help"
_LOG = logging.getLogger(__name__)


@dataclass(eq=False, repr=False)
class ServedModel(Figures):
    """A model that Label Studio can ask at `url`, until `stop` or the end of a `with` block.

    Its predictions are called `version`. `connections` are the projects that it was connected to, in passes
    one for each, `connection` the first of them or None: its `project_url`, its `view_url` (the tab in the
    order of uncertainty), and `parted`, None until it was taken out again, False where another model had
    taken its place. A language model's server is `texts_go_to`.
    """

    url: str
    connections: tuple[Connection, ...]
    texts_go_to: str
    _backend: Backend
    _client: Client | None
    _ending: ExitStack

    def __post_init__(self) -> None:
        # A project must not be left asking a model that has gone with its Python.
        atexit.register(self.stop)

    def __repr__(self) -> str:
        urls = " and ".join(connection.project_url for connection in self.connections)
        where = f", connected to {urls}" if urls else ""
        predictions = counted(self.counts.predicted, "prediction")
        return f"<ServedModel {self.version} at {self.url}{where}: {predictions}>"

    @property
    def connection(self) -> Connection | None:
        """The first of its connections."""
        return next(iter(self.connections), None)

    @property
    def version(self) -> str:
        """What its predictions are called on the server."""
        return self._backend.assistant.version

    @property
    def counts(self) -> RequestCounts:
        """What it did until now: predictions, and by reason what was refused, failed or left out."""
        return self._backend.counts

    def fetch(self, *, advance: Callable[[int], None] | None = None) -> tuple[int, int]:
        """Have the connected projects ask for the predictions of all its articles, not only of those opened.

        How many articles have them now, and how many can't be predicted. `advance` counts articles. Raises
        GW958 where it is not connected, and what the server says.
        """
        if self._client is None or not self.connections:
            raise wrong_use("predictions are fetched into a project that it is connected to", _HELP)
        have = none = 0
        for connection in self.connections:
            fetched = fetch_predictions(self._client, connection.project, self.version, advance=advance)
            have, none = have + fetched[0], none + fetched[1]
        return have, none

    def stop(self) -> None:
        """Take it out of the project, where its predictions stay, and end it; a second time it is nothing.

        Raises what the server says where it can't be taken out: `connection.parted` is None then.
        """
        atexit.unregister(self.stop)
        self._ending.close()

    def __enter__(self) -> ServedModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def tables(self) -> list[Table]:
        """`requests`: predictions made, and how often something was refused, failed or left out, and why."""
        counts = self.counts
        kinds = {"not predicted": counts.refused, "failed": counts.failed}
        kinds |= {"left out": counts.left_out, "events": counts.events}
        rows = [
            (what, why, number) for what, reasons in kinds.items() for why, number in reasons.most_common()
        ]
        columns = (Column("what"), Column("why"), Column("count", "amount"))
        return [Table("requests", "requests", columns, [("predictions", "", counts.predicted), *rows])]

    def as_json(self) -> dict[str, Any]:
        """Where it is, and its counts."""
        counts = self.counts
        return {
            "url": self.url,
            "version": self.version,
            "projects": [connection.project_url for connection in self.connections],
            "predicted": counts.predicted,
            "refused": dict(counts.refused),
            "failed": dict(counts.failed),
            "left_out": dict(counts.left_out),
            "events": dict(counts.events),
        }


def assist(
    model: str | Path | None = None,
    project: str | Path | Project = ".",
    *,
    llm: bool | Mapping[str, Any] = False,
    host: str | None = None,
    port: int | None = None,
    connect: bool = False,
    url: str | None = None,
) -> ServedModel:
    """Serve a model to Label Studio, in threads of this process, until it is stopped or its `with` ends.

    It is a trained pipeline, a folder or an installed package, or the language model under `[llm]` in
    goldwire.toml, in whose place `llm` may have settings (`{"url": …, "model": …}`). It listens at `host`
    (default: 127.0.0.2, which `serve` lets through) and `port` (default: a free one). With `connect` the
    project's Label Studio, or that at `url`, asks it for each article that is opened, and has a tab in the
    order of its uncertainty; `fetch` predicts all of them at once. Of `[annotate] passes` the project of each
    is connected, and gets what its screen labels. Raises GW310 and GW311 without a server or
    token, GW325 where it has no project of this one, GW380 and GW381 where nothing can listen, GW382 to GW386
    where it can't be connected, GW410 and GW411 for the pipeline, GW800 to GW816 for the language
    model, GW958 for both or neither.

        >>> import goldwire
        >>> with goldwire.assist("blank-model", "my-project", host="127.0.0.1") as served:
        ...     served.table().records()
        [{'what': 'predictions', 'why': '', 'count': 0}]
    """
    if (model is None) == (llm is False):
        raise wrong_use("either a model or a language model is served", _HELP)
    home = find_project(project)
    passes = project_passes(home)
    host = host or ADDRESS
    if not is_loopback(host):
        _LOG.warning("warning: whoever reaches %s can ask for predictions: there is no password", host)
    with ExitStack() as stack:
        if model is not None:
            predictor: Predictor = Assistant(str(model), load_schema(home.schema_path))
            texts_go_to = ""
        else:
            options = {} if isinstance(llm, bool) else llm
            predictor, texts_go_to = stack.enter_context(_drafting(home, options))
        backend = Backend(predictor, passes)
        address = stack.enter_context(serving(backend, host, port or 0))
        client = None
        connections: list[Connection] = []
        if connect:
            client = stack.enter_context(client_of(home, url=url))
            for title in [title_for(home, "", each) for each in passes or (None,)]:
                connecting = connected(client, title, address.url, predictor, passes)
                connections.append(stack.enter_context(connecting))
        ending = stack.pop_all()
        return ServedModel(address.url, tuple(connections), texts_go_to, backend, client, ending)


@contextmanager
def _drafting(project: Project, options: Mapping[str, Any]) -> Iterator[tuple[DraftingModel, str]]:
    """The language model of the settings, for the time of a block, and where the texts go."""
    settings = settings_of(project, options)
    with drafting(project, settings) as drafter:
        drafts = DraftingModel(drafter, ProjectDocuments(project).own)
        try:
            yield drafts, settings.url
        finally:
            drafts.close()
