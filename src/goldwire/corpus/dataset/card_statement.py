"""The card's data statement, and how the annotations came about, in shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goldwire.annotations.stats import Counts
from goldwire.corpus.dataset.card_facts import WAYS, CardFacts
from goldwire.figures import amount

if TYPE_CHECKING:
    from goldwire.corpus.corpus import Corpus

#: The questions of a data statement (Bender and Friedman 2018), and the key of [corpus.statement] for each.
QUESTIONS = {
    "curation": "Curation rationale",
    "variety": "Language variety",
    "speakers": "Speakers",
    "annotators": "Annotators",
    "situation": "Speech situation",
    "texts": "Text characteristics",
}
_MADE_BY = {
    "unknown": "unknown whether people or machines",
    "human": "people",
    "model": "a model",
    "rule": "rules",
}
UNSAID = "Not stated."


def statement(corpus: Corpus, facts: CardFacts, counts: Counts) -> list[tuple[str, str]]:
    """Question and answer: what [corpus.statement] says, what can be counted, or that it is not stated.

    A key of the project's own is a further question; a text instead of a table is the rationale.
    """
    stated = corpus.project.setting("corpus", "statement", {})
    own_words = (
        {str(k): str(v) for k, v in stated.items()} if isinstance(stated, dict) else {"curation": str(stated)}
    )
    counted = _counted(corpus, facts, counts)
    answers = []
    for key in [*QUESTIONS, *(key for key in own_words if key not in QUESTIONS)]:
        parts = (" ".join(own_words.get(key, "").split()), counted.get(key, ""))
        answers.append((QUESTIONS.get(key, key.capitalize()), " ".join(filter(None, parts)) or UNSAID))
    return answers


def _counted(corpus: Corpus, facts: CardFacts, counts: Counts) -> dict[str, str]:
    sizes = {"texts": counts.documents, "words": counts.words, "characters": counts.characters}
    words = ", ".join(f"{amount(size)} {unit}" for unit, size in sizes.items())
    number, kinds = len(facts.makers), sorted(facts.kinds)
    people = "s" if number != 1 else ""
    return {
        "variety": f"`{corpus.project.language}`.",
        "annotators": f"{number} annotator{people}: {' and '.join(_MADE_BY[kind] for kind in kinds)}.",
        "situation": f"Published {facts.dates[0]} to {facts.dates[1]}." if facts.dates else "",
        "texts": f"{words}; {amount(round(counts.words / (counts.documents or 1)))} words a text.",
    }


def shares(facts: CardFacts) -> list[dict[str, Any]]:
    """How the curated annotations came about, by documents and spans, with their shares."""
    every = facts.curated_spans
    rows = []
    for way in WAYS:
        if documents := facts.ways[way]:
            spans = facts.way_spans[way]
            row = {"name": way, "documents": documents, "document_share": documents / facts.curated}
            rows.append(row | {"spans": spans, "span_share": spans / every if every else 0.0})
    return rows
