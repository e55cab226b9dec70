"""`goldwire seeds`: articles chosen, in and out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from goldwire.cli.common import (
    FILE,
    FOLDER,
    PLACE,
    CommandGroup,
    columns_option,
    engine_options,
    in_mebibytes,
    json_option,
    pairs,
    progress,
    project_option,
    say,
    show,
    tell,
    write_json,
)
from goldwire.number_format import amount, counted
from goldwire.project import Project, find_project
from goldwire.text import first_of

if TYPE_CHECKING:
    from goldwire.archive.engine import Engine
    from goldwire.seeds.add import Addition

#: Articles that are shown; all with --all.
_SHOWN = 20


@click.group(cls=CommandGroup)
def command() -> None:
    """The articles: choose from an archive, add, list, remove."""


@command.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@project_option
@click.option("--dry-run", is_flag=True, help="Only show what would be added.")
@click.option("--lenient", is_flag=True, help="Add the rest where something is refused.")
@columns_option
@click.option("--encoding", default="", help="Of texts that are not UTF-8, for instance windows-1252.")
@click.option("--all", "every", is_flag=True, help="Show all articles, not the first 20.")
@json_option
def add(
    paths: tuple[Path, ...],
    project: Project,
    dry_run: bool,
    every: bool,
    json_path: Path | None,
    **options: Any,
) -> None:
    """Take the articles in PATHS into the project: files, folders and zip archives.

    \b
    .txt .text .md          a text each, UTF-8 unless --encoding says otherwise
    .html .htm .xhtml       a saved web page each: article, title, date, author
    .csv .tsv               an article a row, columns by their names
    .jsonl .ndjson .json    an article an object

    Without PATHS: the files in seeds/ that are not listed yet. Ids are made of names, texts go to
    seeds/articles/, and all are listed in seeds/articles.jsonl; or, where anything is refused, none.
    """
    import goldwire

    addition = goldwire.add_articles(project, *paths, dry_run=dry_run, **options)
    _show(addition, every=every)
    write_json(json_path, addition.as_json())
    if addition.refused and dry_run:
        raise SystemExit(1)


def _show(addition: Addition, *, every: bool) -> None:
    from dataclasses import replace

    articles, *others = addition.tables()
    if articles.rows:
        show(articles if every else replace(articles, rows=articles.rows[:_SHOWN]))
        if len(articles.rows) > _SHOWN and not every:
            say(f"and {amount(len(articles.rows) - _SHOWN)} more (--all shows them)")
    for shown in others:
        if shown.rows:
            show(shown, title=shown.title)
    for place, fields in addition.columns.items():
        told = ", ".join(f"{field} from `{column}`" for field, column in fields.items())
        say(f"{place}: {told or 'texts by their files'} (others: --column FIELD=NAME)")
    for place, number in addition.annotated.items():
        way = "to take them too: goldwire new --from jsonl, or goldwire corpus convert --to store"
        say(f"{place}: annotations of {counted(number, 'article')} were not taken; {way}")
    if addition.passed:
        files = counted(len(addition.passed), "file")
        say(f"passed over, of other kinds: {files} ({first_of(addition.passed)})")
    counts = {
        "added" if addition.is_written else "to add": len(addition.articles),
        "there already": len(addition.same),
        "near-duplicates among them": len({pair.id for pair in addition.near}),
        "refused": len(addition.refused),
    }
    say(", ".join(f"{amount(number)} {what}" for what, number in counts.items()))


@command.command(name="list")
@project_option
@json_option
def list_command(project: Project, json_path: Path | None) -> None:
    """The project's articles, in the order of seeds/articles.jsonl."""
    import goldwire

    listing = goldwire.list_articles(project)
    for shown in listing.tables():
        show(shown)
    tell(counted(len(listing.articles), "article"))
    write_json(json_path, listing.as_json()["articles"])


@command.command()
@click.argument("ids", nargs=-1, required=True)
@project_option
@click.option("--with-annotations", is_flag=True, help="Remove their annotations too.")
@json_option
def remove(ids: tuple[str, ...], project: Project, with_annotations: bool, json_path: Path | None) -> None:
    """Take articles out of the project by their ids, with their texts in seeds/.

    Refused where somebody has annotated one, unless --with-annotations. What a Label Studio has stays there.
    """
    import goldwire

    removal = goldwire.remove_articles(project, *ids, with_annotations=with_annotations)
    for name in (*removal.files, *removal.annotations):
        say(f"removed  {name}")
    counts = counted(len(removal.articles), "article"), counted(len(removal.annotations), "annotation")
    say(f"{counts[0]} and {counts[1]} removed")
    write_json(json_path, removal.as_json())


