"""The reusable action: its steps are what the command line understands."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import structs

from goldwire.annotations.store import write_annotation
from goldwire.eval.ci.baseline import write_baseline
from goldwire.eval.ci.measure import measure
from goldwire.model import Article
from goldwire.project import Project, load_project
from goldwire.seeds import load_seeds
from tests.cli.terminal import called
from tests.eval.ci.test_gate import left_by_train
from tests.train.conftest import TINY
from tests.train.conftest import article as tiny_article

#: The schema of the articles that train in seconds.
SCHEMA = """
name: tiny
version: "1"
title: Tiny
language: fr
layers:
  thing:
    title: Things
    labels:
      WHO: {name: who, definition: A person., color: "#0072B2", hotkey: w}
      WHERE: {name: where, definition: A town., color: "#D55E00", hotkey: t}
"""

ROOT = Path(__file__).parents[3]


def load(path: str) -> Any:
    """A YAML file of the repository."""
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def steps() -> dict[str, Any]:
    """The steps of the action that run something, by name."""
    return {step["name"]: step for step in load("action.yml")["runs"]["steps"] if "run" in step}


def test_inputs_are_used_and_reach_scripts_as_variables_only() -> None:
    """Every input is read somewhere; no script holds an expression, through which an input could be run."""
    action = load("action.yml")
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for name in action["inputs"]:
        assert re.search(r"\$\{\{ inputs\." + re.escape(name) + r" \}\}", text), name
    for step in steps().values():
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"
        done = subprocess.run(["bash", "-n"], input=step["run"], text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_workflow_gives_the_action_what_it_knows() -> None:
    """The repository's own workflow names inputs that exist, and has no more rights than reading."""
    workflow = load(".github/workflows/ci.yml")
    assert workflow["permissions"] == {"contents": "read"}
    known = load("action.yml")["inputs"]
    uses = [step for job in workflow["jobs"].values() for step in job["steps"] if step.get("uses") == "./"]
    assert uses
    for step in uses:
        assert set(step.get("with", {})) <= set(known)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="the action's scripts are bash")
def test_the_gate_step_runs(tmp_path: Path) -> None:
    """Passed, failed and refused end the step with 0, 1 and 2, and tell the job what came out; what could
    not be compared ends with 0 and tells neither."""
    mini = ROOT / "tests/data/mini"
    project = tmp_path / "project"
    for part in ("goldwire.toml", "schemas/mini.yaml"):
        (project / part).parent.mkdir(parents=True, exist_ok=True)
        (project / part).write_bytes((mini / part).read_bytes())
    reports = project / "eval/reports/ner"
    reports.mkdir(parents=True)
    left_by_train(reports, found=4)
    assert called("eval", "gate", "--project", project, "--update").returncode == 0
    outcomes = []
    runs: list[dict[str, Any]] = [
        {"found": 4},
        {"found": 3},
        {"found": 4, "documents": 4},
        {"found": 1, "documents": 7, "content": "e" * 64},
    ]
    for number, options in enumerate(runs):
        left_by_train(reports, **options)
        out = tmp_path / f"out{number}"
        told = tmp_path / f"told{number}"
        told.touch()
        env = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HERE": str(ROOT),
            "GOLDWIRE_PROJECT": str(project),
            "GOLDWIRE_FLOOR": "0.5" if number == 0 else "",
            "GOLDWIRE_TOLERANCE": "0.02",
            "GOLDWIRE_OUT": str(out),
            "GITHUB_OUTPUT": str(told),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        }
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", steps()["Gate"]["run"]],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        outcomes.append((done.returncode, told.read_text(encoding="utf-8").splitlines()[:1]))
    assert outcomes == [(0, ["passed=true"]), (1, ["passed=false"]), (2, []), (0, ["passed="])]
    assert {path.name for path in (tmp_path / "out0").iterdir()} == {
        "summary.md",
        "comment.md",
        "junit.xml",
        "badge.json",
        "gate.json",
    }
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").count("### ") == 4


