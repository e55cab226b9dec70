"""A model's card: what it learned, how far it can be trusted, F1 by label as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from goldwire.eval.scoring.notes import scored_on
from goldwire.files import write_text
from goldwire.html import charts
from goldwire.number_format import amount, with_interval
from goldwire.train.pipeline.components import plural
from goldwire.train.run.layers import LayerFigures, layers_of
from goldwire.train.run.sources import selection_in_words

PLOT = "f1.svg"


def write_model_card(folder: Path, figures: Mapping[str, Any], name: str, version: str) -> None:
    """Write `README.md` and the plot into a model's folder."""
    if "layers" in figures:
        write_text(folder / PLOT, label_plot(figures))
    write_text(folder / "README.md", "\n".join(_lines(figures, name, version)) + "\n")


def label_plot(figures: Mapping[str, Any]) -> str:
    """F1 of each label with its interval, layer by layer, as one `<svg>`; all text is escaped."""
    layers = layers_of(figures)
    rows: list[charts.Point | str] = []
    for layer in layers:
        if len(layers) > 1:
            rows.append(layer.layer)
        rows.append(_point(f"all ({sum(map(layer.scored, layer.labels))})", layer.exact["model"]["micro"]))
        rows += [
            _point(f"{label} ({layer.scored(label)})", layer.of_label(label)[0]) for label in layer.labels
        ]
    return charts.rows(rows, "F1 by label, on unseen articles; the same figures stand in the tables") + "\n"


def _point(name: str, scores: Mapping[str, Any]) -> charts.Point:
    low, high = scores.get("ci95") or (None, None)
    return charts.Point(name, scores.get("f1"), low, high)


def _lines(figures: Mapping[str, Any], name: str, version: str) -> Iterator[str]:
    data, corpus, config = figures["data"], figures["corpus"], figures["config"]
    scored = "layers" in figures
    layers = figures["learned_layers"]
    yield f"# {name} {version}"
    yield ""
    listed = ", ".join(f"`{layer}`" for layer in layers)
    yield (
        f"A spaCy pipeline for the layers {listed}."
        if len(layers) > 1
        else f"A spaCy model of layer {listed}."
    )
    if not scored:
        yield f"Learned from {data['documents']} articles; not scored."
    elif "test" in figures:
        yield f"Learned from {data['documents']} articles; the scores below are of this model on the "
        yield f"{_scored_on(figures)}, none of which it learned from. "
        yield f"Reference: **{figures['reference']}**."
    else:
        yield f"Learned from {data['documents']} articles; the scores below are of models that had not seen "
        yield f"the article they were scored on. Reference: **{figures['reference']}**."
    yield ""
    yield "```python"
    yield "import spacy"
    yield 'nlp = spacy.load("FOLDER")'
    yield "doc = nlp(text)"
    yield f'doc.spans["{figures["flat"]}"]' if figures["nested"] else "doc.ents"
    if figures["heads"]:
        yield from (f"doc._.{plural(layer)}" for layer in layers)
    yield "```"
    yield ""
    if scored:
        yield f"![F1 by label]({PLOT})"
        yield ""
        for layer_figures in layers_of(figures):
            yield from _table(layer_figures)
    relations = figures.get("relations", {})
    if relations and "given_spans" in figures:
        given_spans = figures["given_spans"]
        yield "| relation | F1 between the model's own spans | where the spans are given | nearest span |"
        yield "|---|---|---|---|"
        for relation in sorted({*relations, *given_spans["relations"]}):
            systems = (relations, given_spans["relations"], given_spans["nearest"])
            yield (
                f"| {_cell(relation)} | " + " | ".join(_figure(of.get(relation, {})) for of in systems) + " |"
            )
        yield ""
    yield "## To bear in mind"
    yield ""
    yield from (f"- {note}" for note in figures["notes"])
    yield ""
    yield "## How it was made"
    yield ""
    parts = {f"config of `{layer}`": part for layer, part in config.get("parts", {}).items()}
    configs, test = parts or {"config": config}, figures.get("test")
    provenance = {
        "goldwire": figures["goldwire"],
        "corpus": f"{corpus.get('name', '')} {corpus.get('version', '')}",
        "content hash": corpus.get("content_hash") or corpus.get("sha256", ""),
        "data hash": data["sha256"],
        "learned from": selection_in_words(corpus),
        "scored on": f"{_scored_on(figures)}, SHA-256 {test['sha256']}" if test else "",
        "schema": ", ".join(figures["schema"]),
        **{name: f"{file['file']}, SHA-256 {file['sha256']}" for name, file in configs.items()},
        "changed for the run": ", ".join(f"{key} = {value}" for key, value in config["overrides"].items()),
        "seed": figures["seed"],
        "licence": corpus.get("licence", ""),
    }
    yield "| | |"
    yield "|---|---|"
    for key, value in provenance.items():
        if value != "":
            yield f"| {key} | {_cell(value)} |"


def _scored_on(figures: Mapping[str, Any]) -> str:
    """How many articles of the test set were scored; a file's name stands as code."""
    test = figures["test"]
    return scored_on(figures["documents"], test if "side" in test else {"file": f"`{test['file']}`"})


def _table(layer: LayerFigures) -> Iterator[str]:
    exact = layer.exact.values()
    systems = " | ".join(f"{name} F1" for name in layer.exact)
    yield f"| {_cell(layer.layer)} | learned | scored | {systems} |"
    yield "|---" * (len(exact) + 3) + "|"
    micro, macro = ([_figure(scores[mean]) for scores in exact] for mean in ("micro", "macro"))
    counts = (sum(layer.examples.values()), sum(map(layer.scored, layer.labels)))
    yield f"| all, micro | {' | '.join(map(amount, counts))} | {' | '.join(micro)} |"
    yield f"| all, macro | | | {' | '.join(macro)} |"
    for label, count in layer.labels.items():
        f1s = [_figure(scores) for scores in layer.of_label(label)]
        yield f"| {_cell(label)} | {amount(count)} | {amount(layer.scored(label))} | {' | '.join(f1s)} |"
    yield ""


def _figure(scores: Mapping[str, Any]) -> str:
    return with_interval(scores.get("f1"), scores.get("ci95"))


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
