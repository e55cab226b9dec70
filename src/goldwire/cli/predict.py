"""`goldwire predict`: annotate articles with a trained model."""

from __future__ import annotations

from pathlib import Path

import click

from goldwire.cli.common import FILE, json_option, progress, say, write_json
from goldwire.figures import amount


@click.command()
@click.argument("model")
@click.argument("source", type=click.Path(path_type=Path), metavar="IN")
@click.argument("target", type=FILE, metavar="OUT")
@click.option("--layer", help="The layer that the model's spans belong to (default: what the model says).")
@json_option
def command(model: str, source: Path, target: Path, layer: str | None, json_path: Path | None) -> None:
    """Annotate the articles of IN with MODEL, write them to OUT.

    MODEL is a folder or an installed package, IN a .jsonl, .txt or .csv file or a folder of texts, OUT JSON
    Lines: each article with its metadata and one annotation, the model's.
    """
    import goldwire

    documents = goldwire.read_documents(source)
    with progress("predicting", len(documents)) as advance:
        articles = goldwire.predict(model, documents, layer=layer, advance=advance)
    goldwire.write(articles, target, "jsonl")
    spans = sum(len(a.spans) for article in articles for a in article.annotations)
    say(f"{amount(len(articles))} articles, {amount(spans)} spans")
    say(f"written to {target}")
    trained_on = sum(a.provenance.trained_on for article in articles for a in article.annotations)
    if trained_on:
        learned = f"{trained_on} of these articles, or near copies"
        say(f"note: the model was trained on {learned}; they are marked so")
    write_json(json_path, {"articles": len(articles), "spans": spans, "trained_on": trained_on})
