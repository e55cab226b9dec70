"""Adjudication for who calls it: decided in files, or in a Label Studio.

What `import goldwire` names of it, and what the command calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from goldwire.annotate.adjudication.project import Adjudicated, adjudicate_project
from goldwire.annotate.adjudication.pull import PulledAdjudication
from goldwire.annotate.adjudication.pull import pull_adjudication as pull_from
from goldwire.annotate.adjudication.push import PushedAdjudication
from goldwire.annotate.adjudication.push import push_adjudication as push_to
from goldwire.annotate.labelstudio.client import connect
from goldwire.annotate.wrong_use import wrong_use
from goldwire.model import Provenance
from goldwire.project import Project, find_project
from goldwire.schemas import load_schema
from goldwire.schemas.guidelines import guidelines_hash
from goldwire.seeds import load_seeds


def adjudicate(
    project: str | Path | Project = ".", *, by: str, machine: bool = False, between: Sequence[str] = ()
) -> Adjudicated:
    """Merge the two stored readings of each article into one, by the decisions in its file.

    Each disagreement is an item of `annotate/adjudication/ARTICLE.yaml`: fill in `decide` and `reason`, call
    again. Decisions that were made are kept; where no item is open the result is stored as the annotator
    `adjudicated`. `by` names who decides, a person unless it is a `machine`; `between` two annotators, where
    an article has more readings than two. The result's `outcomes` hold, by article, the annotation, its
    items and those that are `open`. Raises GW958 for an empty `by` and another number of annotators, GW370
    to GW373 for decisions that can't be taken, GW378 for an annotator without a reading; then nothing is
    written.

        >>> import goldwire
        >>> result = goldwire.adjudicate("my-project", by="eve")
        >>> result
        <Adjudicated: 0 articles, 0 items open>
        >>> result.table("kinds").columns[1].name
        'a'
    """
    _check_two(between)
    if not by:
        raise wrong_use("nobody is named who decides", "by is the adjudicator's name")
    home = find_project(project)
    schema = load_schema(home.schema_path)
    made_by = Provenance("model" if machine else "human", by, guidelines=guidelines_hash(schema))
    return adjudicate_project(home, schema, made_by, between)


def push_adjudication(
    project: str | Path | Project = ".",
    *,
    between: Sequence[str] = (),
    url: str | None = None,
    advance: Callable[[int], None] | None = None,
) -> PushedAdjudication:
    """Send each article with two readings to a Label Studio project, where what differs is decided.

    A second call brings tasks up to date, and sends none twice. `between` as in `adjudicate`, `url` and its
    token as in `push`; `advance` counts articles. Raises GW310 and GW311 without a server or token, GW958
    for another number of annotators than two, and what `adjudicate` raises for decisions made before.

        >>> import goldwire
        >>> try:
        ...     goldwire.push_adjudication("my-project")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code)
        GW310
    """
    _check_two(between)
    home = find_project(project)
    documents, schema = load_seeds(home), load_schema(home.schema_path)
    with connect(home, url=url) as client:
        return push_to(client, home, schema, documents, between=between, advance=advance)


def pull_adjudication(
    project: str | Path | Project = ".",
    *,
    by: str | None = None,
    between: Sequence[str] = (),
    url: str | None = None,
    advance: Callable[[int], None] | None = None,
) -> PulledAdjudication:
    """Take what the account `by` submitted (default: the only one that has) as decisions, into the files.

    Where nothing is open the result is stored as the annotator `adjudicated`. What waits for a decision, and
    what is refused since it can't be taken over, raises nothing: look at the result's `waiting` and
    `refused`. `between` as in `adjudicate`, `url` and its token as in `push`; `advance` counts articles.
    Raises GW310 and GW311 without a server or token, GW325 where nothing was pushed, GW377 where `by` has
    submitted nothing, GW958 for another number of annotators than two.

        >>> import goldwire
        >>> try:
        ...     goldwire.pull_adjudication("my-project", by="eve")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code)
        GW310
    """
    _check_two(between)
    home = find_project(project)
    documents, schema = load_seeds(home), load_schema(home.schema_path)
    with connect(home, url=url) as client:
        return pull_from(client, home, schema, documents, by=by, between=between, advance=advance)


def _check_two(between: Sequence[str]) -> None:
    if between and (isinstance(between, str) or len(between) != 2):
        raise wrong_use("an adjudication is between two annotators", 'between=("anna", "bruno")')
