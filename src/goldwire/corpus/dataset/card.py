"""The dataset card: README.md with the header that the Hugging Face Hub reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldwire.annotations.rules import RULES
from goldwire.annotations.spool import documents_of
from goldwire.annotations.stats import Counts, count_annotations
from goldwire.corpus.dataset.agreement_tables import agreement_tables_of
from goldwire.corpus.dataset.card_facts import CardFacts, Contents
from goldwire.corpus.dataset.card_header import (
    LEAST_DATASETS,
    LICENCE_FILE,
    authors_of,
    header,
    licence_lines,
    licence_text,
)
from goldwire.corpus.dataset.card_statement import shares, statement, status_of, titled
from goldwire.corpus.split.groups import Rule
from goldwire.corpus.split.io import stored_split
from goldwire.corpus.split.leaks import split_faults
from goldwire.files import write_text, writing
from goldwire.formats.dataset.columns import SchemaColumns
from goldwire.number_format import FILTERS, amount, counted, number
from goldwire.schemas.schema import End

if TYPE_CHECKING:
    from goldwire.corpus.corpus import Corpus

CONFIGS = ("documents", "annotations", "tokens")
#: The config of annotations whose texts may not be passed on, beside others whose may.
BARE = "annotations_without_texts"
#: Stands for the rows of sources, which are written one at a time.
_ROWS = "\0rows\0"
_MADE_BY = {"unknown": "unknown", "human": "a person", "model": "a model", "rule": "rules"}


def write_card(folder: Path, contents: Contents, limits: Sequence[str]) -> None:
    """Write README.md, and LICENSE where it names that; `limits` are what `limits_of` says."""
    text = _text(contents, limits)
    before, rows, after = text.partition(_ROWS)
    with writing(folder / "README.md") as stream:
        stream.write(before.encode())
        if rows:
            stream.writelines(row.encode() for row in _source_rows(contents.corpus, contents.counts))
        stream.write(after.encode())
    if f"license_link: {LICENCE_FILE}" in text.partition("\n---\n")[0]:
        write_text(folder / LICENCE_FILE, licence_text(contents))


def _text(contents: Contents, limits: Sequence[str]) -> str:
    """The card's Markdown, with `_ROWS` in the place of the rows of sources."""
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=False)
    environment.filters |= {**FILTERS, "quoted_code": lambda text: f"`{text}`"}
    environment.finalize = lambda value: "" if value is None else value
    template = environment.from_string(
        resources.files("goldwire.corpus.dataset").joinpath("card.md.j2").read_text(encoding="utf-8")
    )
    corpus, facts, held = contents.corpus, contents.facts, contents.held
    columns, setting, paths = SchemaColumns(corpus.schema), corpus.project.setting, contents.paths
    features = {
        config: columns.plain_features("annotations", texts=False)
        if config == BARE or not contents.has_texts
        else columns.plain_features(config)
        for config in paths
    }
    text = template.render(
        agreement=agreement_tables_of(corpus.project),
        annotators=_annotators(corpus, facts),
        authors=authors_of(corpus),
        checks=contents.checks,
        cite_key=re.sub(r"\W+", "_", corpus.project.name),
        columns=columns,
        content_hash=contents.content_hash,
        counts=contents.counts,
        example_layers=list(corpus.schema.layers)[:1],
        fields=list(_fields(corpus, columns)),
        folder=corpus.project.corpus.name if held is None else ".",
        header=header(contents, features),
        file=next(iter(next(iter(paths.values())).values())),
        least=LEAST_DATASETS,
        language=corpus.project.language,
        layers=_layers(corpus, contents.counts),
        licence=licence_lines(contents),
        limits=limits,
        losses=contents.losses,
        notes=_notes(facts, held),
        oddities=[
            {"id": name, "text": text} for name, text in facts.oddities if held is None or name in held
        ],
        registries=contents.registries,
        relations=_relations(corpus, contents.counts),
        rules=RULES,
        rows=_ROWS if facts.documents else None,
        schema=corpus.schema,
        shares=shares(facts),
        splits=_splits(corpus, contents.sides),
        statement=titled(statement(corpus, facts, contents.counts)),
        status=status_of(facts),
        texts=contents.has_texts,
        withheld=0 if held is None else facts.documents - len(held),
        title=setting("project", "title", corpus.project.name),
        version=corpus.version,
    )
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def _annotators(corpus: Corpus, facts: CardFacts) -> list[dict[str, Any]]:
    counts = count_annotations(corpus.articles, corpus.schema, by_document=False)
    rows = []
    for name, numbers in counts.by_annotator.items():
        maker = facts.makers[name]
        kinds = sorted({_MADE_BY[kind] for kind in maker.kinds})
        names = sorted(maker.names - {"", name})
        shown = ", ".join(kinds) + (f" ({_cell(', '.join(names))})" if names else "")
        if maker.bases:
            shown += f", from {_cell(', '.join(sorted(maker.bases)))}"
        spans = {layer: numbers.get(layer, 0) for layer in corpus.schema.layers}
        rows.append({"name": _cell(name), "by": shown, "documents": numbers["documents"], "spans": spans})
    return rows


