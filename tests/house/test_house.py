"""The house rules that a test can hold."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from goldwire.cli.main import COMMANDS
from goldwire.project import example_root, load_project
from goldwire.schemas import load_schema
from tests.cli.terminal import called
from tests.house.trees import in_one_process, nodes_of

SOURCE = Path(__file__).parents[2] / "src/goldwire"


def imported(path: Path) -> set[tuple[str, str]]:
    """Module and name of what a file imports from a room of goldwire's, types left aside."""
    names = {
        (node.module or "", alias.name)
        for node in nodes_of(path)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.islower()
    }
    rooms = ("annotations", "formats", "corpus", "eval", "train", "annotate")
    return {(module, name) for module, name in names if module.partition("goldwire.")[2].startswith(rooms)}


@in_one_process
def test_the_command_line_calls_the_api_and_not_what_that_calls() -> None:
    """What a function of the public API does, commands have it do: they import nothing that it calls."""
    below = set[tuple[str, str]]().union(*map(imported, SOURCE.glob("api/*.py")))
    assert ("goldwire.eval.ci.hold", "hold") in below
    bypassing = {
        (path.name, name)
        for path in SOURCE.glob("cli/**/*.py")
        for module, name in imported(path)
        if (module, name) in below
    }
    assert bypassing == set()


def test_the_drawing_of_the_rooms_is_that_of_the_code() -> None:
    """The picture in the docs is what the code gives: `python docs/tools/rooms.py` draws it anew."""
    spec = importlib.util.spec_from_file_location("rooms", SOURCE.parents[1] / "docs/tools/rooms.py")
    assert spec is not None and spec.loader is not None
    rooms = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rooms)
    assert rooms.PICTURE.read_text(encoding="utf-8") == rooms.drawing()


@in_one_process
def test_the_toolkit_holds_no_label_of_the_example_schema() -> None:
    """Labels come from a schema: none of the example's stands in the code as a string."""
    schema = load_schema(load_project(example_root()).schema_path)
    labels = {label for layer in schema.layers.values() for label in layer.labels}
    for path in SOURCE.rglob("*.py"):
        strings = {
            node.value
            for node in nodes_of(path)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not strings & labels, path


def test_codes_of_errors_are_used_for_one_thing_only() -> None:
    """A fault's code stands in one module, so that it can be looked up."""
    where: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        for code in re.findall(r'"(GW\d{3})"', path.read_text(encoding="utf-8")):
            where.setdefault(code, set()).add(path.name)
    shared = {code: names for code, names in where.items() if len(names) > 1}
    # Three things are met in several places: a missing file, one that can't be written, a broken stored one.
    assert set(shared) <= {"GW901", "GW904", "GW209"}


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_help_imports_nothing_heavy() -> None:
    """`goldwire --help` comes without spaCy, datasets, the SDK, numpy or rich."""
    code = (
        "import sys\nfrom goldwire.cli.main import main\nsys.argv = ['goldwire', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'spacy', 'datasets', 'label_studio_sdk', 'numpy', 'rich', 'sklearn', 'msgspec'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = run("-c", code)
    assert "eval" in done.stdout
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("group", sorted(COMMANDS))
def test_every_command_has_help(group: str) -> None:
    """Each command that the first help names answers to --help."""
    done = called(group, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout


def test_wrong_use_ends_with_two_and_no_traceback(tmp_path: Path) -> None:
    """Outside a project one plain line says what to do."""
    done = run("-m", "goldwire", "schema", "check", cwd=tmp_path)
    assert done.returncode == 2
    assert "GW910" in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@in_one_process
def test_no_test_uses_a_private_name_of_the_toolkit() -> None:
    """Tests and benchmarks ask for what is promised: no underscore of goldwire's, imported or patched."""
    tests = SOURCE.parents[1] / "tests"
    for path in tests.rglob("*.py"):
        imported = {
            alias.asname or alias.name: alias.name
            for node in nodes_of(path)
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "goldwire"
            for alias in node.names
        }
        private = {name for name in imported.values() if re.match("_[^_]", name)}
        for node in nodes_of(path):
            if isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr):
                if isinstance(node.value, ast.Name) and node.value.id in imported:
                    private.add(f"{node.value.id}.{node.attr}")
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("setattr", "delattr")
            ):
                told = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant)]
                owner = node.args[0].id if node.args and isinstance(node.args[0], ast.Name) else ""
                if owner in imported or str(told[0]).startswith("goldwire."):
                    private |= {name for name in map(str, told) if re.search(r"(^|\.)_[^_]", name)}
        assert not private, f"{path.relative_to(tests)} uses {private}"
