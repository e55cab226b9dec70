"""A project's corpus: built, checked, looked at, compared, split, published, put together again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from goldwire.api.arguments import wrong_argument
from goldwire.errors import GoldwireError
from goldwire.project import Project, find_project

if TYPE_CHECKING:
    from goldwire.corpus.browse import Site
    from goldwire.corpus.browse.review import Review
    from goldwire.corpus.dataset.build import Build
    from goldwire.corpus.publish.hub import Published
    from goldwire.corpus.publish.without_text import Rehydrated
    from goldwire.corpus.quality.checks import CheckResult
    from goldwire.corpus.split.io import Split
    from goldwire.corpus.split.split import SplitResult
    from goldwire.corpus.versions.compared import VersionDiff


def build_corpus(
    project: str | Path | Project = ".",
    *,
    strict: bool = False,
    total: Callable[[int], None] | None = None,
    advance: Callable[[int], None] | None = None,
) -> Build:
    """Write the dataset into the project's `corpus/`: parquet, card, manifest; `load_corpus` reads it.

    The same input gives the same bytes. Rules that are broken are counted; with `strict` they are raised, as
    is what no column can hold (GW2xx), and nothing is written. `total` is told how many rows there will be,
    `advance` how many were written. Raises GW262 where nothing is annotated, GW216 where another's file is in
    the way.

        >>> import goldwire
        >>> try:
        ...     goldwire.build_corpus("my-project")
        ... except goldwire.CorpusError as error:
        ...     print(error.faults[0].code, error.faults[0].message)
        GW262 there is no annotation to build from
    """
    from goldwire.corpus.corpus import load_corpus
    from goldwire.corpus.dataset.build import build

    return build(load_corpus(find_project(project)), strict=strict, total=total, advance=advance)


def check_corpus(
    project: str | Path | Project = ".",
    file: str | Path | None = None,
    *,
    schema: str | Path | None = None,
    split: str | Path | None = None,
    curated: bool = False,
) -> CheckResult:
    """Hold a project's annotations, or those of a JSON Lines `file`, against the schema's rules.

    The project's split, or another one, and what documents say in `meta.split` are searched for leaks. With
    `curated` only the faults of each document's most trusted annotation are in `faults`, the rest in
    `others`. Raises GW1xx for a schema, GW2xx for stored annotations that can't be read, GW290 for what is no
    split.

        >>> import goldwire
        >>> goldwire.check_corpus("my-project")
        <CheckResult: 2 documents, 0 annotations, no rule broken>
    """
    from goldwire.corpus.quality.checks import run_checks

    return run_checks(
        find_project(project),
        file=None if file is None else Path(file),
        schema_path=None if schema is None else Path(schema),
        split=None if split is None else Path(split),
        only_curated=curated,
    )


def browse_corpus(
    project: str | Path | Project = ".",
    out: str | Path | None = None,
    *,
    total: Callable[[int], None] | None = None,
    advance: Callable[[int], None] | None = None,
) -> Site:
    """Write the corpus as a static site into `out` (default: eval/reports/browse): open its index.html.

    Articles with their spans, a timeline, a graph, tables; what stood there of an earlier site is replaced.
    `total` and `advance` count articles. Raises GW215 where the folder holds something else, GW214 where
    `[browse]` in goldwire.toml names what the schema lacks.

        >>> import goldwire
        >>> goldwire.browse_corpus("my-project", "site").articles
        2
    """
    from goldwire.corpus.browse import browse
    from goldwire.corpus.corpus import load_corpus

    home = find_project(project)
    corpus = load_corpus(home)
    _tell(total, len(corpus.articles))
    return browse(corpus, Path(out) if out is not None else home.reports / "browse", advance=advance)


def review_corpus(
    project: str | Path | Project = ".",
    out: str | Path | None = None,
    *,
    label_errors: bool = True,
    url: str | None = None,
    advance: Callable[[int], None] | None = None,
    notify: Callable[[str], None] = lambda _message: None,
) -> Review:
    """What deserves a second look, also as a page at `out` (default: eval/reports/review.html).

    Wordings marked in two ways; unless `label_errors` is False, spans that a model trained on the other
    articles doubts (`advance` is told of each training step); rules that are broken. Rows link to the tasks
    of the Label Studio at `url`, else of the one that runs: `notify` is told where none answers, which is an
    error (GW31x) only of one that is named.

        >>> import goldwire
        >>> goldwire.review_corpus("my-project", "review.html", label_errors=False)
        <Review: 0 inconsistencies, 0 faults>
    """
    from goldwire.corpus.browse.review import review, write_review
    from goldwire.corpus.corpus import load_corpus

    home = find_project(project)
    corpus = load_corpus(home)
    links = _task_links(home, url, notify)
    findings = review(corpus, label_errors=label_errors, advance=advance)
    page = Path(out) if out is not None else home.reports / "review.html"
    write_review(page, corpus, findings, links=links)
    return replace(findings, page=page)


def _task_links(project: Project, url: str | None, notify: Callable[[str], None]) -> dict[str, str]:
    """The tasks' addresses; where no server was asked for and none answers, none, which is told."""
    from goldwire.annotate.labelstudio.client import connect
    from goldwire.annotate.team.task_links import task_links

    try:
        with connect(project, url=url) as client:
            return task_links(client, project)
    except GoldwireError as error:
        if url:
            raise
        notify(f"rows link to no task: {error.faults[0].message}")
        return {}


