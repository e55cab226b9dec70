"""XML read strictly: no document type (entities that grow, files from elsewhere), no nesting without end."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from goldwire.limits import DEPTH, TOO_DEEP


class NotStrict(ValueError):
    """XML with a document type of its own, or nested too deep."""


class Watch:
    """What a parser of XML tells what it meets; keeps nothing. Raises `NotStrict`."""

    def __init__(self) -> None:
        self.depth = 0

    def start(self, _tag: str, _attributes: Any) -> Any:
        """An element begins."""
        self.depth += 1
        if self.depth > DEPTH:
            raise NotStrict(TOO_DEEP)

    def end(self, _tag: str) -> Any:
        """An element ends."""
        self.depth -= 1

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        """A document type is declared."""
        raise NotStrict("it declares a document type (<!DOCTYPE …>), which may hold entities without bound")

    def close(self) -> Any:
        """The end of the text."""


class _Builder(Watch, ET.TreeBuilder):
    def __init__(self) -> None:
        ET.TreeBuilder.__init__(self)
        Watch.__init__(self)

    def start(self, tag: str, attributes: Any) -> Any:
        super().start(tag, attributes)
        return ET.TreeBuilder.start(self, tag, attributes)

    def end(self, tag: str) -> Any:
        super().end(tag)
        return ET.TreeBuilder.end(self, tag)

    def close(self) -> Any:
        return ET.TreeBuilder.close(self)


def parse(text: str) -> ET.Element:
    """The root of an XML text. Raises `ET.ParseError` where it is none, `NotStrict` where it is too much."""
    root: ET.Element = ET.fromstring(text, parser=ET.XMLParser(target=_Builder()))
    return root