@pytest.mark.skipif(shutil.which("bash") is None, reason="the action's scripts are bash")
@pytest.mark.parametrize(
    ("written", "told"), [("", ""), ('{"passed": true, "f1": null}', "passed=true\nf1=\n")]
)
def test_the_gate_step_tells_of_this_run_only(tmp_path: Path, written: str, told: str) -> None:
    """What an earlier use left is not reported again; an undefined F1 is empty."""
    out, output = tmp_path / "out", tmp_path / "told"
    out.mkdir()
    (out / "gate.json").write_text('{"passed": true, "f1": 0.9}', encoding="utf-8")
    output.touch()
    (tmp_path / "written").write_text(written, encoding="utf-8")
    fake = tmp_path / "goldwire"
    script = '#!/bin/sh\n[ -s "$WRITTEN" ] || exit 2\ncp "$WRITTEN" "$GOLDWIRE_OUT/gate.json"\n'
    fake.write_text(script, encoding="utf-8")
    fake.chmod(0o755)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", steps()["Gate"]["run"]],
        env={
            "PATH": os.pathsep.join((str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"])),
            "HERE": str(ROOT),
            "GOLDWIRE_OUT": str(out),
            "GITHUB_OUTPUT": str(output),
            "WRITTEN": str(tmp_path / "written"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if written else 2), done.stderr
    assert output.read_text(encoding="utf-8") == told


#: What a pull request may bring that Python would import from the working folder: each says that it ran.
HOSTILE = (
    "sitecustomize.py",
    "usercustomize.py",
    *(f"{name}.py" for name in ("json", "re", "pickle", "signal", "click", "spacy", "numpy", "msgspec")),
    *(
        f"{package}/{part}.py"
        for package in ("pip", "goldwire", "multiprocessing", "concurrent", "rich")
        for part in ("__init__", "__main__")
    ),
)


def hostile(folder: Path) -> Path:
    """Modules in the folder that claim a pass and leave a mark when they are imported; the mark's place."""
    mark = folder.with_name("imported")
    code = f"open({str(mark)!r}, 'a').write(__file__ + '\\n')\nprint('passed=true')\n"
    for name in HOSTILE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(code, encoding="utf-8")
    return mark


def in_workspace(name: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run one of the action's scripts as GitHub does: bash, in the workspace, with its own variables."""
    bin_folder = str(Path(sys.executable).parent)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps()[name]["run"]],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": ".",
            "HERE": str(ROOT),
            "GOLDWIRE_PROJECT": ".",
            "PROJECT": ".",
            **env,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="the action's scripts are bash")
def test_nothing_is_imported_from_the_pull_request(tmp_path: Path) -> None:
    """Every step runs in a folder full of modules named like those that it needs, and none of them runs."""
    folder = tmp_path / "workspace"
    project = tiny_project(folder)
    mark = hostile(folder)
    told = tmp_path / "told"
    told.touch()
    wheel = empty_wheel(tmp_path / "nothing-1-py3-none-any.whl")
    target = tmp_path / "installed"
    scripts = [
        ("What is installed", {"WANTED": str(wheel), "GITHUB_OUTPUT": str(told)}),
        ("Install goldwire", {"GOLDWIRE": str(wheel), "PIP_NO_INDEX": "1", "PIP_TARGET": str(target)}),
        ("Check the annotations", {"GOLDWIRE_CHECK": "curated"}),
        ("Train and score", {"GOLDWIRE_TRAIN": "ner"}),
    ]
    for name, env in scripts:
        done = in_workspace(name, folder, **env)
        assert done.returncode == 0, (name, done.stderr)
    assert (target / "nothing.py").is_file()
    scores = project.reports / "ner/scores.json"
    write_baseline(project.eval / "baseline.json", measure(scores)[0].as_baseline)
    gate = {
        "GOLDWIRE_FLOOR": "1",
        "GOLDWIRE_TOLERANCE": "0.02",
        "GOLDWIRE_OUT": "out",
        "GITHUB_OUTPUT": str(told),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    done = in_workspace("Gate", folder, **gate)
    assert done.returncode == 1, done.stderr
    key, *outputs = told.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"key=[0-9a-f]{32}", key)
    assert outputs[0] == "passed=false"
    assert outputs[1].startswith("f1=")
    event = {"COMMENT": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": "", "GOLDWIRE_OUT": "out"}
    done = in_workspace("Comment", folder, **event)
    assert (done.returncode, done.stderr.count("no pull or merge request here")) == (0, 1)
    assert not mark.exists(), mark.read_text(encoding="utf-8")


def tiny_project(folder: Path) -> Project:
    """A project of three articles and a config that trains in seconds."""
    (folder / "seeds").mkdir(parents=True)
    (folder / "goldwire.toml").write_text(
        '[project]\nname = "tiny"\nlanguage = "fr"\nschema = "schemas/tiny.yaml"\n[train]\nlayer = "thing"\n',
        encoding="utf-8",
    )
    (folder / "schemas").mkdir()
    (folder / "schemas/tiny.yaml").write_text(SCHEMA, encoding="utf-8")
    (folder / "train").mkdir()
    (folder / "train/ner.cfg").write_text(TINY, encoding="utf-8")
    articles = [unlike_the_others(tiny_article(number), number) for number in range(3)]
    lines = [json.dumps({"id": a.document.id, "text": a.document.text}) for a in articles]
    (folder / "seeds/articles.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    project = load_project(folder)
    documents = {document.id: document for document in load_seeds(project)}
    for found in articles:
        assert documents[found.document.id].text == found.document.text
        for annotation in found.annotations:
            write_annotation(project, annotation)
    return project


def unlike_the_others(found: Article, number: int) -> Article:
    """The article with words of its own at its end: what is nearly the same is never parted by folds."""
    words = " ".join(f"mot{number}{letter}{other}" for letter in "abcdefgh" for other in "ijklmnop")
    return Article(
        structs.replace(found.document, text=f"{found.document.text}\n{words}.\n"), found.annotations
    )


def empty_wheel(path: Path) -> Path:
    """A wheel with one module, which needs no index to be installed."""
    about = "nothing-1.dist-info"
    files = ["nothing.py", *(f"{about}/{name}" for name in ("METADATA", "WHEEL", "RECORD"))]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("nothing.py", "")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: nothing\nVersion: 1\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "".join(f"{file},,\n" for file in files))
    return path


def test_every_action_that_is_used_is_named_by_its_commit() -> None:
    """A tag can be moved to other code, a commit can't; the tag stands beside it for people."""
    for path in ("action.yml", ".github/workflows/ci.yml"):
        for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
            if found := re.search(r"\buses: (\S+)(.*)", line):
                pinned = re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", found[1])
                assert found[1] == "./" or (pinned and re.fullmatch(r" # v\d+\.\d+\.\d+", found[2])), line
