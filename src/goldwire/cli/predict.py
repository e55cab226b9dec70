"""`goldwire predict`: annotate articles with a trained model."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

import click

from goldwire.cli.common import (
    columns_option,
    engine_options,
    in_mebibytes,
    json_option,
    progress,
    say,
    write_json,
)
from goldwire.number_format import amount, counted

#: What the one file of a few articles may end in.
_JSON_LINES = (".jsonl", ".ndjson")


@click.command()
@click.argument("model")
@click.argument("sources", nargs=-1, required=True, metavar="IN…")
@click.argument("out", metavar="OUT")
@click.option("--layer", help="The layer that the model's spans belong to (default: what the model says).")
@click.option(
    "--shards",
    "form",
    type=click.Choice(["jsonl", "jsonl.gz", "parquet"]),
    help="Into a folder: how its shards are written (default: jsonl).",
)
@click.option(
    "--shard-size", type=click.IntRange(1), help="Into a folder: rows read for one shard (default: 10,000)."
)
@click.option("--strict", is_flag=True, help="Into a folder: stop at the first row that is no article.")
@engine_options
@columns_option
@json_option
def command(
    model: str,
    sources: tuple[str, ...],
    out: str,
    layer: str | None,
    json_path: Path | None,
    **options: Any,
) -> None:
    """Annotate the articles of IN with MODEL, write them to OUT.

    MODEL is a folder or an installed package, IN a .jsonl, .txt or .csv file or a folder of texts, OUT JSON
    Lines: each article with its metadata and one annotation, the model's.

    Where OUT is a folder (its name has no ending such as .jsonl, or ends in /), IN is an archive: shards of
    any number and size (.jsonl, .jsonl.gz, .parquet), folders of them, patterns in quotes, addresses such as
    s3://…. They are annotated a batch at a time and written as shards with a manifest; a run that was killed
    goes on when it is called again. Rows that are no article are counted, and kept in OUT/_quarantine. With
    --engine ray the model works on all nodes of a Ray cluster, and what is written is the same.
    """
    given = {name: value for name, value in options.items() if value}
    target = out if "://" in out else Path(out)
    if _is_folder(out):
        _archive(model, sources, target, layer, given, json_path)
    elif given:
        name = next(iter(given))
        flag = {"form": "--shards", "columns": "--column"}.get(name, f"--{name.replace('_', '-')}")
        raise click.UsageError(f"{flag} is for an archive, whose OUT is a folder; {target} is a file")
    elif len(sources) > 1 or _is_archive(sources[0]):
        what = "several IN" if len(sources) > 1 else f"{sources[0]} is an archive, whose articles"
        raise click.UsageError(f"{what} go into a folder: OUT without an ending, or with / at its end")
    else:
        _file(model, Path(sources[0]), Path(target), layer, json_path)


def _is_folder(out: str) -> bool:
    from goldwire.archive.shards import SUFFIXES

    if "://" in out:
        if out.endswith(SUFFIXES):
            raise click.UsageError(f"at an address OUT is a folder, and {out} a file")
        return True
    target = Path(out)
    if target.is_dir() or out.endswith("/"):
        return True
    if target.suffix.lower() in _JSON_LINES or (not target.suffix and target.exists()):
        return False
    if target.suffix[1:].isalpha():
        message = f"a file is written as JSON Lines: OUT.jsonl; for a folder of this name: {out}/"
        raise click.UsageError(f"{message} (its shards as --shards jsonl.gz or parquet)")
    return True


def _is_archive(source: str) -> bool:
    """Whether only a run into a folder can read it: shards elsewhere, packed, by a pattern or in a folder."""
    from goldwire.archive.shards import suffix_of

    path = Path(source)
    if path.is_dir():
        return any(suffix_of(each.name) for each in path.rglob("*")) and not any(path.rglob("*.txt"))
    packed = suffix_of(source) not in ("", *_JSON_LINES)
    return "://" in source or packed or (not path.exists() and not {"*", "?", "["}.isdisjoint(source))


def _file(model: str, source: Path, target: Path, layer: str | None, json_path: Path | None) -> None:
    import goldwire

    documents = goldwire.read_documents(source)
    with progress("predicting", len(documents)) as advance:
        articles = goldwire.predict(model, documents, layer=layer, advance=advance)
    goldwire.write(articles, target, "jsonl")
    spans = sum(len(a.spans) for article in articles for a in article.annotations)
    say(f"{amount(len(articles))} articles, {amount(spans)} spans")
    say(f"written to {target}")
    trained_on = sum(a.provenance.trained_on for article in articles for a in article.annotations)
    _say_trained_on(trained_on)
    write_json(json_path, {"articles": len(articles), "spans": spans, "trained_on": trained_on})


def _archive(
    model: str,
    sources: tuple[str, ...],
    target: Path | str,
    layer: str | None,
    options: dict[str, Any],
    json_path: Path | None,
) -> None:
    import goldwire

    begun = perf_counter()
    with progress("predicting, MiB read") as advance:
        outcome = goldwire.predict_archive(
            model, sources, target, layer=layer, advance=in_mebibytes(advance), **options
        )
    seconds = perf_counter() - begun
    rate = outcome.documents_written / seconds if seconds else 0.0
    counts = outcome.counts
    say(
        f"{counted(counts['documents'], 'document')}, {counted(counts['spans'], 'span')} "
        f"in {counted(outcome.shards, 'shard')}"
    )
    if outcome.written < outcome.shards:
        say(f"of these were there already: {counted(outcome.shards - outcome.written, 'shard')}")
    if outcome.written:
        say(f"{amount(outcome.documents_written)} in {amount(seconds)} s: {amount(rate)} a second")
    for fault in outcome.faults:
        say(f"refused: {fault}")
    if counts["refused"]:
        say(f"{counted(counts['refused'], 'row')} refused: {target}/_quarantine")
    say(f"written to {target}")
    _say_trained_on(counts["trained_on"])
    times = {"seconds": round(seconds, 3), "documents_per_second": round(rate, 2)}
    write_json(json_path, outcome.as_json() | times)


def _say_trained_on(trained_on: int) -> None:
    if trained_on:
        learned = f"{trained_on} of these articles, or near copies"
        say(f"note: the model was trained on {learned}; they are marked so")
