"""What killed runs left is removed by the next run that writes; what is under way never is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from goldwire.files import write_text
from goldwire.leftovers import begin_command, part_file, part_folder, remove_leftovers, scratch
from goldwire.project import copy_example
from tests.cli.terminal import called
from tests.corpus.mini import mini_project

DEAD = "4194999"


def leave(place: Path, process: str = DEAD, *, folder: bool = True) -> list[Path]:
    """A file and a folder as a writer of that number would have left them."""
    place.mkdir(parents=True, exist_ok=True)
    file, made = place / f".soup.json.{process}-abcdefgh.part", place / f".out.{process}-abcdefgh.part"
    file.write_text("half")
    if not folder:
        return [file]
    (made / "new").mkdir(parents=True)
    (made / "new/x").write_text("half")
    return [file, made]


@contextmanager
def writer(target: Path, *, folder: bool) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that is writing, and what it has under way."""
    code = (
        "import sys, time; from pathlib import Path; from goldwire.leftovers import part_file, part_folder\n"
        "target = Path(sys.argv[1])\n"
        f"held = {'part_folder(target)' if folder else 'part_file(target)'}\n"
        f"print({'held.__enter__()' if folder else 'held[1]'}, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.mark.parametrize("looked_at", [True, False])
@pytest.mark.parametrize("folder", [False, True])
def test_what_is_under_way_stays_until_its_writer_is_dead(
    tmp_path: Path, folder: bool, looked_at: bool
) -> None:
    """A living writer's is left alone; once it is killed the sweep takes it, also if no parent looked yet."""
    with writer(tmp_path / "x.json", folder=folder) as (process, part):
        assert remove_leftovers(tmp_path) == 0 and part.exists()
        process.kill()
        if looked_at:
            process.wait()
        else:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert remove_leftovers(tmp_path) == 1 and not part.exists()


@pytest.mark.parametrize("folder", [False, True])
def test_a_writer_whose_number_is_not_known_here_is_seen_by_its_lock(tmp_path: Path, folder: bool) -> None:
    """As in another container, on the same files: the number is nobody's, the lock is held."""
    with writer(tmp_path / "x.json", folder=folder) as (process, part):
        other = part.rename(part.with_name(part.name.replace(str(process.pid), DEAD)))
        assert remove_leftovers(tmp_path) == 0 and other.exists()


def test_a_number_that_is_used_again_saves_nobody(tmp_path: Path) -> None:
    """A file from long before the process that has its writer's number today is a leftover."""
    old, young = leave(tmp_path / "old", str(os.getpid())), leave(tmp_path / "young", str(os.getpid()))
    for path in old:
        os.utime(path, (time.time() - 10**6,) * 2)
    assert remove_leftovers(tmp_path) == 2
    assert not any(path.exists() for path in old) and all(path.exists() for path in young)


def test_what_only_looks_alike_stays(tmp_path: Path) -> None:
    """Files of other programs, git's own folder, and what a link leads to are left alone."""
    names = ["video.mp4.part", ".x.part", f".x.{DEAD}.part", f"x.{DEAD}-abcdefgh.part", f".x.{DEAD}-abc.part"]
    for name in names:
        (tmp_path / name).write_text("mine")
    inside = leave(tmp_path / ".git/objects")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/thesis.txt").write_text("mine")
    (tmp_path / f".out.{DEAD}-abcdefgh.part").symlink_to(tmp_path / "elsewhere")
    remove_leftovers(tmp_path)
    assert all((tmp_path / name).exists() for name in names) and all(path.exists() for path in inside)
    assert (tmp_path / "elsewhere/thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "command",
    [
        ("corpus", "build"),
        ("corpus", "split", "--test", "0.5"),
        ("schema", "render"),
        ("corpus", "browse", "--out", "site"),
        ("corpus", "stats", "--json", "stats.json"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_any_command_that_writes_takes_away_what_dead_ones_left(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Wherever it lies in the project: beside the dataset, in the store, in the project's own folder."""
    project = mini_project(tmp_path / "mini")
    left = [path for place in (project.root, project.corpus, project.models) for path in leave(place)]
    left += [leave(project.annotations / "anna", folder=False)[0], *leave(project.cache)]
    done = called(*command, cwd=project.root)
    assert done.returncode == 0, done.stderr
    assert [path for path in left if path.exists()] == []


@pytest.mark.slow
def test_a_killed_build_leaves_nothing_once_there_was_another(tmp_path: Path) -> None:
    """A real build, killed while it writes: its folder is there, named in .gitignore, and then gone."""
    project = mini_project(tmp_path / "mini")
    code = (
        "import os; from pathlib import Path; import goldwire.corpus.dataset.build as b\n"
        "b.write_card = lambda *a, **k: os.kill(os.getpid(), 9)\n"
        "from goldwire.corpus.corpus import load_corpus\nfrom goldwire.project import load_project\n"
        "b.build(load_corpus(load_project(Path.cwd())))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=project.root, check=False)
    [left] = project.root.glob(".corpus.*")
    (project.root / ".gitignore").write_text((copy_example(tmp_path / "new").root / ".gitignore").read_text())
    subprocess.run(["git", "init", "-q"], cwd=project.root, check=True)
    for name in (left.name, ".goldwire/x", "corpus/.goldwire-moving.part"):
        assert (
            subprocess.run(["git", "check-ignore", "-q", name], cwd=project.root, check=False).returncode == 0
        )
    assert called("corpus", "build", cwd=project.root).returncode == 0
    assert list(project.root.glob(".corpus.*")) == []


def test_a_sweep_goes_once_through_a_project_in_a_run(tmp_path: Path) -> None:
    """Writing a thousand files does not look through the project a thousand times."""
    project = mini_project(tmp_path / "mini")
    begin_command()
    write_text(project.root / "a.json", "x")
    left = leave(project.annotations)
    write_text(project.annotate / "b.json", "x")
    assert all(path.exists() for path in left)
    begin_command()
    write_text(project.annotate / "b.json", "x")
    assert not any(path.exists() for path in left)


def test_temporary_folders_go_with_their_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts that a killed run had among the system's temporary files do not stay there."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = leave(tmp_path)
    with scratch("x") as folder:
        assert folder.parent == tmp_path
        assert not any(path.exists() for path in left)
    assert list(tmp_path.iterdir()) == []


def test_long_names_are_cut(tmp_path: Path) -> None:
    """A name of 255 bytes, the most that file systems take, can be written."""
    name = "é" * 125 + ".json"
    handle, part = part_file(tmp_path / name)
    os.close(handle)
    part.unlink()
    write_text(tmp_path / name, "x")
    assert (tmp_path / name).read_text() == "x"
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    with part_folder(tmp_path / "x") as folder:
        assert folder.parent == tmp_path
