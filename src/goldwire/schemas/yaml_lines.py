"""YAML with places: plain data plus the line of every `$.path`, so that a fault can say where it is."""

from __future__ import annotations

import pickle
from functools import lru_cache
from typing import Any

import yaml

from goldwire.errors import GoldwireError
from goldwire.limits import ALIASED, DEPTH, TOO_DEEP
from goldwire.number_format import amount
from goldwire.redaction import shortened

#: The code of a key that stands twice.
KEY_TWICE = "GW102"
# The C loader is ten times faster and part of every published wheel; pure Python serves where it is absent.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TextLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]
    """As yaml's own, but for texts that are not what their tag says: yaml raises whatever comes up then."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """What a node stands for; `ConstructorError` where that can't be told."""
        try:
            return super().construct_object(node, deep)
        except (AttributeError, LookupError, TypeError, ArithmeticError, ValueError) as error:
            kind = node.tag.rpartition(":")[2]
            problem = f"`{shortened(str(node.value), 40)}` is no {kind}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error


def parse_yaml(text: str, source: str, *, texts: bool = False) -> tuple[Any, dict[str, int]]:
    """The data of a YAML text and, for every path such as `$.layers.entity`, its line (from 1).

    Scalars that are not quoted keep YAML's own types; with `texts` every scalar stays the text that was
    written (`2020-01-03`, `12:30` and `no` are no date, number or flag then). Raises GW101 for a text that is
    no YAML, is nested too deep or has aliases that stand for too much (`goldwire.limits`), and GW102 for a
    key that stands twice in one mapping, which YAML libraries let the second win.

    What was read of a text is kept, so that the registries of a schema are parsed once however many ask for
    them; each caller gets data of its own.
    """
    try:
        data, lines = pickle.loads(_pickled(text, texts))
    except GoldwireError:
        data, lines = _parsed(text, source, texts)  # which raises it with its place
    return data, lines


@lru_cache(maxsize=32)
def _pickled(text: str, texts: bool) -> bytes:
    """What `parse_yaml` returns, pickled: copied in a hundredth of the time that parsing takes."""
    return pickle.dumps(_parsed(text, "", texts), pickle.HIGHEST_PROTOCOL)


def _parsed(text: str, source: str, texts: bool) -> tuple[Any, dict[str, int]]:
    _flat(text, source)
    loader = (_TextLoader if texts else _Loader)(text)
    try:
        node = loader.get_single_node()
        lines: dict[str, int] = {}
        if node is not None:
            _few(node, source)
            _places(node, "$", source, lines)
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{source}:{mark.line + 1}" if mark else source
        raise GoldwireError.of("GW101", f"not YAML: {error.problem}", where=place) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise GoldwireError.of("GW101", f"not YAML: {' '.join(str(error).split())}", where=source) from None
    finally:
        loader.dispose()
    return data, lines


def _flat(text: str, source: str) -> None:
    """Raise GW101 for what is nested too deep. libyaml's composer recurses in C until the process dies."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEPTH:
                place = f"{source}:{getattr(event.start_mark, 'line', 0) + 1}"
                raise GoldwireError.of("GW101", TOO_DEEP, where=place, hint="write it flatter")
    except (yaml.YAMLError, ValueError):
        return  # the reader says what is the matter


def _few(root: yaml.Node, source: str) -> None:
    """Raise GW101 where aliases stand for more than a text may hold, or for what holds them."""
    sizes: dict[int, tuple[int, int] | None] = {}  # nodes and levels below a node; None on the way down

    def refuse(node: yaml.Node, message: str) -> GoldwireError:
        place = f"{source}:{node.start_mark.line + 1}"
        return GoldwireError.of("GW101", message, where=place, hint="write out what the aliases stand for")

    def weigh(node: yaml.Node) -> tuple[int, int]:
        if id(node) in sizes:
            size = sizes[id(node)]
            if size is None:
                raise refuse(node, "an alias stands inside of what it stands for")
            return size
        sizes[id(node)] = None
        count, levels = 1, 0
        if isinstance(node, yaml.CollectionNode):
            pairs = isinstance(node, yaml.MappingNode)
            for part in (each for pair in node.value for each in pair) if pairs else node.value:
                below = weigh(part)
                count, levels = count + below[0], max(levels, below[1] + 1)
        if count - len(sizes) > ALIASED:
            raise refuse(node, f"its aliases stand for more than {amount(ALIASED)} parts")
        if levels > DEPTH:
            raise refuse(node, TOO_DEEP)
        sizes[id(node)] = count, levels
        return count, levels

    weigh(root)


def _places(node: yaml.Node, path: str, source: str, lines: dict[str, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            line = key.start_mark.line + 1
            if name in seen:
                where, hint = f"{source}:{line} {path}", "remove one of them"
                raise GoldwireError.of(KEY_TWICE, f"`{name}` stands twice", where=where, hint=hint)
            seen.add(name)
            lines[f"{path}.{name}"] = line
            _places(value, f"{path}.{name}", source, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _places(value, f"{path}[{index}]", source, lines)