@command.command()
@click.argument("sources", nargs=-1, required=True, metavar="ARCHIVE…")
@click.argument("target", type=PLACE, metavar="OUT")
@click.option("--number", type=click.IntRange(0), default=200, show_default=True, help="Articles to label.")
@click.option(
    "--test",
    type=click.IntRange(0),
    default=40,
    show_default=True,
    help="Articles drawn at random beside them.",
)
@click.option(
    "--language", "languages", multiple=True, help="Only articles in this language (several may be)."
)
@click.option("--least", type=click.IntRange(0), default=0, help="Only articles of so many words or more.")
@click.option("--most", type=click.IntRange(0), default=0, help="Only articles of so many words or less.")
@click.option("--since", default="", metavar="DAY", help="Only articles published since: 2024, 2024-05-31.")
@click.option("--until", default="", metavar="DAY", help="Only articles published until, that day included.")
@click.option(
    "--keyword", "keywords", multiple=True, help="Choose among articles that hold one of these words."
)
@click.option(
    "--by",
    multiple=True,
    metavar="FIELD",
    help="Spread over the values of a field: source, language, year, month, length, keyword, any metadata.",
)
@click.option("--spread", type=click.Choice(["even", "proportional"]), default="even", show_default=True)
@click.option(
    "--at-most",
    multiple=True,
    metavar="FIELD=N",
    callback=pairs("source=20", str.isdecimal, int),
    help="Not more than N of one value.",
)
@click.option(
    "--order",
    default="random",
    show_default=True,
    metavar="HOW",
    help="random; uncertainty, where predict wrote the archive; a field with numbers, the greatest first.",
)
@click.option(
    "--diversity",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="0: by order alone; 1: as unlike one another as can be.",
)
@click.option(
    "--near",
    type=click.FloatRange(0.1, 1),
    default=0.5,
    show_default=True,
    help="From which similarity on two texts are copies.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--repeat", type=FILE, help="A former selection.json: the same choice again, and no other option."
)
@engine_options
@click.option("--project", type=FOLDER, help="Leave out what this project has (default: the one we are in).")
@columns_option
@json_option
def select(
    sources: tuple[str, ...],
    target: Path | str,
    repeat: Path | None,
    workers: int | None,
    engine: Engine | None,
    project: Path | None,
    json_path: Path | None,
    **options: Any,
) -> None:
    """Choose from ARCHIVE the articles worth labelling, and draw a random share as a test pool.

    ARCHIVE is files, folders, patterns or addresses of .jsonl, .jsonl.gz and .parquet, of any size. OUT gets
    articles.jsonl and test.jsonl, which goldwire seeds add takes, index.html with what was chosen, what was
    left out and why, and selection.json, which repeats the choice. No text is taken twice, nor nearly.
    """
    import goldwire

    if repeat is not None:
        context = click.get_current_context()
        ours = {"repeat", "workers", "engine", "address", "project", "json_path", "sources", "target"}
        for name in context.params.keys() - ours:
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise click.UsageError(f"--repeat repeats a choice, and takes no option of another: {name}")
    with progress("looking, MiB read") as advance:
        selection = goldwire.select_articles(
            sources,
            target,
            project=_home(project),
            repeat=repeat,
            workers=workers,
            engine=engine,
            advance=in_mebibytes(advance),
            **(options if repeat is None else {}),
        )
    figures = selection.as_json()
    for name in ("not_in_question", "not_to_be_chosen", "left_out"):
        for why, number in figures[name].items():
            say(f"{amount(number)} {name.replace('_', ' ')}: {why}")
    for fault in selection.refused:
        say(f"refused: {fault}")
    choice = selection.choice
    for wanted, had, what in ((choice.number, "chosen", "label"), (choice.test, "test", "test")):
        if figures[had] < wanted:
            why = "the archive has no more that fit"
            why = why if selection.is_exhausted else "too many of the likeliest are near copies"
            say(f"note: {amount(wanted)} were asked for to {what}, {amount(figures[had])} are taken: {why}")
    say(
        f"of {counted(figures['read'], 'article')}, {amount(figures['population'])} in question: "
        f"{amount(figures['chosen'])} to label, {amount(figures['test'])} to test"
    )
    say(f"written to {target}; to look at: {target}/index.html")
    say(f"into a project: goldwire seeds add {target}/articles.jsonl {target}/test.jsonl")
    write_json(json_path, figures)


def _home(folder: Path | None) -> Project | None:
    """The project whose articles are left out; none outside of any, unless one is named."""
    from goldwire.leftovers import CONFIG

    here = Path.cwd()
    if folder is None and not any((each / CONFIG).is_file() for each in (here, *here.parents)):
        return None
    return find_project(folder)
