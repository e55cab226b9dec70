"""The card's data statement, and how the annotations came about, in shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goldwire.annotations.stats import Counts
from goldwire.figures import amount
from goldwire.model import Annotation, by_machine, curated

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


def statement(corpus: Corpus, counts: Counts) -> list[tuple[str, str]]:
    """Question and answer: what [corpus.statement] says, what can be counted, or that it is not stated.

    A key of the project's own is a further question; a text instead of a table is the rationale.
    """
    stated = corpus.project.setting("corpus", "statement", {})
    own_words = (
        {str(k): str(v) for k, v in stated.items()} if isinstance(stated, dict) else {"curation": str(stated)}
    )
    counted = _counted(corpus, counts)
    answers = []
    for key in [*QUESTIONS, *(key for key in own_words if key not in QUESTIONS)]:
        parts = (" ".join(own_words.get(key, "").split()), counted.get(key, ""))
        answers.append((QUESTIONS.get(key, key.capitalize()), " ".join(filter(None, parts)) or UNSAID))
    return answers


def _counted(corpus: Corpus, counts: Counts) -> dict[str, str]:
    dates = sorted(
        str(a.document.meta["published"]) for a in corpus.articles if a.document.meta.get("published")
    )
    kinds = sorted({a.provenance.kind for article in corpus.articles for a in article.annotations})
    names = {a.annotator for article in corpus.articles for a in article.annotations}
    sizes = {"texts": counts.documents, "words": counts.words, "characters": counts.characters}
    words = ", ".join(f"{amount(size)} {unit}" for unit, size in sizes.items())
    people = "s" if len(names) != 1 else ""
    return {
        "variety": f"`{corpus.project.language}`.",
        "annotators": f"{len(names)} annotator{people}: {' and '.join(_MADE_BY[kind] for kind in kinds)}.",
        "situation": f"Published {dates[0]} to {dates[-1]}." if dates else "",
        "texts": f"{words}; {amount(round(counts.words / (counts.documents or 1)))} words a text.",
    }


def shares(corpus: Corpus) -> list[dict[str, Any]]:
    """How the curated annotations came about, by documents and spans, with their shares.

    An adjudication by a model is machine-drafted: only what people did counts as reviewed or adjudicated.
    """
    chosen = [a for article in corpus.articles if (a := curated(article.annotations)) is not None]
    every = sum(len(a.spans) for a in chosen)
    rows = []
    for name, test in (
        ("machine-drafted, reviewed by nobody", by_machine),
        ("made by unknown annotators", lambda a: a.provenance.kind == "unknown"),
        ("marked by people, reviewed by nobody", lambda a: _people(a, "draft", "submitted")),
        ("reviewed by people", lambda a: _people(a, "reviewed")),
        ("adjudicated by people", lambda a: _people(a, "adjudicated")),
        ("made with predictions in view", lambda a: bool(a.provenance.seen_predictions)),
    ):
        mine = [a for a in chosen if test(a)]
        if mine:
            spans = sum(len(a.spans) for a in mine)
            row = {"name": name, "documents": len(mine), "document_share": len(mine) / len(chosen)}
            rows.append(row | {"spans": spans, "span_share": spans / every if every else 0.0})
    return rows


def _people(annotation: Annotation, *status: str) -> bool:
    return annotation.provenance.kind == "human" and annotation.status in status
