"""Which texts may be passed on: all, none, or those under licences that the project names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from goldwire.errors import GoldwireError
from goldwire.model import Article, Document
from goldwire.project import CONFIG, Project


@dataclass(frozen=True)
class Redistribution:
    """What `[corpus] redistributable` says: yes, no, or the licences whose texts may be passed on."""

    rule: bool | frozenset[str]

    def allows(self, document: Document) -> bool:
        """Whether this text may be passed on."""
        return self.allows_licence(licence_of(document))

    def allows_licence(self, licence: str) -> bool:
        """Whether texts under this licence may be passed on; it counts as the articles state it."""
        return self.rule if isinstance(self.rule, bool) else licence in self.rule

    def allowed(self, articles: Iterable[Article]) -> set[str]:
        """The ids of the articles whose texts may be passed on."""
        return {article.document.id for article in articles if self.allows(article.document)}

    def withholds(self, articles: Iterable[Article]) -> bool:
        """Whether any of these texts may not be passed on."""
        return any(not self.allows(article.document) for article in articles)


def redistribution(project: Project) -> Redistribution:
    """What the project says of its texts; raises GW119 for anything but true, false or a list of licences."""
    rule = project.setting("corpus", "redistributable", False)
    if isinstance(rule, bool):
        return Redistribution(rule)
    if isinstance(rule, list) and rule and all(isinstance(licence, str) and licence for licence in rule):
        return Redistribution(frozenset(rule))
    where = f"{project.root / CONFIG} [corpus] redistributable"
    hint = 'true, false, or licences as the articles state them, such as ["CC BY 4.0"]'
    raise GoldwireError.of(
        "GW119", f"`{rule}` does not say which texts may be passed on", where=where, hint=hint
    )


def licence_of(document: Document) -> str:
    """A text's licence as its metadata state it; empty where they don't."""
    return str(document.meta.get("licence") or "")
