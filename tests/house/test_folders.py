"""A folder is ours file by file: what its manifest lists is replaced, nothing else in it is ever removed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.folders import MANIFEST, replacing
from tests.examples import at_most

NAMES = st.sampled_from(["a", "b", "README.md", "deep/a", "deep/er/b", "other/c", "manifest", "ü n"])
FILES = st.dictionaries(NAMES, st.sampled_from(["one", "two", "three"]), max_size=5)


def fill(folder: Path, files: Mapping[str, str]) -> None:
    """Write these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def held(folder: Path) -> dict[str, str]:
    """The files of a folder but for the manifest."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def write(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write them as goldwire does; what was put aside."""
    aside: list[Path] = []
    with replacing(folder, MANIFEST, code="GW999", aside=aside) as new:
        fill(new, files)
    return aside


@settings(max_examples=at_most(60), deadline=None)
@given(first=FILES, foreign=FILES, edited=FILES, second=FILES)
def test_nothing_but_what_was_listed_is_ever_removed(
    first: dict[str, str], foreign: dict[str, str], edited: dict[str, str], second: dict[str, str]
) -> None:
    """Whatever was written, edited and put beside it: what somebody else wrote is there afterwards."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "out"
        write(folder, first)
        foreign = {name: text for name, text in foreign.items() if name not in first}
        edited = {name: f"{text} edited" for name, text in edited.items() if name in first}
        fill(folder, {**foreign, **edited})
        before = held(folder)
        blocked = {name for name in second if name in foreign and foreign[name] != second[name]}
        if blocked:
            with pytest.raises(GoldwireError, match="in the way") as caught:
                write(folder, second)
            assert {fault.where for fault in caught.value.faults} == {
                str(folder.resolve() / name) for name in blocked
            }
            assert held(folder) == before
            return
        aside = write(folder, second)
        after = held(folder)
        assert {name: after[name] for name in second} == second
        assert foreign.items() <= after.items()
        kept = {name: text for name, text in edited.items() if name not in second}
        assert kept.items() <= after.items()
        lost = sorted(text for name, text in edited.items() if name in second)
        assert sorted(path.read_text(encoding="utf-8") for path in aside) == lost
        names = {*second, *foreign, *kept, *(p.relative_to(folder.resolve()).as_posix() for p in aside)}
        assert set(after) == names
        assert [path.name for path in Path(scratch).iterdir()] == ["out"]


def test_a_manifest_can_not_name_what_lies_outside(tmp_path: Path) -> None:
    """Paths that climb out of the folder, absolute ones, and links to elsewhere are never removed."""
    from goldwire.files import sha256

    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/thesis.txt").write_text("mine")
    out = tmp_path / "out"
    write(out, {"a": "one"})
    (out / "link").symlink_to(tmp_path / "outside")
    names = ["../outside/thesis.txt", str(tmp_path / "outside/thesis.txt"), "link/thesis.txt", "link"]
    listed = {name: {"sha256": sha256("mine")} for name in names}
    (out / MANIFEST).write_text(json.dumps({"files": listed}))
    write(out, {"b": "two"})
    assert (tmp_path / "outside/thesis.txt").read_text() == "mine"
    assert (out / "link").is_symlink()
    assert (out / "a").read_text() == "one"


@pytest.mark.parametrize("content", ["", "[1", "[1]", "{}", '{"files": 3}', '{"files": {"a": 3}}'])
def test_a_manifest_of_somebody_else_lists_nothing(tmp_path: Path, content: str) -> None:
    """A file of that name with another content is in the way, and stays."""
    fill(tmp_path, {MANIFEST: content, "a": "mine"})
    with pytest.raises(GoldwireError, match=f"{MANIFEST}: is in the way"):
        write(tmp_path, {"b": "two"})
    assert (tmp_path / MANIFEST).read_text() == content
    assert held(tmp_path) == {"a": "mine"}


@pytest.mark.parametrize("moves", [1, 2, 3])
def test_a_run_killed_while_it_moves_files_in_is_finished_by_the_next(tmp_path: Path, moves: int) -> None:
    """Whatever was moved when it was killed: the next run knows it for its own, and leaves nothing over."""
    out = tmp_path / "out"
    write(out, {"a": "one", "b": "one", "gone": "one"})
    fill(out, {"notes": "mine"})
    code = (
        "import os, sys; from pathlib import Path; from goldwire.folders import MANIFEST, replacing\n"
        "done, real = [0], Path.replace\n"
        "def replace(path, target):\n"
        "    if Path(target).parent == Path(sys.argv[1]) and not str(target).endswith('.part'):\n"
        "        done[0] += 1\n"
        "        if done[0] == int(sys.argv[2]): os.kill(os.getpid(), 9)\n"
        "    return real(path, target)\n"
        "Path.replace = replace\n"
        "with replacing(Path(sys.argv[1]), MANIFEST, code='GW999') as new:\n"
        "    for name in ('a', 'b'): (new / name).write_text('two')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(out.resolve()), str(moves)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert write(out, {"a": "three", "b": "three"}) == []
    assert held(out) == {"a": "three", "b": "three", "notes": "mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
