"""`goldwire corpus diff`, `split`, `publish` and `rehydrate`: versions of the dataset, and what leaves it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli.common import (
    FILE,
    FOLDER,
    json_option,
    paper_options,
    progress,
    project_option,
    say,
    show,
    tell,
    write_figures,
    write_json,
)
from goldwire.number_format import amount
from goldwire.text import first_of

if TYPE_CHECKING:
    from goldwire.corpus.publish.hub import Published

_CASES = 12


@click.command()
@click.argument("before")
@click.argument("after", required=False)
@project_option
@click.option("--annotator", default="", help="Compare this annotator's work (default: the curated).")
@click.option("--html", "html_path", type=FILE, help="Write the comparison as a page.")
@click.option("--changelog", "changelog_path", type=FILE, help="Put a drafted entry at the top of this file.")
@json_option
@paper_options
def diff(
    html_path: Path | None,
    changelog_path: Path | None,
    json_path: Path | None,
    csv_path: Path | None,
    latex_path: Path | None,
    **options: Any,
) -> None:
    """Show what differs between two versions; AFTER is by default the project as it stands.

    Each is a project's folder, a built dataset's folder, a JSON Lines file, or a git revision of the project
    (a tag, a branch, HEAD~3). Says which version is due.
    """
    import goldwire

    with progress("Comparing") as bar:
        compared = goldwire.diff_corpus(**options, total=bar.total, advance=bar)
    tell(*compared.summary)
    for shown in compared.tables():
        if shown.rows:
            show(shown)
    tell(*compared.changes(_CASES))
    if not compared.due.enough:
        stated = compared.diff.after.version or "no version"
        say(f"the new side says {stated}: raise [corpus] version to {compared.due.version}")
    if html_path is not None:
        compared.write_page(html_path)
        say(f"written to {html_path}")
    if changelog_path is not None:
        if compared.add_entry(changelog_path):
            say(f"an entry was put into {changelog_path}: read it, and mend it")
        else:
            say(f"nothing differs: no entry was put into {changelog_path}")
    write_figures(compared, json_path, csv_path, latex_path)


@click.command()
@project_option
@click.option("--test", type=float, help="The share of documents for testing.  [default: 0.2]")
@click.option("--validation", type=float, help="The share for validation; 0 for none.  [default: 0.1]")
@click.option("--by-date", is_flag=True, help="Test on the newest, by `published`.")
@click.option("--folds", default=0, metavar="K", help="K folds instead of sides; groups stay together.")
@click.option("--leave-one-out", is_flag=True, help="A fold for each document.")
@click.option("--shared", type=int, help="Events that tie two documents; 0: none do.  [default: 1]")
@click.option("--similar", type=float, help="Similarity of near-duplicates, in (0, 1].  [default: 0.5]")
@click.option("--allow-seen", is_flag=True, help="Test on what was annotated with predictions in view too.")
@click.option("--anew", is_flag=True, help="Forget the stored sides.")
@click.option("--out", type=FILE, help="Write here (default: corpus/split.json).")
@json_option
@paper_options
def split(json_path: Path | None, csv_path: Path | None, latex_path: Path | None, **options: Any) -> None:
    """Split the corpus so that nothing leaks: near-duplicates and one story stay on one side.

    Documents that have a side in the stored split keep it; shares, --by-date, --shared and --similar are
    taken from it too. Of articles that `seeds select` chose the random test pool is the test data, whatever
    --test says. `corpus build` writes the sides as splits.
    """
    import goldwire

    with progress("Looking for near-duplicates") as bar:
        result = goldwire.split_corpus(**options, total=bar.total, advance=bar)
    kinds = Counter(tie.kind for tie in result.ties)
    largest = amount(max(len(group) for group in result.groups))
    tell(
        f"{amount(result.documents)} documents in {amount(len(result.groups))} groups, the largest of "
        f"{largest}; ties: {amount(kinds['near'])} near-duplicates, "
        f"{amount(kinds['story'])} stories, {amount(kinds['event'])} events"
    )
    for shown in result.tables():
        show(shown)
    for tie in result.ties[:_CASES]:
        say(str(tie))
    notes = {
        "are test data: drawn at random by goldwire seeds select": result.pool,
        "kept out of test data, annotated with predictions in view": result.seen,
        "changed sides: they tie two together, or may no longer be test data": result.moved,
        "have no date that can be read (2024-03-05): training, but for one that a group takes along": (
            result.undated
        ),
        "are older than the side that their group is on": result.straddling,
        "are no longer in the corpus, and the side they had is forgotten": result.gone,
    }
    for note, names in notes.items():
        if names:
            say(f"{amount(len(names))} {note}: {first_of(names, 5)}")
    if result.is_continued:
        known = amount(result.documents - len(result.new))
        say(f"{known} documents were known, {amount(len(result.new))} are new")
    say(f"written to {result.path}")
    write_figures(result, json_path, csv_path, latex_path)


@click.command()
@project_option
@click.option("--repo", required=True, help="The dataset's repository, OWNER/NAME.")
@click.option(
    "--without-texts", is_flag=True, help="Annotations and text hashes only: no text leaves the project."
)
@click.option("--dry-run", is_flag=True, help="Show what would be published, and publish nothing.")
@click.option("--public", is_flag=True, help="A new repository is public (default: private).")
@click.option(
    "--out",
    type=FOLDER,
    help="Keep what would be published in this folder.",
)
@json_option
def publish(repo: str, dry_run: bool, out: Path | None, json_path: Path | None, **options: Any) -> None:
    """Push the built dataset to the Hugging Face Hub, tagged with its version.

    Texts that may not be passed on are not: their annotations go with text hashes instead, with
    --without-texts those of all.
    The token is HF_TOKEN's or that of `hf auth login`; HF_ENDPOINT names another server.
    """
    import goldwire

    def on_packed(packed: Published) -> None:
        show(packed.table())
        registries = {"values": packed.withheld.registries} if packed.withheld.registries else {}
        for kind, counts in (
            ("metadata", packed.withheld.meta),
            ("attributes", packed.withheld.attributes),
            ("registries", registries),
        ):
            if counts:
                dropped = ", ".join(f"{name} × {amount(number)}" for name, number in sorted(counts.items()))
                say(f"{kind} left out: {dropped}")
        files = f"{amount(len(packed.files))} files"
        if dry_run:
            say(f"{files} would go to {repo} as {packed.tag}; nothing was published")
        else:
            say(f"publishing {files}")

    published = goldwire.publish_corpus(repo=repo, dry_run=dry_run, out=out, on_packed=on_packed, **options)
    if not dry_run:
        say(f"published: {published.url}, {published.tag}")
    if out is not None:
        say(f"kept in {out}")
    write_json(json_path, published.as_json())


@click.command()
@click.argument("dataset", type=click.Path(exists=True, path_type=Path))
@click.argument("articles", type=click.Path(exists=True, path_type=Path))
@click.argument("out", type=FILE)
@click.option("--partial", is_flag=True, help="Leave out what has no copy, or another text, and say which.")
@json_option
def rehydrate(dataset: Path, articles: Path, out: Path, partial: bool, json_path: Path | None) -> None:
    """Join a DATASET without texts with your own copies of its ARTICLES into OUT, JSON Lines.

    ARTICLES is a folder of text files, JSON Lines or CSV. A copy must be the very text that was annotated.
    """
    import goldwire

    done = goldwire.rehydrate(dataset, articles, out, partial=partial)
    tell(f"{amount(len(done.articles))} documents, {amount(done.spans)} spans")
    for reason, names in (("another text", done.differing), ("no copy", done.missing)):
        if names:
            say(f"left out, {reason}: {first_of(names, 10)}")
    say(f"written to {out}")
    write_json(json_path, done.as_json())
