"""The learning curve as a page: drawn, and as a table."""

from __future__ import annotations

from goldwire.html.templates import page_templates, render_page
from goldwire.number_format import number
from goldwire.train.curve.results import Curve


def page(curve: Curve) -> str:
    """One HTML page without scripts or network."""
    law, steps = curve.next.law, curve.table()
    corpus, config = curve.setting["corpus"], curve.setting["config"]
    changed = ", ".join(f"{name} = {value}" for name, value in config["overrides"].items())
    words = curve.next.in_words()
    return render_page(
        page_templates("goldwire.train.curve", "").get_template("curve.html.j2"),
        title=f"{corpus.get('name', 'goldwire')}: what more articles bring, layer {curve.layer}",
        next=f"{words[0].upper()}{words[1:]}.",
        draft=curve.reference == "draft",
        drawing=curve.plot(),
        law=[number(value, 2) for value in law or ()],
        repeats=curve.repeats,
        columns=[column.name for column in steps.columns],
        rows=steps.shown(),
        notes=curve.notes,
        setting=[
            ("Corpus", f"{corpus.get('name', '')} {corpus.get('version', '')}"),
            ("Content hash", corpus.get("content_hash") or corpus.get("sha256", "")),
            ("Config", config["file"] + (f" with {changed}" if changed else "")),
            ("Tested on", f"{curve.documents} articles, each in the repeats whose test part it is in"),
            ("Trainings", f"{curve.setting['trainings']}, in {curve.setting['seconds']} s"),
            ("Seed", curve.setting["seed"]),
        ],
    )
