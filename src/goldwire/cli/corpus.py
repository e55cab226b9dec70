"""`goldwire corpus`: the dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from goldwire.cli import corpus_browse, corpus_events, corpus_versions
from goldwire.cli.common import (
    FILE,
    FOLDER,
    CommandGroup,
    json_option,
    paper_options,
    progress,
    project_option,
    say,
    say_kinds,
    show,
    tell,
    write_figures,
    write_json,
)
from goldwire.formats.guess import AUTO
from goldwire.formats.registry import FORMATS
from goldwire.number_format import amount, counted
from goldwire.project import Project

_PATH = click.Path(path_type=Path)
_READ = click.Choice([AUTO, *FORMATS])
_WRITE = click.Choice([name for name, each in FORMATS.items() if each.writes])


@click.group(cls=CommandGroup)
def command() -> None:
    """The dataset: build, check, convert, count."""


@command.command()
@click.argument("src", type=click.Path(exists=True, path_type=Path))
@click.argument("dst", type=_PATH)
@click.option(
    "--from",
    "source",
    type=_READ,
    default=AUTO,
    metavar="FORMAT",
    help="The format of SRC (default: told from its content).",
)
@click.option(
    "--to", "target", type=_WRITE, metavar="FORMAT", help="The format of DST (default: told from its suffix)."
)
@click.option("--schema", type=FILE, help="Schema file.")
@click.option("--config", type=FILE, help="Label Studio config.")
@click.option("--project", type=FOLDER, help="Project.")
@click.option(
    "--ids",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML, annotator: {coined id: id that stands for it}; replaced on the way.",
)
@click.option("--strict", is_flag=True, help="Write nothing where anything would be lost.")
@click.option("--lenient", is_flag=True, help="Put aside what can't be read, and read the rest.")
@click.option("--curated", is_flag=True, help="Only each document's most trusted annotation.")
@click.option("--layer", default="", help="conll: the layer; docbin: the layer of doc.ents.")
@click.option("--scheme", type=click.Choice(("iob1", "iob2", "iobes")), default="iob2", help="conll.")
@click.option("--depth", type=click.IntRange(1, 9), default=1, help="conll: columns for nesting.")
@click.option("--token-column", default="", help="conll: the column of tokens, by name or number from 1.")
@click.option("--tag-column", default="", help="conll: the column of tags, by name or number from 1.")
@click.option(
    "--document-per",
    type=click.Choice(("sentence", "paragraph", "file")),
    help="conll, brat: what makes a document (default: as the file says, else the file).",
)
@click.option("--layers", default="", help="cas, webanno_tsv: the layers to take (default: no POS, lemma …).")
@click.option("--label-feature", default="", help="cas, webanno_tsv: what holds the label, [LAYER:]FEATURE.")
@click.option("--cas-json", is_flag=True, help="cas: write JSON instead of XMI.")
@click.option("--language", default="", help="For tokens, ISO 639-1 (default: the document's own).")
@click.option("--annotator", default="", help="Who annotated, where SRC does not say.")
@click.option(
    "--annotator-from",
    default="",
    metavar="folder|parent|file|none|NAME",
    help="brat: what names the annotator: a text's folder, the folder above, its file; or NAME for all.",
)
@click.option(
    "--status",
    type=click.Choice(("draft", "submitted", "reviewed", "adjudicated")),
    default="draft",
    help="The status, where SRC does not say.",
)
@click.option(
    "--columns",
    default="",
    metavar="PART=COLUMN,…",
    help="csv: columns by name, such as start=begin; articles: text=body.",
)
@click.option(
    "--labels",
    default="",
    metavar="NAME,…|FILE",
    help="huggingface: the names of numbered tags.",
)
@click.option("--text", default="", help="labelstudio: of several marked texts, the object or field to read.")
@json_option
def convert(
    src: Path,
    dst: Path,
    source: str,
    target: str | None,
    json_path: Path | None,
    **options: Any,
) -> None:
    """Bring annotations from one format into another.

    \b
    jsonl        JSON Lines, a document a line: goldwire's own
    labelstudio  Label Studio's JSON export (onto a server: annotate push)
    brat         brat standoff: --annotator-from, --document-per
    conll        a token a line: --layer, --scheme, --depth, --token-column,
                 --tag-column, --document-per
    docbin       spaCy's DocBin, a .spacy file
    cas          UIMA CAS as INCEpTION has it, .xmi (--cas-json: .json)
    webanno_tsv  WebAnno TSV 3, a folder of .tsv files
    parquet      the dataset, a folder; or one file NAME.parquet
    doccano      doccano's JSON Lines, a file, or one for each annotator
    prodigy      Prodigy's JSON Lines (prodigy db-out)
    spacy        spaCy's JSON: offset tuples, spaCy 2's training format,
                 doc.to_json(); read only, as all to quotes
    conllu       CoNLL-U with entities in MISC (CorefUD, stanza)
    huggingface  rows of tokens and ner_tags, JSON or parquet: --labels
    csv          tables, a row a span or a token: --columns
    articles     rows of articles with whatever columns, JSON: --columns
    bioc         BioC, XML or JSON
    pubtator     PubTator
    quotes       YAML written by hand, a file or a folder of files
    store        a project's own annotations; its path is the project's folder

    What is put aside (what of Label Studio's files has no place, spans of white space alone, with --lenient
    what can't be read) is written beside DST, as DST.quarantine.jsonl (--to store: into the project's
    annotate/). With neither --schema nor --config nor --project the labels are taken as found. What the
    target can't hold is counted, with its first places. docs/formats.md says what each format holds.
    """
    import goldwire

    if source == AUTO:
        source = goldwire.format_of(src)
        say(f"{src}: read as {source}, which it looks like (--from names another)")
    options["document_per"] = options["document_per"] or ""
    done = goldwire.convert(src, dst, source=source, target=target, **options)
    target = done.target
    counts = ", ".join(counted(number, kind[:-1]) for kind, number in done.counts.items())
    say(f"{counts} read; {amount(done.written)} {FORMATS[target].unit} written to {dst}")
    for assumed in done.assumed:
        say(f"assumed: {assumed}")
    if target == "store" and done.unmarked:
        where = "the store keeps annotations, seeds/ the articles"
        say(f"{counted(done.unmarked, 'document')} without annotations: {where}")
    if done.widened:
        widened = f"{amount(len(done.widened))} spans ({done.widened[0]})"
        say(f"widened to whole tokens, extents kept beside: {widened}")
    say_kinds({"not kept": done.lost, "changed": done.changed, "noted": done.noted})
    if FORMATS[target].loses:
        say(f"{target} has no place for: {FORMATS[target].loses}")
    if done.quarantine_file is not None:
        say(f"what was put aside is in {done.quarantine_file}, with the reasons")
    spans = done.account.spans
    if source == "labelstudio" or spans.trimmed or spans.not_kept:
        first = list(dict.fromkeys(done.put_aside))[:3]
        say(str(done.account) + (f" (first: {', '.join(first)})" if first else ""))
    write_json(json_path, done.as_json())


@command.command()
@project_option
@click.option("--strict", is_flag=True, help="Build nothing where any rule of the schema is broken.")
@json_option
@paper_options
def build(
    project: Project,
    strict: bool,
    json_path: Path | None,
    csv_path: Path | None,
    latex_path: Path | None,
) -> None:
    """Write the dataset into corpus/: parquet, card, manifest."""
    import goldwire

    with progress("Building") as bar:
        built = goldwire.build_corpus(project, strict=strict, total=bar.total, advance=bar)
    version = built.manifest["version"]
    tell(f"{project.name} {version}: {amount(built.counts.documents)} documents")
    show(built.table())
    for case in [case for loss in built.losses.values() for case in loss.cases][:5]:
        say(f"not on token boundaries: {case}")
    if built.checks.faults:
        broken = ", ".join(f"{code} × {amount(number)}" for code, number in built.checks.by_code.items())
        places = amount(len(built.checks.faults))
        say(f"{places} places break a rule of the schema ({broken}): goldwire corpus check")
    if learned := built.manifest.get("trained_on"):
        explanation = "by models that had learned from the very texts, which no column of the dataset says"
        say(f"{amount(learned)} annotations are {explanation}")
    if not built.changelog_current:
        say(f"CHANGELOG.md does not name version {version} yet: add what changed")
    for path in built.aside:
        say(f"{path.stem} had been changed by hand: what stood there is now {path}")
    say(f"written to {built.folder}; content {built.manifest['content_hash'][:12]}")
    write_figures(built, json_path, csv_path, latex_path)


@command.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@project_option
@click.option("--schema", type=FILE, help="Schema file.")
@click.option(
    "--split",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Search this split for leaks (default: corpus/split.json and `meta.split`).",
)
@click.option(
    "--curated",
    is_flag=True,
    help="Fail only where each document's most trusted annotation breaks a rule; list the others' too.",
)
@json_option
def check(json_path: Path | None, **options: Any) -> None:
    """Hold annotations against the schema's rules, and splits against leaks: the project's, or FILE's."""
    import goldwire
    from goldwire.annotations.rules import RULES

    result = goldwire.check_corpus(**options)
    for fault in result.faults:
        tell(str(fault))
    if result.faults:
        show(result.table("rules"))
    checked = {n: getattr(result, n + "s") for n in ("document", "annotation", "span", "relation")}
    say(f"checked: {', '.join(counted(number, noun) for noun, number in checked.items())}")
    for fault in result.others:
        say(f"not counted: {fault}")
    if result.others:
        number = counted(len(result.others), "place")
        say(f"{number} where another than the document's most trusted annotation breaks a rule")
    say(f"{len(RULES)} rules; {counted(len(result.faults), 'place')} where one is broken")
    write_json(json_path, result.as_json())
    if result.faults:
        click.get_current_context().exit(1)


@command.command()
@project_option
@click.option(
    "--curated", "only_curated", is_flag=True, help="The most trusted annotation of each document only."
)
@click.option("--documents", "by_document", is_flag=True, help="Print a row for each document, too.")
@json_option
@paper_options
def stats(
    project: Project,
    only_curated: bool,
    by_document: bool,
    json_path: Path | None,
    csv_path: Path | None,
    latex_path: Path | None,
) -> None:
    """Count spans by layer, label, document, annotator and status.

    The counts of each document are in the files (--json, --csv, --latex), and with --documents on the screen.
    """
    import goldwire

    counts = goldwire.count(project, curated=only_curated)
    tell(counts.sizes)
    for listed in counts.tables():
        if by_document or listed.name != "documents":
            show(listed, title=listed.title if listed.name in counts.labels else "")
    write_figures(counts, json_path, csv_path, latex_path)


for _command in (
    corpus_versions.diff,
    corpus_versions.split,
    corpus_versions.publish,
    corpus_versions.rehydrate,
    corpus_browse.browse,
    corpus_events.events,
    corpus_browse.review,
):
    command.add_command(_command)
