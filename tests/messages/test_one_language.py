"""No text for annotators is left in the code, and nothing that is made in one language holds another's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from goldwire.annotate.adjudication.push import config as adjudication_config
from goldwire.annotate.adjudication.push import push_adjudication
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.ml_backend.connect import uncertainty_view
from goldwire.annotations.store import write_annotation
from goldwire.cli.main import cli
from goldwire.files import sha256
from goldwire.messages import languages, messages_in
from goldwire.model import Annotation, Provenance, Span
from goldwire.project import load_project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds

SOURCE = Path(__file__).parents[2] / "src/goldwire"
#: What is data of a language, no text for people: function words, ligatures, letters, names of columns.
DATA = {
    "annotations/find_quote.py", "annotations/values.py", "eval/matching/context.py",
    "eval/matching/span_heads.py", "seeds/columns.py",
}  # fmt: skip
ACCENTED = re.compile("[À-ÖØ-öø-ſ]")
TEXT = "The harbour of Kelmouth reopened on Monday. Mayor Ada Brent thanked the Coast Guard."


def words(text: str) -> set[str]:
    """Its longer words, in lower case."""
    return set(re.findall(r"[^\W\d_]{6,}", text.lower()))


def literals(path: Path) -> list[str]:
    """The strings of a module, but for docstrings; of a template or a script the whole text."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return [text]
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    strings = (
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings
    )
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


def other_words() -> set[str]:
    """Words of the other catalogues that no English text of goldwire's has."""
    english = set().union(*map(words, messages_in("en").texts.values()))
    pages = (SOURCE.parents[1] / "docs").glob("*.md")
    for page in pages:
        if page.name != "annotators.md":
            english |= words(page.read_text(encoding="utf-8"))
    others = set(languages()) - {"en"}
    return (
        set().union(*(words(text) for name in others for text in messages_in(name).texts.values())) - english
    )


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


@pytest.fixture
def client(studio: Server) -> Iterator[Client]:
    """A client of the shared server."""
    with Client(studio.url, studio.token) as connected:
        yield connected


@pytest.mark.live
def test_an_english_project_shows_nothing_french(client: Client, tmp_path: Path) -> None:
    """Made, rendered, pushed to be adjudicated, with the model's tab: in all that the server then shows."""
    folder, name = tmp_path / "port", f"Port {tmp_path.name}"[:40]
    made = CliRunner().invoke(cli, ["new", str(folder), "--language", "en", "--name", name])
    assert made.exit_code == 0, made.output
    project = load_project(folder)
    (tmp_path / "ferry.txt").write_text(TEXT, encoding="utf-8")
    added = CliRunner().invoke(cli, ["seeds", "add", str(tmp_path / "ferry.txt"), "--project", str(folder)])
    schema, documents = load_schema(project.schema_path), load_seeds(project)
    for annotator, end in (("anna", 23), ("ben", 11)):
        spans = (Span("s1", "entity", "LOC", 15 if end > 15 else 4, end),)
        annotation = Annotation(
            "ferry", annotator, schema.stamp, "submitted", Provenance("human"), spans, (), sha256(TEXT)
        )
        write_annotation(project, annotation)
    board = push_adjudication(client, project, schema, documents)
    number = int(board.url.rstrip("/").rpartition("/")[2])
    view = client.get(f"api/dm/views/{uncertainty_view(client, number, schema.language)}")
    tasks = list(client.tasks(number, ("data", "predictions")))
    shown = [
        made.output, added.output, adjudication_config(schema), str(view["data"]["title"]), str(tasks),
        str(client.project(number)["label_config"]),
        *(path.read_text(encoding="utf-8") for path in folder.rglob("*.[mxy]*") if path.is_file()),
    ]  # fmt: skip
    assert "Disagreements" in str(shown) and "By uncertainty" in str(shown) and "to decide" in str(shown)
    foreign = other_words()
    for text in shown:
        assert not ACCENTED.search(text) and not words(text) & foreign, words(text) & foreign