def diff_corpus(
    before: str | Path,
    after: str | Path | None = None,
    project: str | Path | Project = ".",
    *,
    annotator: str = "",
    total: Callable[[int], None] | None = None,
    advance: Callable[[int], None] | None = None,
) -> VersionDiff:
    """What differs between two versions of a corpus, and which version is `due` for it.

    Each is a project's folder, a built dataset's, a JSON Lines file, or a git revision of the `project`
    (a tag, a branch, HEAD~3); the second is by default the project as it stands. Compared is the curated
    annotation of each document, or the `annotator`'s. `total` and `advance` count documents of both. Raises
    GW293 for what is no version, or where nobody is called so.

        >>> import goldwire
        >>> diff = goldwire.diff_corpus("system-a.jsonl", "system-b.jsonl", "my-project")
        >>> diff.to_pandas().set_index("layer").loc["thing", ["before", "after", "added"]].tolist()
        [4, 4, 1]
        >>> diff.due.level
        'minor'
    """
    from goldwire.corpus.versions.compared import compare_versions
    from goldwire.corpus.versions.load import read_versions

    home = find_project(project)
    old, new = read_versions(str(before), None if after is None else str(after), home, annotator)
    _tell(total, len(old.articles) + len(new.articles))
    return compare_versions(old, new, annotator=annotator, name=home.name, advance=advance)


def split_corpus(
    project: str | Path | Project = ".",
    out: str | Path | None = None,
    *,
    test: float | None = None,
    validation: float | None = None,
    by_date: bool = False,
    folds: int = 0,
    leave_one_out: bool = False,
    shared: int | None = None,
    similar: float | None = None,
    allow_seen: bool = False,
    anew: bool = False,
    total: Callable[[int], None] | None = None,
    advance: Callable[[int], None] | None = None,
) -> SplitResult:
    """Split a corpus so that nothing leaks, and write that to `out` (default: corpus/split.json).

    `test` and `validation` are shares of the documents, in [0, 1) (.2 and .1); `by_date` tests on the newest;
    `folds` or `leave_one_out` make folds instead. Near-duplicates (Jaccard `similar`, in (0, 1]), one story
    and documents with `shared` events stay together. What has a side in the file keeps it, and shares and
    rule are the file's where none are given, unless `anew`. Documents that were annotated with predictions in
    view are no test data, unless `allow_seen`. `total` and `advance` count documents. Raises GW290 and GW291
    where there can be no such split.

        >>> import goldwire
        >>> goldwire.split_corpus("my-project", "split.json", test=0.5, validation=0)
        <SplitResult: 1 train, 1 test>
    """
    from goldwire.corpus.corpus import load_corpus
    from goldwire.corpus.split.io import read_split, split_path, write_split
    from goldwire.corpus.split.split import SplitOptions, make_split, options_for

    home = find_project(project)
    for name, share in (("test", test), ("validation", validation), ("similar", similar)):
        if share is not None and not isinstance(share, int | float):
            raise wrong_argument(name, share, "a share: a number from 0 to 1")
    corpus = load_corpus(home)
    path = Path(out) if out is not None else split_path(home)
    stored = read_split(path) if path.is_file() and not anew else None
    asked = SplitOptions(by_date=by_date, folds=folds, each=leave_one_out, allow_seen=allow_seen)
    options = options_for(
        home, asked, stored, test=test, validation=validation, similar=similar, shared=shared
    )
    _tell(total, len(corpus.articles))
    split = make_split(corpus.articles, corpus.schema, options, stored=stored, advance=advance)
    write_split(path, split.split, split.ties)
    return replace(split, path=path, is_continued=stored is not None)


