"""A model's help in passes: the project of each is answered with what its screen labels."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import spacy

from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.passes.reading import START
from tests.annotate.passes.kitchen import SALT, TOMATO, Kitchen, marked, thing

pytestmark = pytest.mark.live
VERSION = "xx_cook@1.0"


@pytest.fixture(scope="module")
def cook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline that finds food and steps by their words."""
    nlp = spacy.blank("xx")  # French takes seconds to import
    nlp.meta.update({"name": "cook", "version": "1.0"})
    food = nlp.add_pipe("entity_ruler")
    food.add_patterns([{"label": "FOOD", "pattern": word} for word in ("tomate", "sel")])  # type: ignore[attr-defined]
    steps = nlp.add_pipe("span_ruler", config={"spans_key": "step", "annotate_ents": False})
    steps.add_patterns([{"label": "CUT", "pattern": "Couper"}])  # type: ignore[attr-defined]
    folder = tmp_path_factory.mktemp("cook") / "model"
    nlp.to_disk(folder)
    path = folder / "meta.json"
    meta = json.loads(path.read_text(encoding="utf-8"))
    meta["goldwire"] = {"layer": "thing", "layers": ["thing", "step"], "schema": ["mini@0.1"]}
    path.write_text(json.dumps(meta), encoding="utf-8")
    return folder


@contextmanager
def assisted(kitchen: Kitchen, server: Server, model: Path) -> Iterator[list[str]]:
    """`assist --connect` while a block runs; what it says, all of it at the end."""
    said: list[str] = []
    command = [sys.executable, "-m", "goldwire", "annotate", "assist", str(model), "--connect"]
    env = {**os.environ, "GOLDWIRE_URL": server.url, "GOLDWIRE_TOKEN": server.token}
    with subprocess.Popen(
        command, cwd=kitchen.project.root, env=env, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stderr is not None
            for line in running.stderr:
                said.append(line)
                if line.startswith("stop it with"):
                    break
            yield said
            running.send_signal(signal.SIGTERM)
            said.extend(running.communicate(timeout=60)[1].splitlines(keepends=True))
        finally:
            running.kill()


def predicted(kitchen: Kitchen, part: int, article: str) -> set[tuple[str, str]]:
    """Labels and ids of the regions that the model's prediction shows in a pass."""
    shown = kitchen.tasks(part)[article]["predictions"]
    [made] = [each for each in shown if each["model_version"] != START]
    return {(item["value"]["labels"][0], item["id"]) for item in made["result"] if item["type"] == "labels"}


def opened(kitchen: Kitchen, part: int) -> dict[str, Any]:
    """The next task of a pass, as an annotator gets it."""
    params = {"id": "next_task", "project": kitchen.number(part)}
    body = {"selectedItems": {"all": True, "excluded": []}}
    task: dict[str, Any] = kitchen.client.request("POST", "api/dm/actions", params=params, body=body)
    return task


def test_each_pass_is_answered_with_what_its_screen_labels(
    kitchen: Kitchen, named_server: Server, cook: Path
) -> None:
    """The first pass gets entities; the second what its annotator made of them, with the model's steps added.

    So do articles that are sent on, or corrected, while the model is connected. It leaves both projects.
    """
    kitchen.goldwire("push")
    kitchen.submit(1, "anna", [thing("t", TOMATO, "TOOL")])
    kitchen.goldwire("push")
    with assisted(kitchen, named_server, cook) as said:
        assert sum(line.startswith("connected to ") for line in said) == 2, said
        assert {label for label, _ in predicted(kitchen, 1, "a2")} == {"FOOD"}
        [step] = predicted(kitchen, 2, "a1") - {("TOOL", "t")}
        assert step[0] == "CUT"
        task = opened(kitchen, 2)
        [shown] = task["predictions"]
        assert shown["model_version"] == VERSION
        made = {"result": shown["result"], "parent_prediction": shown["id"], "lead_time": 7}
        kitchen.client.create_annotation(int(task["id"]), made)
        kitchen.submit(1, "anna", [thing("s", SALT)], article="a2")
        kitchen.goldwire("push")
        assert {name for _, name in predicted(kitchen, 2, "a2")} >= {"s"}
        kitchen.submit(1, "anna", [thing("s", SALT), thing("t", TOMATO)], article="a2")
        kitchen.goldwire("push")
        assert kitchen.told["passes"][1]["refreshed"] == 1
        assert {name for _, name in predicted(kitchen, 2, "a2")} >= {"s", "t"}
        assert kitchen.client.project(kitchen.number(2))["model_version"] == VERSION
    assert any("stopped, and taken out of the project" in line for line in said), said
    for part in (1, 2):
        assert kitchen.client.get("api/ml/", project=kitchen.number(part)) == []
    assert kitchen.client.project(kitchen.number(2))["model_version"] == START
    kitchen.goldwire("pull")
    whole = kitchen.stored("annotator")
    assert marked(whole) == {("TOOL", 10), ("CUT", 0)}
    assert whole.provenance.seen_predictions is True


def test_an_empty_screen_takes_nothing_from_the_earlier_passes(kitchen: Kitchen) -> None:
    """An annotation that began from nothing, as where a model did not answer, has removed nothing: told."""
    kitchen.goldwire("push")
    kitchen.submit(1, "anna", [thing("t", TOMATO)])
    kitchen.goldwire("push")
    kitchen.submit(2, "anna", [])
    output = kitchen.goldwire("pull")
    assert "«tomate» is not marked in pass step, is FOOD [10, 16) before it" in output
    whole = kitchen.stored("anna")
    assert (whole.status, marked(whole)) == ("submitted", {("FOOD", 10)})
