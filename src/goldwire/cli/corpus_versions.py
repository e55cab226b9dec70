"""`goldwire corpus diff`, `split`, `publish` and `rehydrate`: versions of the dataset, and what leaves it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from goldwire.cli.common import (
    FILE,
    FOLDER,
    json_option,
    progress,
    project_option,
    say,
    table,
    tell,
    write_json,
)
from goldwire.figures import amount, percent
from goldwire.project import Project

_CASES = 12


@click.command()
@click.argument("before")
@click.argument("after", required=False)
@project_option
@click.option("--annotator", default="", help="Compare this annotator's work (default: the curated).")
@click.option("--html", "html_path", type=FILE, help="Write the comparison as a page.")
@click.option("--changelog", "changelog_path", type=FILE, help="Put a drafted entry at the top of this file.")
@json_option
def diff(
    before: str,
    after: str | None,
    project: Project,
    annotator: str,
    html_path: Path | None,
    changelog_path: Path | None,
    json_path: Path | None,
) -> None:
    """Show what differs between two versions; AFTER is by default the project as it stands.

    Each is a project's folder, a built dataset's folder, a JSON Lines file, or a git revision of the project
    (a tag, a branch, HEAD~3). Says which version is due.
    """
    from goldwire.corpus.versions.changelog import add_entry, due, entry
    from goldwire.corpus.versions.diff import diff as compare
    from goldwire.corpus.versions.load import read_versions
    from goldwire.corpus.versions.page import WORDS, lines, write_page

    old, new = read_versions(before, after, project, annotator)
    with progress("Comparing", total=len(old.articles) + len(new.articles)) as advance:
        comparison = compare(old, new, annotator=annotator, advance=advance)
    wanted = due(comparison)
    tell(f"{old.in_words()} → {new.in_words()}")
    kinds = ", ".join(
        f"{amount(number)} {WORDS[kind]}" for kind, number in comparison.kinds.items() if number
    )
    tell(f"documents {amount(len(old.articles))} → {amount(len(new.articles))}: {kinds or 'no difference'}")
    numbers = comparison.annotations
    changes = ", ".join(
        f"{amount(numbers[kind])} {kind}" for kind in ("added", "removed", "changed") if numbers[kind]
    )
    tell(
        f"annotations {amount(numbers['before'])} → {amount(numbers['after'])}: {changes or 'no difference'}"
    )
    for name, counts in (("layer", comparison.spans), ("relation", comparison.relations)):
        if counts:
            columns = list(next(iter(counts.values())))
            table((name, *columns), [(key, *row.values()) for key, row in counts.items()])
    for change in comparison.schema:
        breaks = " (annotations can break on it)" if change.orphans else ""
        tell(f"schema: {change.what} {change.name} {change.change} {change.detail}".rstrip() + breaks)
    for line in lines(comparison, _CASES):
        tell(line)
    version = f", {wanted.version}" if wanted.version and wanted.reasons else ""
    reasons = f": {'; '.join(wanted.reasons)}" if wanted.reasons else ""
    tell(f"due: {wanted.level}{version}{reasons}")
    if not wanted.enough:
        say(f"the new side says {new.version or 'no version'}: raise [corpus] version to {wanted.version}")
    if html_path is not None:
        write_page(html_path, comparison)
        say(f"written to {html_path}")
    if changelog_path is not None and comparison.empty:
        say(f"nothing differs: no entry was put into {changelog_path}")
    elif changelog_path is not None:
        add_entry(changelog_path, entry(comparison, wanted), project.name)
        say(f"an entry was put into {changelog_path}: read it, and mend it")
    write_json(json_path, {"due": wanted.level, "version": wanted.version, **comparison.as_dict()})


@click.command()
@project_option
@click.option("--test", type=float, help="The share of documents for testing.  [default: 0.2]")
@click.option("--validation", type=float, help="The share for validation; 0 for none.  [default: 0.1]")
@click.option("--by-date", is_flag=True, help="Test on the newest, by `published`.")
@click.option("--folds", default=0, metavar="K", help="K folds instead of sides; groups stay together.")
@click.option("--leave-one-out", "each", is_flag=True, help="A fold for each document.")
@click.option("--shared", type=int, help="Events that tie two documents; 0: none do.  [default: 1]")
@click.option("--similar", type=float, help="Similarity of near-duplicates, in (0, 1].  [default: 0.5]")
@click.option("--allow-seen", is_flag=True, help="Test on what was annotated with predictions in view too.")
@click.option("--anew", is_flag=True, help="Forget the stored sides.")
@click.option("--out", type=FILE, help="Write here (default: corpus/split.json).")
@json_option
def split(
    project: Project,
    test: float | None,
    validation: float | None,
    by_date: bool,
    folds: int,
    each: bool,
    shared: int | None,
    similar: float | None,
    allow_seen: bool,
    anew: bool,
    out: Path | None,
    json_path: Path | None,
) -> None:
    """Split the corpus so that nothing leaks: near-duplicates and one story stay on one side.

    Documents that have a side in the stored split keep it; shares, --by-date, --shared and --similar are
    taken from it too. Of articles that `seeds select` chose the random test pool is the test data, whatever
    --test says. `corpus build` writes the sides as splits.
    """
    from goldwire.corpus.corpus import load_corpus
    from goldwire.corpus.split.io import read_split, split_path, write_split
    from goldwire.corpus.split.split import SplitOptions, make_split, options_for

    corpus = load_corpus(project)
    path = out or split_path(project)
    stored = read_split(path) if path.is_file() and not anew else None
    asked = SplitOptions(by_date=by_date, folds=folds, each=each, allow_seen=allow_seen)
    options = options_for(
        project, asked, stored, test=test, validation=validation, similar=similar, shared=shared
    )
    with progress("Looking for near-duplicates", total=len(corpus.articles)) as advance:
        result = make_split(corpus.articles, corpus.schema, options, stored=stored, advance=advance)
    write_split(path, result.split, result.ties)
    kinds = Counter(tie.kind for tie in result.ties)
    groups = [group for group in result.groups if len(group) > 1]
    largest = amount(max(len(group) for group in result.groups))
    tell(
        f"{amount(len(corpus.articles))} documents in {amount(len(result.groups))} groups, the largest of "
        f"{largest}; ties: {amount(kinds['near'])} near-duplicates, "
        f"{amount(kinds['story'])} stories, {amount(kinds['event'])} events"
    )
    if result.split.folds:
        rows = [(n, len(fold.test), len(fold.left_out)) for n, fold in enumerate(result.split.folds, start=1)]
        table(("fold", "test", "neither tested nor trained on"), rows)
    else:
        total = len(corpus.articles)
        table(
            ("side", "documents", "share", "wanted"),
            [
                (side, number, percent(number / total, 1), percent(result.split.shares.get(side, 0), 1))
                for side, number in result.split.counts.items()
            ],
        )
        table(
            ("label", *result.split.counts),
            [
                (label, *(by_side.get(s, 0) for s in result.split.counts))
                for label, by_side in result.labels.items()
            ],
        )
    for tie in result.ties[:_CASES]:
        say(str(tie))
    notes = {
        "are test data: drawn at random by goldwire seeds select": result.pool,
        "kept out of test data, annotated with predictions in view": result.seen,
        "changed sides: they tie two together, or may no longer be test data": result.moved,
        "have no date: training only": result.undated,
        "are older than the side that their group is on": result.straddling,
        "are no longer in the corpus, and the side they had is forgotten": result.gone,
    }
    for note, names in notes.items():
        if names:
            say(f"{amount(len(names))} {note}: {', '.join(names[:5])}{', …' if len(names) > 5 else ''}")
    if stored is not None:
        known = amount(len(corpus.articles) - len(result.new))
        say(f"{known} documents were known, {amount(len(result.new))} are new")
    say(f"written to {path}")
    write_json(
        json_path,
        {
            "kind": result.split.kind,
            "documents": len(corpus.articles),
            "groups": groups,
            "ties": [vars(tie) for tie in result.ties],
            "sides": result.split.counts,
            "folds": [{"test": fold.test, "left_out": fold.left_out} for fold in result.split.folds],
            "labels": result.labels,
            "seen": result.seen,
            "moved": result.moved,
            "new": result.new,
            "undated": result.undated,
            "straddling": result.straddling,
            "pool": result.pool,
            "gone": result.gone,
        },
    )


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
def publish(
    project: Project,
    repo: str,
    without_texts: bool,
    dry_run: bool,
    public: bool,
    out: Path | None,
    json_path: Path | None,
) -> None:
    """Push the built dataset to the Hugging Face Hub, tagged with its version.

    Texts that may not be passed on are not: their annotations go with text hashes instead, with
    --without-texts those of all.
    The token is HF_TOKEN's or that of `hf auth login`; HF_ENDPOINT names another server.
    """
    from goldwire.corpus.corpus import load_corpus
    from goldwire.corpus.publish.hub import parcel
    from goldwire.corpus.publish.hub import publish as push

    with parcel(load_corpus(project), without_texts=without_texts, out=out) as packed:
        table(("file", "bytes"), [*packed.files.items(), ("in all", sum(packed.files.values()))])
        for kind, counts in (("metadata", packed.withheld.meta), ("attributes", packed.withheld.attributes)):
            if counts:
                dropped = ", ".join(f"{name} × {amount(number)}" for name, number in sorted(counts.items()))
                say(f"{kind} left out: {dropped}")
        figures = {"repo": repo, "tag": packed.tag, "files": packed.files, "url": ""}
        if dry_run:
            say(
                f"{amount(len(packed.files))} files would go to {repo} as {packed.tag}; nothing was published"
            )
        else:
            say(f"publishing {amount(len(packed.files))} files")
            figures["url"] = push(packed, repo, public=public)
            say(f"published: {figures['url']}, {packed.tag}")
    if out is not None:
        say(f"kept in {out}")
    write_json(json_path, figures)


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
    from goldwire.corpus.publish.without_text import rehydrate as run

    done = run(dataset, articles, out, partial=partial)
    spans = sum(len(a.spans) for article in done.articles for a in article.annotations)
    tell(f"{amount(len(done.articles))} documents, {amount(spans)} spans")
    for reason, names in (("another text", done.differing), ("no copy", done.missing)):
        if names:
            say(f"left out, {reason}: {', '.join(names[:10])}{', …' if len(names) > 10 else ''}")
    say(f"written to {out}")
    figures = {"documents": len(done.articles), "spans": spans}
    write_json(json_path, {**figures, "differing": done.differing, "missing": done.missing})