def load_split(project: str | Path | Project = ".") -> Split | None:
    """The split that a project keeps in corpus/split.json: who has which side; None where it keeps none.

    Raises GW290 where the file is no split.

        >>> import goldwire
        >>> split = goldwire.split_corpus("my-project", test=0.5, validation=0)
        >>> goldwire.load_split("my-project")
        <Split: 1 train, 1 test>
    """
    from goldwire.corpus.split.io import stored_split

    return stored_split(find_project(project))


def publish_corpus(
    project: str | Path | Project,
    repo: str,
    *,
    without_texts: bool = False,
    public: bool = False,
    dry_run: bool = False,
    out: str | Path | None = None,
    on_packed: Callable[[Published], None] = lambda _packed: None,
) -> Published:
    """Push the built dataset to the dataset repository `repo`, OWNER/NAME, on the Hugging Face Hub.

    It is tagged with its version; a new repository is private unless `public`. Texts that may not be passed
    on are replaced by their hashes, `without_texts` all. `on_packed` is told what is about to go, with sizes
    in bytes; with `dry_run` nothing goes. `out` keeps it in a folder. The token is HF_TOKEN's or that of
    `hf auth login`. Raises GW296 where it can't be published, GW294 where the Hub refuses.

        >>> import goldwire
        >>> try:
        ...     goldwire.publish_corpus("my-project", "me/mini", without_texts=True, dry_run=True)
        ... except goldwire.CorpusError as error:
        ...     print(error.faults[0].code, error.faults[0].message)
        GW296 there is no annotation to publish
    """
    from goldwire.corpus.corpus import load_corpus
    from goldwire.corpus.publish.hub import Published, parcel, publish

    corpus = load_corpus(find_project(project))
    with parcel(corpus, without_texts=without_texts, out=None if out is None else Path(out)) as packed:
        published = Published(repo, packed.tag, packed.files, packed.withheld)
        on_packed(published)
        return published if dry_run else replace(published, url=publish(packed, repo, public=public))


def rehydrate(
    dataset: str | Path, copies: str | Path, out: str | Path, *, partial: bool = False
) -> Rehydrated:
    """Join a dataset without texts with one's own `copies` of its articles, into JSON Lines.

    `copies` is a folder of text files, JSON Lines or CSV. A copy must be the very text that was annotated,
    whatever its id: one error names all that are not, or are missing (GW298), unless `partial`, which leaves
    them out. Raises GW297 where `dataset` is none.

        >>> import goldwire
        >>> try:
        ...     goldwire.rehydrate("corpus", "new-articles", "whole.jsonl")
        ... except goldwire.GoldwireError as error:
        ...     print(error.faults[0].code)
        GW901
    """
    from goldwire.corpus.publish.without_text import rehydrate as join

    return join(Path(dataset), Path(copies), Path(out), partial=partial)


def _tell(total: Callable[[int], None] | None, steps: int) -> None:
    if total is not None:
        total(steps)
