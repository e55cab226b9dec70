"""A new project in any language: checked, with all that it needs, or not there at all."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from goldwire.cli.main import cli
from goldwire.errors import GoldwireError
from goldwire.messages import languages, messages_in
from goldwire.new_project import TEMPLATES, StartingPoint, Template, make_project
from goldwire.project import load_project
from goldwire.schemas import load_schema
from goldwire.schemas.load import load_registries
from goldwire.train.options import read_config

LANGUAGES = ("en", "de", "es", "fr", "ar", "zh", "ja", "pt", "xx")


def text_of(folder: Path) -> str:
    """All that a project holds, but for what git keeps to itself."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize(
    ("language", "template"),
    [*((language, "events") for language in LANGUAGES), ("zh", "ner"), ("es", "ner"), ("ar", "minimal")],
)
def test_a_project_is_whole_in_every_language(language: str, template: Template, tmp_path: Path) -> None:
    """Schema and registries load without a fault, what is rendered is up to date, configs are read."""
    project = make_project(tmp_path / "new", name="Port news", language=language, template=template)
    assert project.language == language
    schema = load_schema(project.schema_path)
    assert schema.language == language and schema.title == "Port news"
    assert load_registries(schema, project.schema_path) == {name: {} for name in schema.registries}
    ids = [a for layer in schema.layers.values() for a in layer.attributes.values() if a.kind == "id"]
    assert {attribute.registry for attribute in ids} == set(schema.registries)
    rendered = CliRunner().invoke(cli, ["schema", "render", "--check", "--project", str(project.root)])
    assert rendered.exit_code == 0
    for name in ("ner", "layers"):
        config = read_config(project.train / f"{name}.cfg", overrides={}, seed=0, language=language)
        assert config["nlp"]["lang"] == language
    transformer = (project.train / "ner-transformer.cfg").read_text(encoding="utf-8")
    assert f'lang = "{language}"' in transformer and "${paths.encoder}" in transformer
    assert yaml.safe_load((project.root / ".github/workflows/goldwire.yml").read_text())["jobs"]
    assert "/train/models/" in (project.root / ".gitignore").read_text()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("template", TEMPLATES)
def test_its_words_are_those_of_its_language(language: str, template: Template, tmp_path: Path) -> None:
    """No text of another language stands in anything that people read of it."""
    project = make_project(tmp_path / "new", name="Port", language=language, template=template)
    shown = text_of(project.root / "annotate") + text_of(project.root / "schemas")
    own = set(messages_in(language).texts.values())
    for other in set(languages()) - {language}:
        for key, text in messages_in(other).texts.items():
            if key.startswith(("template.", "config.guide")) and text not in own and " " in text:
                assert re.split(r"\{", text)[0].strip() not in shown or "{" in text[:3], (other, key)
    if template != "minimal":
        assert messages_in(language)("template.person_definition") in shown


@pytest.mark.parametrize(
    ("code", "kept"),
    [("deu", "de"), ("fra", "fr"), ("ger", "de"), ("jpn", "ja"), ("zho", "zh"), ("grc", "grc")],
)
def test_longer_codes_are_kept_as_spacy_knows_them(code: str, kept: str, tmp_path: Path) -> None:
    """ISO 639-2 and 639-3; and it is said."""
    done = CliRunner().invoke(cli, ["new", str(tmp_path / "project"), "--language", code])
    assert done.exit_code == 0 and load_project(tmp_path / "project").language == kept
    assert (f"language: {code} is kept as {kept}" in done.output) == (code != kept)


@pytest.mark.parametrize("language", ["", "e", "qqq", "english", "../x", "e1"])
def test_a_language_that_spacy_does_not_know_is_refused(language: str, tmp_path: Path) -> None:
    """With the way out, and nothing is written."""
    with pytest.raises(GoldwireError, match=r"GW361 --language: .*xx"):
        make_project(tmp_path / "new", name="Port", language=language)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["en", "", "  a  ", "x" * 51, "a\x07bc"])
