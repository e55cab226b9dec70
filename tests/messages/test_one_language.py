"""Nothing that is made in one language holds another's."""

from __future__ import annotations

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
from goldwire.model import Annotation, Provenance, Span
from goldwire.project import load_project
from goldwire.schemas import load_schema
from tests.messages.foreign import ACCENTED, other_words, words

TEXT = "The harbour of Kelmouth reopened on Monday. Mayor Ada Brent thanked the Coast Guard."


@pytest.mark.live
def test_an_english_project_shows_nothing_french(
    client: Client, tmp_path: Path, studio: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made, rendered, pushed to be adjudicated, with the model's tab: in all that the server then shows."""
    monkeypatch.setenv("GOLDWIRE_TOKEN", studio.token)
    folder, name = tmp_path / "port", f"Port {tmp_path.name}"[:40]
    made = CliRunner().invoke(cli, ["new", str(folder), "--language", "en", "--name", name])
    assert made.exit_code == 0, made.output
    project = load_project(folder)
    (tmp_path / "ferry.txt").write_text(TEXT, encoding="utf-8")
    added = CliRunner().invoke(cli, ["seeds", "add", str(tmp_path / "ferry.txt"), "--project", str(folder)])
    schema = load_schema(project.schema_path)
    for annotator, end in (("anna", 23), ("ben", 11)):
        spans = (Span("s1", "entity", "LOC", 15 if end > 15 else 4, end),)
        annotation = Annotation(
            "ferry", annotator, schema.id, "submitted", Provenance("human"), spans, (), sha256(TEXT)
        )
        write_annotation(project, annotation)
    board = push_adjudication(project, url=client.url)
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
