"""What may not be learned and tested at once: articles of one story, near copies of one another."""

from __future__ import annotations

from collections.abc import Iterable

from goldwire.corpus.split.groups import Rule, components, find_ties
from goldwire.eval.scoring.pairing import stories
from goldwire.model import Article, Document


def groups_of(documents: Iterable[Document], rule: Rule) -> list[str] | None:
    """A name for the group of each document, by story and near-duplicate texts; None where each is alone."""
    listed = list(documents)
    ties = find_ties([Article(document) for document in listed], None, rule)
    if not ties:
        return stories(listed)
    names = [document.id for document in listed]
    of = {name: f"group {group[0]}" for group in components(names, ties) for name in group if len(group) > 1}
    return [of.get(name, name) for name in names]
