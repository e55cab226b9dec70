"""The text that annotators marked, taken from a task's data as the label config says where it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from html.parser import HTMLParser
from typing import Any, NamedTuple

from goldwire.formats.counting import Claim, counted_text
from goldwire.formats.labelstudio.items import ELSEWHERE, REGIONS, Item
from goldwire.formats.labelstudio.region_text import RegionText
from goldwire.schemas.names import TextSource

#: Tasks that are looked at to find which field of the data is the marked text.
_ENOUGH = 200


class MarkedText(NamedTuple):
    """A task's text as it stands there; `turns` says where each turn of a dialogue begins, and whose."""

    text: RegionText
    turns: tuple[tuple[int, str], ...] = ()


def look_up(data: dict[str, Any], key: str) -> Any:
    """The value under a key as configs name it: plain, or dotted (`$a.b`) into what lies inside."""
    if key in data or "." not in key:
        return data.get(key)
    held: Any = data
    for part in key.split("."):
        held = held.get(part) if isinstance(held, dict) else None
    return held


def marked_text(data: dict[str, Any], source: TextSource) -> MarkedText | str:
    """The text of one object of a task, or why it can't be had."""
    held = look_up(data, source.key)
    if source.problem:
        return source.problem
    if held is None:
        return f"no text under `{source.key}`"
    if source.kind == "Paragraphs":
        return _dialogue(held, source)
    if not isinstance(held, str):
        return f"`{source.key}` is no text"
    if not held.strip():
        return f"the text under `{source.key}` is empty"
    if not _encodable(held):
        return f"half a surrogate pair in `{source.key}`"
    return MarkedText(RegionText(page_text(held) if source.kind == "HyperText" else held))


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _dialogue(held: Any, source: TextSource) -> MarkedText | str:
    """The turns of a dialogue, a line each."""
    if not isinstance(held, list) or not all(isinstance(turn, dict) for turn in held):
        return f"`{source.key}` is no list of turns"
    text_key, name_key = source.text_key, source.name_key
    if held and not any(text_key in turn for turn in held):
        text_key, name_key = _turn_keys(held, source)
    lines: list[str] = []
    turns: list[tuple[int, str]] = []
    at = 0
    for turn in held:
        line = turn.get(text_key)
        if not isinstance(line, str):
            return f"a turn of `{source.key}` has no text under `{text_key}`"
        turns.append((at, str(turn.get(name_key) or "")))
        lines.append(line)
        at += len(line) + 1
    text = "\n".join(lines)
    if not text.strip():
        return f"the text under `{source.key}` is empty"
    return MarkedText(RegionText(text, turns=[start for start, _ in turns]), tuple(turns))


def _turn_keys(held: list[dict[str, Any]], source: TextSource) -> tuple[str, str]:
    """The keys of a turn's words and its speaker, where no config names them: the words are longer."""
    keys = [key for key in held[0] if all(isinstance(turn.get(key), str) for turn in held)]
    keys.sort(key=lambda key: sum(len(turn[key]) for turn in held))
    return (
        (keys[-1], keys[0] if len(keys) > 1 else source.name_key)
        if keys
        else (source.text_key, source.name_key)
    )


class _Page(HTMLParser):
    """Gathers what a browser takes for a page's text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        """A stretch of text."""
        self.parts.append(data)


def page_text(source: str) -> str:
    """The text of an HTML page as Label Studio counts it (`globalOffsets`): that of all its text nodes."""
    page = _Page()
    page.feed(source)
    page.close()
    return "".join(page.parts)


def strings(data: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of a task's data that may hold a text or a dialogue, those inside others dotted."""
    for key, value in data.items():
        if isinstance(value, str) or (isinstance(value, list) and value and isinstance(value[0], dict)):
            yield f"{prefix}{key}", value
        elif isinstance(value, dict):
            yield from strings(value, f"{prefix}{key}.")


