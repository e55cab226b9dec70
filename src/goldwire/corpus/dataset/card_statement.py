"""The card's data statement, and how the annotations came about, in shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from goldwire.annotations.stats import Counts
from goldwire.corpus.dataset.card_facts import WAYS, CardFacts
from goldwire.corpus.redistribution import redistribution
from goldwire.model import STATUSES
from goldwire.number_format import amount

if TYPE_CHECKING:
    from goldwire.corpus.corpus import Corpus

#: The elements of a data statement, version 3 (McMillan-Major and Bender 2024, after Bender and Friedman
#: 2018), and the key of [corpus.statement] for each; the header is the card's own.
QUESTIONS = {
    "summary": "Executive summary",
    "curation": "Curation rationale",
    "sources": "Documentation for source datasets",
    "variety": "Language varieties",
    "speakers": "Language user demographic",
    "annotators": "Annotator demographic",
    "situation": "Linguistic situation and text characteristics",
    "preprocessing": "Preprocessing and data formatting",
    "capture": "Capture quality",
    "limitations": "Limitations",
    "metadata": "Metadata",
    "disclosures": "Disclosures and ethical review",
    "distribution": "Distribution",
    "maintenance": "Maintenance",
    "other": "Other",
    "glossary": "Glossary",
}
#: Elements that are left out where nothing is said: not every dataset has something to add.
_OPTIONAL = ("other", "glossary")
_MADE_BY = {
    "unknown": "unknown whether people or machines",
    "human": "people",
    "model": "models",
    "rule": "rules",
}
UNSAID = "Not stated."


def statement(corpus: Corpus, facts: CardFacts, counts: Counts) -> dict[str, str]:
    """By element: what [corpus.statement] says, what can be counted, or that it is not stated.

    A key of the project's own is a further element; a text instead of a table is the rationale.
    """
    stated = corpus.project.setting("corpus", "statement", {})
    own_words = (
        {str(k): str(v) for k, v in stated.items()} if isinstance(stated, dict) else {"curation": str(stated)}
    )
    counted = _counted(corpus, facts, counts)
    answers = {}
    for key in [*QUESTIONS, *(key for key in own_words if key not in QUESTIONS)]:
        parts = (" ".join(own_words.get(key, "").split()), counted.get(key, ""))
        answer = " ".join(filter(None, parts))
        if answer or key not in _OPTIONAL:
            answers[key] = answer or UNSAID
    return answers


def titled(answers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The answers under the elements' titles."""
    return [(QUESTIONS.get(key, key.capitalize()), answer) for key, answer in answers.items()]


def status_of(facts: CardFacts) -> dict[str, Any]:
    """How far the curated annotations may be trusted, in a sentence and by status."""
    rows = [
        {"status": status, "curated": facts.curated_status[status], "all": facts.status[status]}
        for status in reversed(STATUSES)
        if facts.status[status]
    ]
    draft, machine = facts.curated - facts.trusted, facts.by_machine
    missing = facts.documents - facts.curated
    if not facts.trusted and machine == facts.curated:
        sentence = (
            "> **Draft.** All annotations are machine-drafted; no person has reviewed them. A score against "
            "them measures closeness to a draft, and must say so."
        )
    elif not facts.trusted:
        drafted = f"; {machine} of {facts.curated} are machine-drafted" if machine else ""
        sentence = f"> **Not reviewed.** No annotation has been reviewed by a second person{drafted}."
    elif draft:
        sentence = (
            f"> **In part reviewed.** People reviewed or adjudicated the annotations of {facts.trusted} of "
            f"{facts.curated} documents; the others are not reviewed."
        )
    else:
        sentence = "> **Reviewed.** People reviewed or adjudicated the annotations of every document."
    if facts.unknown:
        sentence += f" Whether a person or a machine made those of {facts.unknown} documents is unknown."
    if missing:
        sentence += f" {missing} of {facts.documents} documents have no annotation."
    reference = "a draft" if machine or facts.curated_status["draft"] else "not reviewed"
    return {"sentence": sentence, "rows": rows, "draft": draft > 0, "reference": reference if draft else ""}


def _counted(corpus: Corpus, facts: CardFacts, counts: Counts) -> dict[str, str]:
    sizes = {"texts": counts.documents, "words": counts.words, "characters": counts.characters}
    size = ", ".join(f"{amount(number)} {unit}" for unit, number in sizes.items())
    words_each = amount(round(counts.words / (counts.documents or 1)))
    marked = ", ".join(f"{amount(number)} `{layer}` spans" for layer, number in counts.layers.items())
    published = f"Published {facts.dates[0]} to {facts.dates[1]}; " if facts.dates else ""
    title = corpus.project.setting("project", "title", corpus.project.name)
    number, kinds = len(facts.makers), sorted(facts.kinds)
    people = "s" if number != 1 else ""
    passed_on = redistribution(corpus.project)
    allowed = sum(texts for licence, texts in facts.licences.items() if passed_on.allows_licence(licence))
    return {
        "summary": f"{title}: {size} in `{corpus.project.language}`, with {marked}.",
        "variety": f"`{corpus.project.language}`.",
        "annotators": f"{number} annotator{people}: {' and '.join(_MADE_BY[kind] for kind in kinds)}.",
        "situation": f"{published}{words_each} words a text.",
        "preprocessing": "Unicode NFC and `\\n` line ends; nothing else is changed.",
        "limitations": "See *Limits*.",
        "metadata": f"Guidelines: `{corpus.schema.id}`. Agreement, status and shares stand in this card.",
        "distribution": (
            f"Texts that may be passed on: {amount(allowed)}; "
            f"that may not: {amount(facts.documents - allowed)}. See *Licence*."
        ),
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
