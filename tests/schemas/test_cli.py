"""`goldwire schema diff`, `migrate` and `import`, from file to file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from goldwire.cli.schema import command
from goldwire.errors import GoldwireError
from goldwire.schemas import load_schema
from goldwire.schemas.rendering.label_config import label_config

MINI = Path(__file__).parents[1] / "data/mini"


def test_a_label_is_renamed_from_diff_to_migrated(tmp_path: Path) -> None:
    """`diff` prints the suspected rename and its hits, `migrate` carries it out, twice without harm."""
    project = tmp_path / "mini"
    shutil.copytree(MINI, project)
    schema, figures = project / "schemas/mini.yaml", tmp_path / "figures.json"
    text = schema.read_text(encoding="utf-8").replace('"0.1"', '"0.2"').replace("FOOD", "EDIBLE")
    schema.write_text(text, encoding="utf-8")
    folder = project / "annotate/annotations/anna"
    folder.mkdir(parents=True)
    span = {"id": "a", "layer": "thing", "label": "FOOD", "start": 0, "end": 3}
    stored = {"document": "soupe", "annotator": "anna", "schema": "mini@0.1", "spans": [span]}
    (folder / "soupe.json").write_text(json.dumps(stored))
    old = str(MINI / "schemas/mini.yaml")
    options = ["--project", str(project), "--json", str(figures)]
    done = CliRunner().invoke(command, ["diff", old, str(schema), *options])
    assert done.exit_code == 0, done.output
    [change] = json.loads(figures.read_text())["changes"]
    assert (change["change"], change["name"], change["to"], change["hits"]) == (
        "renamed",
        "FOOD",
        "EDIBLE",
        1,
    )
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "from: mini@0.1\nto: mini@0.2\noperations:\n  - {rename: label, name: FOOD, to: EDIBLE}\n"
    )
    for migrated in (1, 0):
        done = CliRunner().invoke(command, ["migrate", str(plan), *options])
        assert done.exit_code == 0, done.output
        assert json.loads(figures.read_text())["migrated"] == migrated
    assert json.loads((folder / "soupe.json").read_text())["spans"][0]["label"] == "EDIBLE"


def test_a_config_is_imported_and_never_over_a_file(tmp_path: Path) -> None:
    """`import` writes a schema that loads; a second one needs --force."""
    config, out = tmp_path / "my config.xml", tmp_path / "out.yaml"
    config.write_text(label_config(load_schema(MINI / "schemas/mini.yaml")), encoding="utf-8")
    arguments = ["import", str(config), "--out", str(out)]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    assert load_schema(out).id == "my_config@1.0"
    assert CliRunner().invoke(command, arguments).exit_code != 0
    assert CliRunner().invoke(command, [*arguments, "--force"]).exit_code == 0


def test_an_imported_schema_is_of_the_projects_language(tmp_path: Path) -> None:
    """That of the project that it is written into, else English; both are said, and another may be named."""
    config = tmp_path / "c.xml"
    config.write_text(label_config(load_schema(MINI / "schemas/mini.yaml")), encoding="utf-8")
    project = tmp_path / "mini"
    shutil.copytree(MINI, project)
    toml = (project / "goldwire.toml").read_text("utf-8").replace('language = "fr"', 'language = "de"')
    (project / "goldwire.toml").write_text(toml, "utf-8")
    for out, language, said in (
        (project / "schemas/new.yaml", "de", "as that of the project mini"),
        (tmp_path / "alone.yaml", "en", "since none is named"),
    ):
        done = CliRunner().invoke(command, ["import", str(config), "--out", str(out)])
        assert done.exit_code == 0 and f"language: {language}, {said}" in done.output
        assert load_schema(out).language == language
    named = ["import", str(config), "--out", str(tmp_path / "es.yaml"), "--language", "es"]
    assert "language:" not in CliRunner().invoke(command, named).output
    assert load_schema(tmp_path / "es.yaml").language == "es"


@pytest.mark.parametrize("language", ["zz", "French", "", "__pycache__", "../fr"])
def test_a_language_that_spacy_lacks_is_refused(tmp_path: Path, language: str) -> None:
    """A schema in it could not be used later: nothing cuts its texts into tokens."""
    config, out = tmp_path / "c.xml", tmp_path / "out.yaml"
    config.write_text(label_config(load_schema(MINI / "schemas/mini.yaml")), encoding="utf-8")
    done = CliRunner().invoke(command, ["import", str(config), "--out", str(out), "--language", language])
    assert isinstance(done.exception, GoldwireError)
    assert f"GW124 --language: spaCy knows no language `{language}`" in str(done.exception)
    assert not out.exists()


def test_a_dry_run_does_not_push(tmp_path: Path) -> None:
    """What can't be done together is refused, not passed over."""
    shutil.copytree(MINI, tmp_path / "mini")
    words = ["migrate", "plan.yaml", "--dry-run", "--push", "--project", str(tmp_path / "mini")]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 2 and "--dry-run writes nothing" in done.output