class TextFinder:
    """Finds, for an export whose config is not at hand, which field of the data each marked object shows.

    What regions say that they mark decides (`value.text`); without that, a field that is called like the
    object, then `text`, then the only one that there is. Where regions of some objects say so, an object
    whose regions never do is no text (a recording, a picture).
    """

    def __init__(self) -> None:
        self.agreeing: dict[str, dict[str, int]] = {}
        self.asked: dict[str, int] = {}
        self.fields: dict[str, int] = {}
        self.kinds: dict[str, str] = {}
        self.tasks = 0

    def add(self, data: dict[str, Any], results: Iterable[Sequence[Item | None]]) -> None:
        """Take in a task."""
        self.tasks += 1
        fields = dict(strings(data))
        for key in fields:
            self.fields[key] = self.fields.get(key, 0) + 1
        said: dict[str, list[Item]] = {}
        for items in results:
            for item in items:
                if item is not None and item.value is not None and marks_text(item):
                    name = str(item.to_name or "")
                    said.setdefault(name, []).append(item)
                    self.kinds.setdefault(name, _kind(item))
        for name, items in said.items():
            self.agreeing.setdefault(name, {})
            if self.asked.get(name, 0) >= _ENOUGH:
                continue
            if any(isinstance(item.value.text, str) for item in items if item.value is not None):
                self.asked[name] = self.asked.get(name, 0) + 1
                for key in fields:
                    if _agrees(data, TextSource(name, key, self.kinds[name]), items):
                        self.agreeing[name][key] = self.agreeing[name].get(key, 0) + 1

    def sources(self) -> tuple[list[TextSource], list[str]]:
        """Where the text of each marked object is, and the objects for which that can't be told."""
        sources, open_questions = [], []
        for name, votes in sorted(self.agreeing.items()):
            if self.asked and not self.asked.get(name):
                continue
            likely = [key for key in (name, "text") if key in self.fields]
            best = max(votes.values(), default=0)
            keys = [key for key, count in votes.items() if count == best] if best else []
            if not best and not self.asked.get(name):
                keys = likely[:1] or list(self.fields)
            elif not best:
                keys = likely[:1] if likely[:1] == [name] or len(self.fields) == 1 else []
                keys = keys or (list(self.fields) if len(self.fields) == 1 else [])
            if not self.fields:
                keys = [name]  # which says, for each task, that it has no such text
            choice = next((key for key in likely if key in keys), keys[0] if len(keys) == 1 else None)
            if choice is None:
                open_questions.append(name)
            else:
                sources.append(TextSource(name, choice, self.kinds[name]))
        if len(sources) == 2 and not sources[0].tag and sources[0].key == sources[1].key:
            del sources[0]  # regions that name no object are of the only one that there is
        shared = Counter(source.key for source in sources)
        # Two objects hardly ever show one field: what agrees with both may be the other's.
        open_questions += [source.tag for source in sources if shared[source.key] > 1]
        return [source for source in sources if shared[source.key] == 1], sorted(open_questions)


def marks_text(item: Item) -> bool:
    """Whether an item is a region of a text, or may be: choices with an extent can mark one too."""
    chosen = item.type == "choices" and item.value is not None and type(item.value.start) is int
    return item.type in REGIONS or chosen


def items_over(
    source: TextSource, present: Sequence[TextSource], items: Sequence[Item | None], marking: Container[str]
) -> list[Item | None]:
    """A result with the items of the other texts that are `present` taken out.

    A relation goes with its head; what belongs to none of the texts stays with the first. `marking` are the
    controls that mark spans.
    """
    homes = {
        str(item.id): item.to_name or ""
        for item in items
        if item is not None and (item.type in REGIONS or (item.from_name or "") in marking)
    }
    others = {each.tag for each in present} - {source.tag}
    first = source is present[0]

    def here(item: Item | None) -> bool:
        if item is None:
            return first
        if item.type == "relation":
            home = homes.get(str(item.from_id), "")
        else:
            home = homes.get(str(item.id)) or item.to_name or ""
        return home == source.tag or (first and home not in others)

    return [item if here(item) else ELSEWHERE for item in items]


def _kind(item: Item) -> str:
    if item.type == "paragraphlabels":
        return "Paragraphs"
    value = item.value
    page = item.type == "hypertextlabels" or (value is not None and isinstance(value.global_offsets, dict))
    return "HyperText" if page else "Text"


def _agrees(data: dict[str, Any], source: TextSource, items: Sequence[Item]) -> bool:
    marked = marked_text(data, source)
    if isinstance(marked, str):
        return False
    said: list[Claim] = []
    for item in items:
        stated = marked.text.stated(item.value) if item.value is not None else None
        if stated is not None and item.value is not None and isinstance(item.value.text, str):
            said.append((*stated, item.value.text))
    if not said:
        return False
    text = counted_text(marked.text, said)
    return sum(map(text.agrees, said)) * 2 > len(said)
