"""Predictions are named by what made them, and work on top of them says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.records.accounts import Accounts
from goldwire.annotate.sync.importer import Importer
from goldwire.annotate.sync.predictions import version
from goldwire.formats.spacy_doc import Pipeline
from goldwire.model import Annotation, Document, Provenance, Span
from goldwire.project import load_project
from tests.annotate.helpers import TEXT, make_schema


@pytest.mark.parametrize(
    ("corpus", "name"),
    [
        ({"name": "news", "version": "0.2.0"}, "fr_ner@0.1.0 (news@0.2.0)"),
        (None, "fr_ner@0.1.0"),
    ],
)
def test_a_prediction_names_model_version_and_corpus(corpus: Any, name: str) -> None:
    """What a pipeline says of itself becomes the version under which the server keeps its predictions."""
    meta = {"lang": "fr", "name": "ner", "version": "0.1.0", "goldwire": {"corpus": corpus}}
    pipeline = Pipeline.of(meta)
    assert version(Annotation("d", pipeline.name, "", provenance=pipeline.provenance)) == name


def test_without_a_model_the_annotator_names_a_prediction() -> None:
    """A reading shown as a prediction bears its annotator's name."""
    assert version(Annotation("d", "anna", "")) == "anna"
    assert version(Annotation("d", "anna", "", provenance=Provenance("rule", "rules"))) == "rules"


@pytest.mark.parametrize(
    ("shown", "task", "given", "origin", "saw"),
    [
        (False, {}, {}, None, False),
        (False, {"predictions_model_versions": "m@1"}, {}, "manual", False),
        (True, {"predictions_model_versions": "m@1"}, {}, "manual", True),
        (True, {"predictions_model_versions": ""}, {}, "manual", False),
        (False, {}, {"parent_prediction": 7}, None, True),
        (False, {}, {}, "prediction", True),
        (False, {}, {}, "prediction-changed", True),
    ],
)
def test_who_began_from_a_prediction_has_seen_it(
    shown: bool, task: dict[str, Any], given: dict[str, Any], origin: str | None, saw: bool, tmp_path: Path
) -> None:
    """A live backend's prediction counts like a pushed one: by what work began from, or what was shown."""
    (tmp_path / "goldwire.toml").write_text('[project]\nname = "s"\nlanguage = "fr"\nschema = "s.yaml"\n')
    documents = [Document("soup", TEXT)]
    found = {"id": 1, "show_collab_predictions": shown}

    client, project = Client("http://away", "token"), load_project(tmp_path)
    importer = Importer(client, project, make_schema(), documents, found, Accounts(client, project))
    spans = (Span("s", "thing", "FOOD", 0, 1, origin=origin),)
    assert importer.saw_predictions(task, given, spans) is saw
