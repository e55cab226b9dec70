"""What `goldwire demo` learns and shows, without a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goldwire.cli.demo import learn
from goldwire.project import Project, load_project
from tests.train.conftest import TINY
from tests.train.run.test_sides import people


def quick(folder: Path, settings: str = "") -> Project:
    """The small project with sides, learned from once over, with these settings too."""
    project = people(folder)
    project.train.mkdir(exist_ok=True)
    for name in ("ner", "layers"):
        config = TINY.replace("max_epochs = 8", "max_epochs = 1")
        (project.train / f"{name}.cfg").write_text(config, encoding="utf-8")
    toml = project.root / "goldwire.toml"
    toml.write_text(f"{toml.read_text('utf-8')}\n{settings}", "utf-8")
    return load_project(project.root)


@pytest.mark.slow
def test_a_demo_with_a_test_side_shows_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """First what leaving out in turn comes to on the articles that goldwire.toml names, then the test side;
    the model and the report at the end are those of the test side."""
    project = quick(tmp_path, '[demo]\nleave_one_out = "a[01]"\n')
    page, figures = learn(project)
    out, err = capsys.readouterr()
    assert page == project.reports / "ner/report.html"
    assert figures["model"]["test"]["side"] == "test" and figures["model"]["data"]["documents"] == 3
    assert figures["leave_one_out"]["folds"] == [["a0"], ["a1"]]
    out = " ".join(out.split())
    assert out.index("2 articles, each unseen") < out.index("2 articles of the side test, each unseen")
    assert "on 3 articles, none of the test set; then without each of 2 articles" in " ".join(err.split())
    other = project.reports / "ner-leave-one-out"
    assert str(other / "report.html") in err
    assert json.loads((other / "scores.json").read_text("utf-8"))["corpus"]["only"] == ["a[01]"]
    assert "side test" in (project.models / "ner/README.md").read_text("utf-8")


@pytest.mark.slow
def test_a_demo_without_a_test_side_leaves_all_out_in_turn(tmp_path: Path) -> None:
    """What `[demo]` says is for a test side alone."""
    project = quick(tmp_path, '[demo]\nleave_one_out = "a[01]"\n')
    (project.corpus / "split.json").unlink()
    page, figures = learn(project)
    assert page == project.reports / "ner/report.html"
    assert set(figures) == {"dataset", "model"}
    assert sorted(figures["model"]["folds"]) == [[f"a{number}"] for number in range(5)]
