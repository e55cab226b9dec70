"""No text for annotators is left in the code: what people read is English, or comes from a catalogue."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.trees import in_one_process, nodes_of
from tests.messages.foreign import ACCENTED, other_words, words

SOURCE = Path(__file__).parents[2] / "src/goldwire"
#: What is data of a language, no text for people: function words, ligatures, letters, names of columns.
DATA = {
    "annotations/find_quote.py", "annotations/values.py", "eval/matching/context.py",
    "eval/matching/span_heads.py", "seeds/columns.py",
}  # fmt: skip


def literals(path: Path) -> list[str]:
    """The strings of a module, but for docstrings; of a template or a script the whole text."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return [text]
    nodes = nodes_of(path)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    strings = (node for node in nodes if isinstance(node, ast.Constant) and id(node) not in docstrings)
    return [node.value for node in strings if isinstance(node.value, str)]


def files() -> list[Path]:
    """All that speaks: modules, templates of pages, scripts; not what other people wrote."""
    found = [path for suffix in ("py", "j2", "js") for path in SOURCE.rglob(f"*.{suffix}")]
    return [
        path
        for path in found
        if not {"messages", "echarts", "example"} & set(path.parts)
        and path.relative_to(SOURCE).as_posix() not in DATA
    ]


@in_one_process
def test_no_text_in_another_language_stands_in_the_code() -> None:
    """What people read is English, or comes from a catalogue."""
    foreign = other_words()
    assert {"étiquette", "richtlinien", "obligatorio"} & foreign
    for path in files():
        for text in literals(path):
            assert not ACCENTED.search(text), (path, text[:80])
            assert not words(text) & foreign, (path, words(text) & foreign)


def test_a_text_that_is_left_in_the_code_is_seen(tmp_path: Path) -> None:
    """The check bites: with an accent or without; not in a docstring."""
    module = tmp_path / "a.py"
    module.write_text('"""Étiquette."""\nX = "Obligatoire"\nY = f"{X} : étendue"\n', encoding="utf-8")
    found = literals(module)
    assert any(words(text) & other_words() for text in found) and any(map(ACCENTED.search, found))
    assert "Étiquette." not in found
