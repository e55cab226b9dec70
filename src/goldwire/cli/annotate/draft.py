"""`goldwire annotate draft`: a language model's drafts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from goldwire.cli.common import (
    FILE,
    F,
    json_option,
    progress,
    project_option,
    say,
    show,
    tell,
    write_json,
)
from goldwire.number_format import amount
from goldwire.project import Project


def llm_options(function: F) -> F:
    """Whom to ask, in place of `[llm]` in goldwire.toml: `endpoint` and `llm_model`."""
    function = click.option("--llm-model", help="The model, as the server calls it.")(function)
    return click.option(
        "--endpoint",
        metavar="URL",
        help="An OpenAI-compatible server, such as http://127.0.0.1:8080/v1.",
    )(function)


@click.command()
@click.argument("articles", nargs=-1)
@click.option("--out", type=FILE, help="The JSON Lines to write.")
@llm_options
@click.option("--layer", "layers", multiple=True, help="Only this layer; may be repeated.")
@click.option(
    "--given",
    type=click.Path(path_type=Path),
    help="Draft what --layer names upon the annotations in this file or project (. for this one): the other "
    "layers are taken from there.",
)
@click.option("--shots", type=click.IntRange(0), help="So many examples from reviewed articles.")
@click.option("--jobs", type=click.IntRange(1), help="Requests that go out at once.")
@click.option("--budget", type=click.IntRange(1), help="Tokens that this run may take; it stops before more.")
@click.option("--refresh", is_flag=True, help="Ask again what was answered before.")
@click.option("--dry-run", is_flag=True, help="Print the first request and an estimate; ask nothing.")
@json_option
@project_option
def draft(
    articles: tuple[str, ...],
    out: Path | None,
    layers: tuple[str, ...],
    given: Path | None,
    budget: int | None,
    refresh: bool,
    dry_run: bool,
    json_path: Path | None,
    project: Project,
    endpoint: str | None,
    llm_model: str | None,
    **options: Any,
) -> None:
    """Have a language model draft annotations.

    Of the ARTICLES named by their ids, or of all. The model quotes what is to be marked; a quote that is not
    in the article is sent back once, then left out and put into OUT's quarantine with the reason. Whom to ask
    stands under [llm] in goldwire.toml, the key in $GOLDWIRE_LLM_API_KEY. Answers are kept in .goldwire/llm:
    run again, the command goes on where it was stopped. Exit 1 where articles failed.
    """
    import goldwire

    options |= {"url": endpoint, "model": llm_model}
    if dry_run:
        preview = goldwire.preview_drafts(
            articles or None, project, layers=layers or None, given=given, **options
        )
        tell(*json.dumps(preview.request, ensure_ascii=False, indent=1).split("\n"))
        for note in preview.notes:
            say(f"note: {note}")
        say(
            f"to {preview.url}: {amount(preview.articles)} articles, {amount(preview.requests)} to "
            f"{amount(preview.most_requests)} requests; about {amount(preview.prompt_tokens)} tokens in if "
            f"nothing is sent back, at most {amount(preview.answer_tokens)} out"
            + (f"; {preview.cost} at most" if preview.cost else "")
        )
        return
    if out is None:
        raise click.UsageError("--out FILE says where the drafts go")
    try:
        with progress("drafting", len(articles) or len(goldwire.list_articles(project).articles)) as advance:
            drafts = goldwire.draft(
                articles or None,
                project,
                layers=layers or None,
                budget=budget,
                refresh=refresh,
                given=given,
                advance=advance,
                **options,
            )
    except KeyboardInterrupt:
        say("interrupted: what was answered is kept, so that the same command goes on from there")
        sys.exit(130)
    for note in drafts.notes:
        say(f"note: {note}")
    if drafts.articles:
        goldwire.write(drafts.articles, out, "jsonl")
        quarantine = drafts.write_quarantine(out)
    show(drafts.table())
    for reason, number in drafts.account.reasons.most_common(5):
        say(f"dropped: {amount(number)} × {reason}")
    for name, reason in drafts.left.items():
        say(f"left: `{name}`: {reason}")
    if drafts.articles:
        say(f"written to {out}")
        if quarantine is not None:
            say(f"what was dropped is in {quarantine}, with the reasons")
    write_json(json_path, drafts.as_json())
    if drafts.failed:
        sys.exit(1)
