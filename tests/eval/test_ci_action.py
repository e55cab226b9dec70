"""The reusable action: its steps are what the command line understands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.eval.test_gate import left_by_train

ROOT = Path(__file__).parents[2]


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


@pytest.mark.skipif(shutil.which("bash") is None, reason="the action's scripts are bash")
def test_the_gate_step_runs(tmp_path: Path) -> None:
    """Passed, failed and refused end the step with 0, 1 and 2, and tell the job what came out."""
    mini = ROOT / "tests/data/mini"
    project = tmp_path / "project"
    for part in ("goldwire.toml", "schemas/mini.yaml"):
        (project / part).parent.mkdir(parents=True, exist_ok=True)
        (project / part).write_bytes((mini / part).read_bytes())
    reports = project / "eval/reports/ner"
    reports.mkdir(parents=True)
    left_by_train(reports, found=4)
    goldwire = [sys.executable, "-m", "goldwire", "eval", "gate", "--project", str(project)]
    subprocess.run([*goldwire, "--update"], check=True, capture_output=True)
    outcomes = []
    runs: list[dict[str, Any]] = [{"found": 4}, {"found": 3}, {"found": 4, "content": "e" * 64}]
    for number, options in enumerate(runs):
        left_by_train(reports, **options)
        out = tmp_path / f"out{number}"
        told = tmp_path / f"told{number}"
        told.touch()
        env = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PROJECT": str(project),
            "FLOOR": "0.5" if number == 0 else "",
            "TOLERANCE": "0.02",
            "OUT": str(out),
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
    assert outcomes == [(0, ["passed=true"]), (1, ["passed=false"]), (2, [])]
    assert {path.name for path in (tmp_path / "out0").iterdir()} == {
        "summary.md",
        "comment.md",
        "junit.xml",
        "badge.json",
        "gate.json",
    }
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").count("### ") == 2


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
    script = '#!/bin/sh\n[ -s "$WRITTEN" ] || exit 2\ncp "$WRITTEN" "$OUT/gate.json"\n'
    fake.write_text(script, encoding="utf-8")
    fake.chmod(0o755)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", steps()["Gate"]["run"]],
        env={
            "PATH": os.pathsep.join((str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"])),
            "PROJECT": ".",
            "FLOOR": "",
            "TOLERANCE": "0.02",
            "OUT": str(out),
            "GITHUB_OUTPUT": str(output),
            "WRITTEN": str(tmp_path / "written"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if written else 2), done.stderr
    assert output.read_text(encoding="utf-8") == told