def _layers(corpus: Corpus, counts: Counts) -> list[dict[str, Any]]:
    layers = []
    for name, layer in corpus.schema.layers.items():
        numbers, total = counts.labels[name], counts.layers[name]
        top = max(numbers.values(), default=0) or 1
        rows = [
            {
                "label": label,
                "name": _cell(kind.name),
                "count": numbers[label],
                "share": numbers[label] / total if total else 0.0,
                "bar": "█" * round(20 * numbers[label] / top) or ("▏" if numbers[label] else ""),
            }
            for label, kind in layer.labels.items()
        ]
        layers.append({"name": name, "title": layer.title, "rows": rows})
    return layers


def _relations(corpus: Corpus, counts: Counts) -> list[dict[str, Any]]:
    def shown(ends: list[End]) -> str:
        return "; ".join(
            f"{end.layer}" + (f" ({', '.join(end.labels)})" if end.labels else "") for end in ends
        )

    return [
        {
            "label": name,
            "name": _cell(kind.name),
            "head": shown(kind.head),
            "tail": shown(kind.tail),
            "count": counts.relations.get(name, 0),
        }
        for name, kind in corpus.schema.relations.items()
    ]


def _source_rows(corpus: Corpus, counts: Counts) -> Iterator[str]:
    """A line for each document, one at a time; the last does not end."""
    end = ""
    for document in documents_of(corpus.articles):
        url, *about = (
            str(document.meta.get(key) or "")
            for key in ("url", "title", "source", "licence", "published", "language")
        )
        title, source, licence, *others = map(_cell, about)
        spans = counts.by_document[document.id]
        cells = [f"`{document.id}`", f"[{title or url}]({url})" if url else title, source]
        cells += [licence or "not stated", *others]
        cells += [amount(spans.get(layer, 0)) for layer in corpus.schema.layers]
        yield f"{end}| {' | '.join(cells)} |"
        end = "\n"


def _notes(facts: CardFacts, held: Collection[str] | None) -> list[str]:
    """Where metadata come from, if not from the text: what `title_by`, `published_basis` and so on say."""
    notes = []
    for (key, note), named in facts.notes.items():
        names = [name for name in named if held is None or name in held]
        if names:
            every = len(names) == facts.documents
            shown = "all documents" if every else ", ".join(f"`{name}`" for name in names)
            notes.append(f"{key} of {shown}: {note}")
    return notes


def _fields(corpus: Corpus, columns: SchemaColumns) -> Any:
    for name, layer in corpus.schema.layers.items():
        column, names = columns.layer_names[name], columns.fields[name]
        for key, attribute in layer.attributes.items():
            holds = f"{_cell(attribute.title)} ({attribute.kind}"
            holds += f": {', '.join(attribute.values)}" if attribute.values else ""
            yield {"column": column, "field": names[key], "holds": f"{holds})"}
        for key in columns.relations(name):
            holds = f"{_cell(corpus.schema.relations[key].name)}: ids of the spans that it points to"
            yield {"column": column, "field": names[key], "holds": holds}


def _splits(corpus: Corpus, sides: Mapping[str, int]) -> str:
    documents = len(corpus.articles)
    if len(sides) > 1:
        sizes = ", ".join(f"`{side}` {amount(size)}" for side, size in sides.items())
        split = stored_split(corpus.project)
        rule = split.rule if split is not None else Rule()
        together = [f"near-duplicates (similarity from {number(rule.similar, 2)})", "documents of one story"]
        if rule.shared:
            together.append(f"documents that share {counted(rule.shared, 'event')}")
        sentence = (
            f"By document: {sizes}. Made so that {_and(together)} stand on one side; `split.json` says what "
            "was kept together."
        )
        leaks = len(split_faults(corpus.articles, corpus.schema, split))
        if not leaks:
            return sentence
        places = counted(leaks, "place")
        return (
            f"{sentence} **It leaks in {places}**: see `goldwire corpus check`. Scores on it are flattered."
        )
    single = "There is one, `train`, with everything in it."
    if documents < 50:
        return (
            f"{single} {documents} documents allow no honest split into training and test: leave one "
            "document out at a time, or group by story, and give intervals."
        )
    return f"{single} Split by document, and keep documents on one story together."


def _and(names: list[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if names[1:] else "") + names[-1]


def limits_of(contents: Contents) -> list[str]:
    """What speaks against relying on the dataset, a sentence or two each."""
    facts, counts, checks = contents.facts, contents.counts, contents.checks
    lines = []
    if facts.trusted < facts.curated:
        lines.append("Annotations that no person has reviewed hold errors that nobody has counted.")
    if counts.documents < 50:
        lines.append(f"{counts.documents} documents: figures made on them say little of other texts.")
    rare = [label for numbers in counts.labels.values() for label, n in numbers.items() if n < 10]
    if rare:
        listed = ", ".join(f"`{label}`" for label in rare)
        lines.append(f"Fewer than ten spans: {listed}. Read no figure for such a label by itself.")
    if nested := sum(loss.nested for loss in contents.losses.values()):
        lines.append(f"`tokens` leaves {nested} nested spans out; `documents` and `annotations` hold them.")
    if checks.faults:
        lines.append(f"{len(checks.faults)} places break a rule of the schema (see Status).")
    lines.extend(str(line) for line in contents.corpus.project.setting("corpus", "limits", []))
    return lines or ["None is known."]


def _cell(text: Any) -> str:
    """Text that is safe in a table's cell."""
    return " ".join(str(text).split()).replace("|", "\\|")