def test_a_name_that_label_studio_would_refuse_is_refused(name: str, tmp_path: Path) -> None:
    """Before anything is made, and not at the first push."""
    with pytest.raises(GoldwireError, match=r"GW361 the project's name .*--name"):
        make_project(tmp_path / "new", name=name, language="en")
    assert list(tmp_path.iterdir()) == []


def test_the_folders_name_is_the_projects_and_may_be_another(tmp_path: Path) -> None:
    """`goldwire new en` says that this is no name, and takes one."""
    folder = tmp_path / "en"
    done = CliRunner().invoke(cli, ["new", str(folder), "--language", "en"])
    assert "GW361" in str(done.exception) and not folder.exists()
    assert CliRunner().invoke(cli, ["new", str(folder), "--name", "Kelmouth"]).exit_code == 0
    assert load_project(folder).name == "Kelmouth"


def test_a_language_without_words_of_its_own_gets_english_and_it_is_said_once(tmp_path: Path) -> None:
    """By `new`, `render` and nobody else; a language that has them is not spoken of."""
    told = "the words around your labels are English"
    for language, times in (("pt", 1), ("es", 0)):
        folder = str(tmp_path / f"port-{language}")
        done = CliRunner().invoke(cli, ["new", folder, "--language", language])
        assert done.output.count(told) == times
        assert CliRunner().invoke(cli, ["schema", "render", "--project", folder]).output.count(told) == times


PIPELINE = """
import json, sys
import numpy, spacy
from pathlib import Path
nlp = spacy.blank("de")
nlp.vocab.reset_vectors(shape=(3, 4))
for word in ("Hafen", "Fähre", "Streik"):
    nlp.vocab.set_vector(word, numpy.ones(4, "f"))
nlp.meta.update(name="port_md", version="1.0.0")
package = Path(sys.argv[1], "de_port_md")
package.mkdir(parents=True)
nlp.to_disk(package / "de_port_md-1.0.0")
(package / "meta.json").write_text(json.dumps(nlp.meta))
(package / "__init__.py").write_text("")
info = Path(sys.argv[1], "de_port_md-1.0.0.dist-info")
info.mkdir()
(info / "METADATA").write_text("Metadata-Version: 2.1\\nName: de_port_md\\nVersion: 1.0.0\\n")
(info / "entry_points.txt").write_text("[spacy_models]\\nde_port_md = de_port_md\\n")
"""


@pytest.mark.slow
def test_vectors_of_an_installed_pipeline_are_found_and_told(tmp_path: Path) -> None:
    """Of that language, by what is installed and not by a name; its recogniser has not our shape."""
    subprocess.run([sys.executable, "-c", PIPELINE, str(tmp_path / "site")], check=True)
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    for language, start in (("de", 'vectors = "de_port_md"\n'), ("es", "vectors = null\n")):
        words = [sys.executable, "-m", "goldwire", "new", f"port-{language}", "--language", language]
        done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        config = (tmp_path / f"port-{language}/train/ner.cfg").read_text(encoding="utf-8")
        assert start in config and "source = null\n" in config
        assert f"include_static_vectors = {'true' if language == 'de' else 'false'}\n" in config
    assert "python -m spacy download es_core_news_md" in done.stderr


def test_the_way_to_vectors_is_named_for_those_that_spacy_gives_away() -> None:
    """Never by pip: under these names the package index holds strangers' packages."""
    assert "python -m spacy download zh_core_web_md" in str(StartingPoint("zh"))
    assert "spacy download" not in str(StartingPoint("ar"))
    assert " pip " not in str(StartingPoint("en"))


def test_json_says_what_was_made(tmp_path: Path) -> None:
    """Where it is, and from which template and language."""
    file = tmp_path / "made.json"
    words = ["new", str(tmp_path / "port"), "--language", "spa", "--template", "ner", "--json", str(file)]
    assert CliRunner().invoke(cli, words).exit_code == 0
    made = json.loads(file.read_text())
    assert (made["language"], made["template"], made["vectors"]) == ("es", "ner", "")
