"""The whole loop without a server, in languages of several scripts: files to a scored model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from goldwire.cli.main import cli
from goldwire.errors import GoldwireError
from goldwire.pipelines import blank_pipeline
from goldwire.project import load_project
from tests.cli.terminal import called

#: For each language some texts, each with what is marked in it: label and words.
TEXTS: dict[str, list[tuple[str, dict[str, str]]]] = {
    "en": [
        ("The harbour of Kelmouth reopened on Monday. Mayor Ada Brent thanked the Coast Guard.",
         {"Kelmouth": "LOC", "Ada Brent": "PER", "Coast Guard": "ORG"}),
        ("Dockers in Port Salt will stop work on Friday. Northsea Lines did not comment.",
         {"Port Salt": "LOC", "Northsea Lines": "ORG"}),
        ("Ada Brent opened the new bridge. Northsea Lines had opposed it.",
         {"Ada Brent": "PER", "Northsea Lines": "ORG"}),
    ],
    "deu": [
        ("Der Hafen von Nordwiek öffnete wieder. Bürgermeisterin Ada Brendt dankte der Küstenwache.",
         {"Nordwiek": "LOC", "Ada Brendt": "PER", "Küstenwache": "ORG"}),
        ("Die Hafenarbeiter in Salzhafen legen am Freitag die Arbeit nieder. Die Nordseereederei schwieg.",
         {"Salzhafen": "LOC", "Nordseereederei": "ORG"}),
        ("Ada Brendt eröffnete die neue Brücke. Die Nordseereederei war dagegen.",
         {"Ada Brendt": "PER", "Nordseereederei": "ORG"}),
    ],
    "es": [
        ("El puerto de Boca Clara reabrió. La alcaldesa Ada Brena dio las gracias a la Guardia Costera.",
         {"Boca Clara": "LOC", "Ada Brena": "PER", "Guardia Costera": "ORG"}),
        ("Los estibadores de Puerto Sal pararán el viernes. Líneas del Norte no hizo comentarios.",
         {"Puerto Sal": "LOC", "Líneas del Norte": "ORG"}),
        ("Ada Brena inauguró el nuevo puente. Líneas del Norte se había opuesto.",
         {"Ada Brena": "PER", "Líneas del Norte": "ORG"}),
    ],
    "ar": [
        ("أعيد فتح ميناء بحر الرمل يوم الاثنين. وشكرت العمدة آدا برنت خفر السواحل.",
         {"بحر الرمل": "LOC", "آدا برنت": "PER", "خفر السواحل": "ORG"}),
        ("سيتوقف عمال ميناء الملح عن العمل يوم الجمعة. ولم تعلق خطوط الشمال.",
         {"ميناء الملح": "LOC", "خطوط الشمال": "ORG"}),
        ("افتتحت آدا برنت الجسر الجديد. وكانت خطوط الشمال قد عارضته.",
         {"آدا برنت": "PER", "خطوط الشمال": "ORG"}),
    ],
    "zh": [
        ("凯尔茅斯港口周一重新开放。市长艾达布伦特感谢海岸警卫队。",
         {"凯尔茅斯": "LOC", "艾达布伦特": "PER", "海岸警卫队": "ORG"}),
        ("盐港的码头工人周五将停止工作。北海航运公司未作评论。", {"盐港": "LOC", "北海航运公司": "ORG"}),
        ("艾达布伦特为新桥剪彩。北海航运公司曾表示反对。", {"艾达布伦特": "PER", "北海航运公司": "ORG"}),
    ],
    "jpn": [
        ("ケルマスの港が月曜日に再開した。市長のエイダ・ブレントは沿岸警備隊に感謝した。",
         {"ケルマス": "LOC", "エイダ・ブレント": "PER", "沿岸警備隊": "ORG"}),
        ("塩港の港湾労働者は金曜日に仕事を止める。北海海運は何も述べなかった。",
         {"塩港": "LOC", "北海海運": "ORG"}),
        ("エイダ・ブレントが新しい橋を開いた。北海海運は反対していた。",
         {"エイダ・ブレント": "PER", "北海海運": "ORG"}),
    ],
}  # fmt: skip


def goldwire(folder: Path, *words: str, blocked: str = "") -> subprocess.CompletedProcess[str]:
    """Run it there; `blocked` is a package that is as if it were not installed, in a process of its own."""
    if not blocked:
        return called(*words, cwd=folder, env={"NO_COLOR": "1"})
    code = f"import sys; sys.modules[{blocked!r}] = None\nfrom goldwire.cli.main import main\nmain()"
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"}
    )


@pytest.mark.slow
@pytest.mark.parametrize("language", TEXTS)
def test_files_become_a_scored_model(language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New project, articles in, annotations loaded, checked, built, trained, scored: no fault on the way, no
    span lost, none said to be inside a word."""
    monkeypatch.chdir(tmp_path)
    texts, project = tmp_path / "texts", tmp_path / "port"
    texts.mkdir()
    for number, (text, _) in enumerate(TEXTS[language]):
        (texts / f"port-{number}.txt").write_text(text, encoding="utf-8")
    with (tmp_path / "marked.jsonl").open("w", encoding="utf-8") as lines:
        for number, (text, marked) in enumerate(TEXTS[language]):
            spans = [
                {"id": f"s{n}", "layer": "entity", "label": label, "start": text.index(words),
                 "end": text.index(words) + len(words)}
                for n, (words, label) in enumerate(marked.items())
            ]  # fmt: skip
            made = {"annotator": "anna", "status": "submitted", "provenance": {"kind": "human"}}
            annotations = [{**made, "schema": "port@1.0", "spans": spans}]
            line = {"id": f"port-{number}", "text": text, "annotations": annotations}
            lines.write(json.dumps(line) + "\n")
    for words in (
        ["new", str(project), "--language", language, "--template", "ner"],
        ["seeds", "add", str(texts), "--project", str(project)],
        ["corpus", "convert", "marked.jsonl", str(project), "--from", "jsonl", "--to", "store"],
        ["corpus", "check", "--project", str(project)],
        ["corpus", "build", "--project", str(project), "--json", "built.json"],
        ["train", "ner", "--project", str(project), "--resamples", "20", "--processes", "1",
         "--json", "run.json", "--", "--training.max_epochs", "2"],
    ):  # fmt: skip
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, f"{words}\n{done.output}\n{done.exception}"
    count = sum(len(marked) for _, marked in TEXTS[language])
    figures = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    micro = figures["layers"]["entity"]["exact"]["micro"]
    assert micro["tp"] + micro["fn"] == count
    assert (project / "eval/reports/ner/report.html").is_file() and (project / "train/models/ner").is_dir()


