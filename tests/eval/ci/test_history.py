"""F1 over the corpus's versions, as git remembers it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree as XML

import pytest

from goldwire.errors import GoldwireError
from goldwire.eval.ci.baseline import write_baseline
from goldwire.eval.ci.history import drawing, history, page
from goldwire.html.charts import Point, line
from tests.eval.ci.test_gate import as_baseline
from tests.eval.test_cli import run


def git(folder: Path, *arguments: str) -> None:
    """Run git with a name and a date of its own."""
    names = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    config = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(
        ["git", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
        env={**os.environ, **names, **config},
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A project below the top of a repository, with three committed baselines, one of another form."""
    root = tmp_path / "repo"
    project = root / "work"
    (project / "eval").mkdir(parents=True)
    mini = Path(__file__).parents[2] / "data/mini"
    for part in ("goldwire.toml", "schemas/mini.yaml"):
        (project / part).parent.mkdir(parents=True, exist_ok=True)
        (project / part).write_bytes((mini / part).read_bytes())
    git(tmp_path, "init", "-q", "repo")
    path = project / "eval/baseline.json"
    for found, content in ((2, "a" * 64), (None, ""), (3, "a" * 64), (4, "b" * 64)):
        if found is None:
            path.write_text("{}", encoding="utf-8")
        else:
            write_baseline(path, as_baseline(tmp_path / "run", found=found, content=content))
        git(root, "add", "-A")
        git(root, "commit", "-qm", str(found))
    return project


def test_every_committed_baseline_is_a_step(repository: Path) -> None:
    """From the oldest to the newest, with commits; what is of another form is counted, not lost."""
    found = history(repository / "eval/baseline.json")
    f1 = [step.baseline.f1 for step in found.steps]
    assert f1 == pytest.approx([2 / 3, 6 / 7, 1])
    assert len(found.unreadable) == 1
    assert all(len(step.commit) == 40 and step.date[:2] == "20" for step in found.steps)


def test_what_is_not_committed_yet_is_the_last_step(repository: Path, tmp_path: Path) -> None:
    """A baseline that differs from the last commit is shown, and marked."""
    path = repository / "eval/baseline.json"
    write_baseline(path, as_baseline(tmp_path / "run", found=1))
    last = history(path).steps[-1]
    assert (last.commit, last.row()[1]) == ("", "not yet")
    assert last.baseline.f1 == pytest.approx(0.4)


def test_outside_git_a_plain_error(tmp_path: Path) -> None:
    """No repository, no baseline: a code and what to do, no traceback."""
    with pytest.raises(GoldwireError, match="GW540"):
        history(tmp_path / "eval/baseline.json")
    git(tmp_path, "init", "-q", "empty")
    with pytest.raises(GoldwireError, match=r"GW541.*--update"):
        history(tmp_path / "empty/baseline.json")


def test_the_drawing_breaks_where_the_corpus_changes(repository: Path) -> None:
    """Points of one corpus are joined, those of two are not; the SVG is well-formed."""
    steps = history(repository / "eval/baseline.json").steps
    svg = XML.fromstring(drawing(steps))
    space = "{http://www.w3.org/2000/svg}"
    assert len(svg.findall(f".//{space}circle")) == 3
    (joined,) = svg.findall(f".//{space}polyline")
    assert len((joined.get("points") or "").split()) == 2
    assert any("dasharray" in (mark.get("style") or "") for mark in svg.findall(f".//{space}line"))


def test_the_page_needs_nothing_from_elsewhere(repository: Path) -> None:
    """Title and status are on the page as text, the figures as a table, no address of another place."""
    html = page(history(repository / "eval/baseline.json"), "Tout <b>")
    assert "Tout &lt;b&gt;" in html
    assert "reference: draft" in html
    assert "baselines are of another form: 1 commit." in html
    assert "src=" not in html
    assert "://" not in html.replace("http://www.w3.org/2000/svg", "")


def test_a_line_of_any_length_can_be_drawn() -> None:
    """None, one and many points, some undefined: names are thinned out, text is escaped."""
    for size in (0, 1, 3, 200):
        points = [Point(f"<{n}>", None if n == 1 else n / 200, 0.1, 0.9) for n in range(size)]
        svg = XML.fromstring(line(points, "<title>"))
        circles = [mark for mark in svg.iter() if mark.tag.endswith("circle")]
        assert len(circles) == size - (size > 1)
        assert (
            sum((mark.text or "").startswith("<") for mark in svg.iter() if mark.tag.endswith("}text")) <= 9
        )


def test_history_on_the_command_line(repository: Path, tmp_path: Path) -> None:
    """A table, JSON, a page or a figure; another ending is refused before anything is written."""
    here = ("history", "--project", repository)
    done = run(*here, "--json", tmp_path / "h.json", "--out", tmp_path / "h.html")
    assert done.stdout.count("draft") == 3
    assert "another form" in done.stderr
    assert len(json.loads((tmp_path / "h.json").read_text(encoding="utf-8"))["steps"]) == 3
    assert (tmp_path / "h.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    run(*here, "--out", tmp_path / "h.svg", "--csv", tmp_path / "h.csv", "--latex", tmp_path / "h.tex")
    assert (tmp_path / "h.csv").read_text(encoding="utf-8").count("\n") == 1 + 3
    assert (tmp_path / "h.tex").read_text(encoding="utf-8").count("\\\\\n") == 1 + 3
    XML.fromstring((tmp_path / "h.svg").read_text(encoding="utf-8"))
    run(*here, "--out", tmp_path / "h.png", code=2)
    assert not (tmp_path / "h.png").exists()
