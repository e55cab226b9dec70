"""`goldwire seeds`: articles in and out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from goldwire.cli.common import (
    columns_option,
    json_option,
    project_option,
    say,
    show,
    table,
    tell,
    write_json,
)
from goldwire.figures import amount
from goldwire.project import Project

if TYPE_CHECKING:
    from goldwire.seeds.add import Addition

#: Articles that are shown; all with --all.
_SHOWN = 20


@click.group()
def command() -> None:
    """The articles: add, list, remove."""


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
    lenient: bool,
    columns: dict[str, str],
    encoding: str,
    every: bool,
    json_path: Path | None,
) -> None:
    """Take the articles in PATHS into the project: files, folders and zip archives.

    \b
    .txt .text .md          a text each, UTF-8 unless --encoding says otherwise
    .html .htm .xhtml       a saved web page each: its article, title, date, author
    .csv .tsv               an article a row, columns by their names
    .jsonl .ndjson .json    an article an object

    Without PATHS: the files in seeds/ that are not listed yet. Ids are made of names, texts go to
    seeds/articles/, and all are listed in seeds/articles.jsonl; or, where anything is refused, none.
    """
    from goldwire.seeds.add import add_articles

    addition = add_articles(
        project, *paths, columns=columns, encoding=encoding, lenient=lenient, dry_run=dry_run
    )
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
        say(f"{place}: annotations of {_counted(number, 'article')} were not taken; {way}")
    if addition.passed:
        first = ", ".join(addition.passed[:3]) + (", …" if len(addition.passed) > 3 else "")
        say(f"passed over, of other kinds: {_counted(len(addition.passed), 'file')} ({first})")
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
    from dataclasses import asdict

    from goldwire.seeds.listing import list_articles

    articles = list_articles(project)
    rows = [
        (
            each.id,
            str(each.meta.get("title", "")),
            str(each.meta.get("published", "")),
            amount(each.characters),
        )
        for each in articles
    ]
    table(("id", "title", "published", "characters"), rows, left=3, lesser=("published", "title"))
    tell(_counted(len(articles), "article"))
    write_json(json_path, [asdict(each) for each in articles])


@command.command()
@click.argument("ids", nargs=-1, required=True)
@project_option
@click.option("--with-annotations", is_flag=True, help="Remove their annotations too.")
@json_option
def remove(ids: tuple[str, ...], project: Project, with_annotations: bool, json_path: Path | None) -> None:
    """Take articles out of the project by their ids, with their texts in seeds/.

    Refused where somebody has annotated one, unless --with-annotations. What a Label Studio has stays there.
    """
    from goldwire.annotations.removal import remove_articles

    removal = remove_articles(project, ids, with_annotations=with_annotations)
    for name in (*removal.files, *removal.annotations):
        say(f"removed  {name}")
    counts = _counted(len(removal.articles), "article"), _counted(len(removal.annotations), "annotation")
    say(f"{counts[0]} and {counts[1]} removed")
    write_json(json_path, removal.as_dict())


def _counted(number: int, what: str) -> str:
    return f"{amount(number)} {what}{'' if number == 1 else 's'}"