@pytest.mark.slow
def test_a_right_to_left_language_is_shown_so(tmp_path: Path) -> None:
    """In Label Studio the text runs from the right; for others nothing is said of it."""
    for language, right in (("ar", True), ("he", True), ("de", False), ("zh", False)):
        folder = tmp_path / f"port-{language}"
        assert goldwire(tmp_path, "new", str(folder), "--language", language).returncode == 0
        config = ET.parse(load_project(folder).annotate / "label_config.xml")
        assert ("direction: rtl" in str(config.findtext("Style"))) is right


@pytest.mark.parametrize(("language", "package"), [("th", "pythainlp"), ("vi", "pyvi"), ("ko", "natto-py")])
def test_what_a_language_needs_is_named(language: str, package: str) -> None:
    """Where spaCy cuts words with a package that goldwire does not bring, the error says what to install."""
    if find_spec({"natto-py": "natto"}.get(package, package)) is not None:
        blank_pipeline(language)
        return
    with pytest.raises(GoldwireError, match=f"GW700 .*`{language}`.*{package}, "):
        blank_pipeline(language)


@pytest.mark.slow
def test_a_tokenizer_that_is_not_installed_is_told(tmp_path: Path) -> None:
    """By `new`, which goes on, and by what can't go on without it, with the way to have it."""
    folder = tmp_path / "port"
    made = goldwire(tmp_path, "new", str(folder), "--language", "ja", blocked="sudachipy")
    assert made.returncode == 0 and "GW700" in made.stderr and "install.sh ja" in made.stderr
    (tmp_path / "a.txt").write_text("港が再開した。", encoding="utf-8")
    assert goldwire(tmp_path, "seeds", "add", "a.txt", "--project", str(folder)).returncode == 0
    span = {"id": "s", "layer": "entity", "label": "LOC", "start": 0, "end": 1}
    annotation = {"annotator": "anna", "schema": "port@1.0", "status": "submitted", "spans": [span]}
    line = {"id": "a", "text": "港が再開した。", "annotations": [annotation]}
    (tmp_path / "a.jsonl").write_text(json.dumps(line), encoding="utf-8")
    words = ["corpus", "convert", "a.jsonl", str(folder), "--from", "jsonl", "--to", "store"]
    assert goldwire(tmp_path, *words).returncode == 0
    built = goldwire(tmp_path, "corpus", "build", "--project", str(folder), blocked="sudachipy")
    assert built.returncode == 2 and "GW700" in built.stderr and "Traceback" not in built.stderr
