"""What readers and writers of text formats share: offsets over normalised text, and what the model says of
an annotation beyond its spans."""

from __future__ import annotations

from collections.abc import Collection

from goldwire.formats.options import Setting
from goldwire.model import Article, Provenance
from goldwire.seeds import normalise


class Text:
    """A text from outside: `text` is normalised, `at` brings offsets along (both in code points)."""

    def __init__(self, raw: str) -> None:
        self.raw, self.text = raw, normalise(raw)
        self.same = self.raw == self.text
        self._known: dict[int, int | None] = {}

    def at(self, offset: int) -> int | None:
        """Where an offset of the raw text lies; None where normalising joined the characters around it."""
        if self.same or not 0 <= offset <= len(self.raw):
            return offset
        if offset not in self._known:
            before = normalise(self.raw[:offset])
            whole = before + normalise(self.raw[offset:])
            self._known[offset] = len(before) if whole == self.text else None
        return self._known[offset]


#: What of an article a plain format may have no place for.
BEYOND = ("meta", "status", "provenance", "marked_by", "origin", "score")


def lose_beyond(article: Article, setting: Setting, keeps: Collection[str] = ()) -> None:
    """Put down what an article holds of `BEYOND`, but for what the format `keeps`.

    A status is lost unless it is the one that readers give to what names none.
    """
    document = article.document
    lost = [name for name in BEYOND if name not in keeps]
    if "meta" in lost and document.meta:
        setting.lose("document meta", document.id)
    for annotation in article.annotations:
        place = f"{annotation.annotator}/{document.id}"
        if "status" in lost and annotation.status != Setting.status:
            setting.lose(f"status {annotation.status}", place)
        if "provenance" in lost and annotation.provenance != Provenance():
            setting.lose("provenance", place)
        for name in ("marked_by", "origin", "score"):
            if name not in lost:
                continue
            for each in (*annotation.spans, *annotation.relations):
                if getattr(each, name, None) not in (None, ()):
                    setting.lose(name, f"{place} {getattr(each, 'id', '') or getattr(each, 'label', '')}")
