"""Archives: annotated, and chosen from, however many articles they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from goldwire.archive.run import FORMS, PER_SHARD, Outcome
from goldwire.errors import GoldwireError, one_of
from goldwire.project import Project, find_project

if TYPE_CHECKING:
    from goldwire.archive.engine import Engine
    from goldwire.archive.selection.choose import Selection

#: Where an archive lies: files, folders and patterns, here or wherever fsspec reaches.
Archive: TypeAlias = str | Path | Iterable[str | Path]
#: Options of a selection that are lists, for which a word alone may stand.
_LISTS = ("languages", "keywords", "by")


def predict_archive(
    model: str | Path,
    archive: Archive,
    folder: str | Path,
    *,
    layer: str | None = None,
    columns: Mapping[str, str] | None = None,
    form: Literal["jsonl", "jsonl.gz", "parquet"] = "jsonl",
    shard_size: int = PER_SHARD,
    strict: bool = False,
    workers: int | None = None,
    engine: Engine | None = None,
    advance: Callable[[int], None] | None = None,
) -> Outcome:
    """Annotate an archive with a model, a batch at a time, and write it to `folder` as shards in this `form`.

    `archive` is shards (.jsonl, .jsonl.gz, .parquet), folders of them, patterns, addresses. `columns` says
    which column is what (`{"text": "body"}`), otherwise that is guessed; `shard_size` rows are read for one
    shard. Rows that are no article lie in `_quarantine` in the folder, or the first is raised, if `strict`.
    So many `workers`, processes here (default: one a core), load the model, or those of another `engine`. A
    call that was killed goes on when it is made again. `advance` counts bytes read. Raises GW940 to GW952 for
    archive and folder, GW410 and GW411 for the model, GW959 for what can't be meant.

        >>> import goldwire
        >>> goldwire.predict_archive("blank-model", "gold.jsonl", "annotated", workers=1)
        <Outcome: 2 documents, 0 spans in 1 shard>
        >>> goldwire.read("annotated/gold-00000.jsonl")
        <2 articles, 2 annotations, 0 spans>
    """
    from goldwire.train.run.predict import predict_archive as annotate

    if form not in FORMS:
        raise _wrong(f"shards can't be written as `{form}`", one_of(FORMS))
    if shard_size < 1:
        raise _wrong(f"shards of {shard_size} rows", "one or more")
    _check_workers(workers)
    return annotate(
        str(model),
        _addresses(archive),
        folder,
        layer=layer,
        columns=columns,
        form=form,
        per_shard=shard_size,
        strict=strict,
        workers=workers,
        engine=engine,
        advance=advance,
    )


def select_articles(
    archive: Archive,
    folder: str | Path,
    *,
    project: str | Path | Project | None = None,
    repeat: str | Path | None = None,
    workers: int | None = None,
    engine: Engine | None = None,
    advance: Callable[[int], None] | None = None,
    **options: Any,
) -> Selection:
    """Choose from an archive the articles worth labelling, and draw a random share as a test pool.

    `folder` gets `articles.jsonl` and `test.jsonl`, which `add_articles` takes, a page with what was chosen
    and left out, and `selection.json`, with which `repeat` makes the same choice again. No text is taken
    twice, nor nearly, nor one that `project` has. `options` are those of `goldwire seeds select`: `number`,
    `test`, `languages`, `least`, `most` (words), `since`, `until`, `keywords`, `by`, `spread`, `at_most`
    (`{"source": 20}`), `order`, `diversity`, `near`, `seed`, `columns`. `workers`, `engine` and `advance` as
    in `predict_archive`. Raises GW940 to GW950 for the archive, GW955 for what can't be chosen, GW956 where
    the archive is not that of `repeat`, GW957 where the folder is somebody else's.

        >>> import goldwire
        >>> goldwire.select_articles("gold.jsonl", "chosen", number=1, test=0, near=1.0, workers=1)
        <Selection: 1 to label, 0 to test of 2 articles>
    """
    from goldwire.archive.selection.options import Choice, wrong_choice
    from goldwire.archive.selection.select import select
    from goldwire.seeds import load_seeds
    from goldwire.seeds.ingest import LISTING

    if repeat is not None and options:
        raise wrong_choice(
            f"`repeat` makes a former choice again, and takes no `{next(iter(options))}`", "leave one out"
        )
    _check_workers(workers)
    given = {k: [v] if k in _LISTS and isinstance(v, str) else v for k, v in options.items()}
    home = None if project is None else find_project(project)
    known = load_seeds(home) if home is not None and (home.seeds / LISTING).is_file() else []
    return select(
        _addresses(archive),
        folder,
        Choice.of(given, "options"),
        known=known,
        workers=workers,
        engine=engine,
        repeat=None if repeat is None else Path(repeat),
        advance=advance,
    )


def _check_workers(workers: int | None) -> None:
    if workers is not None and workers < 1:
        raise _wrong(f"{workers} workers", "one or more")


def _wrong(message: str, hint: str) -> GoldwireError:
    return GoldwireError.of("GW959", message, hint=hint)


def _addresses(archive: Archive) -> list[str]:
    return [str(archive)] if isinstance(archive, (str, Path)) else [str(each) for each in archive]
