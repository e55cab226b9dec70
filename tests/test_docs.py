"""What README and docs tell people to type is run, in the order that it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from goldwire.project import copy_example

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> Iterator[str]:
    """The fenced blocks of one language in a page."""
    yield from re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


def commands(page: Path) -> list[str]:
    """The commands of a page's `sh` blocks, comments taken off, continued lines joined."""
    text = "\n".join(blocks(page, "sh")).replace("\\\n", " ")
    return [
        " ".join(shlex.split(line, comments=True))
        for line in text.splitlines()
        if shlex.split(line, comments=True)
    ]


@pytest.mark.live
@pytest.mark.slow
def test_the_commands_of_all_pages_work_in_a_fresh_project(tmp_path: Path) -> None:
    """Each goldwire command ends well, page after page, in one copy of the example; each make target exists.

    A model is trained the first time that a page asks for it; later pages find it there.
    """
    project = copy_example(tmp_path / "project")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    trained = False
    try:
        for command in (command for page in PAGES for command in commands(page)):
            words = shlex.split(command)
            if words[0] == "make":
                assert re.search(rf"^{words[1]}:", makefile, re.M), command
                continue
            assert words[0] == "goldwire", f"{command}: only goldwire and make are run"
            if words[1:3] == ["train", "ner"]:
                if trained:
                    continue
                trained = True
            done = subprocess.run(
                words, cwd=project.root, env=env, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    finally:
        stop = [sys.executable, "-m", "goldwire", "annotate", "serve", "--stop"]
        subprocess.run(stop, cwd=project.root, capture_output=True, check=False)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if list(blocks(page, "python"))], ids=lambda page: page.stem
)
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python blocks of a page run one after the other, beside the example's dataset."""
    (tmp_path / "corpus").symlink_to(ROOT / "corpus")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_and_pictures_of_a_page_exist(page: Path) -> None:
    """No relative link of README or docs leads nowhere."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
