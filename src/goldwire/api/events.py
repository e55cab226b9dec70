"""The event table, of a project or of an archive that a model annotated."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from goldwire.errors import GoldwireError, one_of
from goldwire.files import writing
from goldwire.project import Project, find_project

if TYPE_CHECKING:
    from goldwire.corpus.events.write import EventCounts


def write_events(
    out: str | Path,
    sources: Sequence[str | Path] = (),
    project: str | Path | Project = ".",
    *,
    layer: str = "",
    ids: bool = False,
    advance: Callable[[int], None] | None = None,
) -> EventCounts:
    """Write who does what to whom, where and when as a parquet table to `out`; what was counted.

    `sources` are shards of an archive, folders of them, globs, addresses, read an article at a time; without
    any they are the project's articles. The schema, its registries and roles (`[browse]`) are the project's;
    `layer` is the one whose spans are events (default: the first that has relations to another). With `ids`
    mentions without an id get that of the registry where it is sure. Rows of an archive that are no article
    are counted and put into `OUT.quarantine.jsonl`. Raises GW953 for a layer that is none of events, GW940 to
    GW943 and GW950 for an archive that can't be read.

        >>> import goldwire
        >>> counts = goldwire.write_events("events.parquet", project="my-project")
        >>> counts.articles
        2
    """
    from goldwire.annotations.candidates import Candidates
    from goldwire.annotations.store import project_articles
    from goldwire.archive.rows import archive_articles
    from goldwire.archive.shards import shards_outside
    from goldwire.corpus.browse.argument_roles import project_frames
    from goldwire.corpus.browse.events import registry_entries
    from goldwire.corpus.events.rows import EventColumns
    from goldwire.corpus.events.write import write_events as write
    from goldwire.schemas import load_schema
    from goldwire.schemas.load import load_registries

    of = find_project(project)
    schema = load_schema(of.schema_path)
    known = {frame.layer: frame for frame in project_frames(of, schema)}
    if not known or (layer and layer not in known):
        problem = (
            f"no relation leads from `{layer}` to another layer" if layer else "no layer is one of events"
        )
        hint = one_of(known) if known else "events are spans with relations to those who take part"
        raise GoldwireError.of("GW953", problem, where=str(of.schema_path), hint=hint)
    frame = known[layer] if layer else next(iter(known.values()))
    columns = EventColumns(schema, frame, registry_entries(schema, of.schema_path.parent))
    candidates = None
    if ids:
        candidates = Candidates(schema, load_registries(schema, of.schema_path), project_articles(of))
    target = Path(out)
    if not sources:
        return write(target, project_articles(of), columns, ids=candidates)
    shards = shards_outside([str(source) for source in sources], target.absolute())
    with tempfile.TemporaryFile("w+", encoding="utf-8") as aside:
        counts = write(target, archive_articles(shards, aside, advance), columns, ids=candidates)
        aside.seek(0)
        counts.refused = sum(1 for _ in aside)
        if counts.refused:
            aside.seek(0)
            with writing(target.with_name(f"{target.name}.quarantine.jsonl")) as stream:
                stream.writelines(line.encode() for line in aside)
    return counts
