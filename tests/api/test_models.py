"""Training from Python: planned, looked at, then done; a learning curve; an engine for archives."""

from __future__ import annotations

from pathlib import Path

import pytest

import goldwire
from tests.train.run.test_sides import people
from tests.train.test_demo import quick


def test_a_plan_says_what_would_be_learned_and_writes_nothing(tmp_path: Path) -> None:
    """From which articles, and where it goes; of one that is run nothing more can be asked."""
    project = people(tmp_path)
    planned = goldwire.plan_training(str(project.root), test="test")
    assert planned.data.layers == ("thing",) and planned.parts > 0
    assert repr(planned) == f"<RunPlan ner: thing from 3 articles, into {planned.out}>"
    assert not project.models.exists()
    with pytest.raises(goldwire.TrainError, match=r"GW728 .*`folds`"):
        goldwire.train_model(planned, folds=3)
    curve = goldwire.plan_curve(data=tmp_path / "data.jsonl", steps=[1, 2], repeats=2)
    assert curve.sizes == (1, 2) and curve.trainings == 4 and curve.page.name == "curve.html"
    with pytest.raises(goldwire.TrainError, match=r"GW728 .*`steps`"):
        goldwire.learning_curve(curve, steps=[1])


@pytest.mark.slow
def test_what_was_planned_is_learned_and_shown(tmp_path: Path) -> None:
    """A run has its figures as tables and data; a curve steps, a drawing and a page; a model a package."""
    project = quick(tmp_path)
    steps = list[int]()
    planned = goldwire.plan_training(project, test="test", overrides=["--training.max_epochs", "1"])
    run = goldwire.train_model(planned, resamples=20, processes=1, advance=steps.append)
    assert sum(steps) == planned.parts and run.to_dict() is run.figures
    assert [table.name for table in run.tables()] == ["thing", "thing labels"]
    f1 = run.to_pandas().set_index("system").loc["model", "F1"]
    assert f1 == run.figures["layers"]["thing"]["exact"]["micro"]["f1"]
    assert "<table" in run._repr_html_()
    package = goldwire.package_model(run.model, tmp_path / "packages", name="people")
    assert (package / "setup.py").is_file()

    page = tmp_path / "curve.html"
    curve = goldwire.learning_curve(project, steps=[1, 2], repeats=1, page=page, resamples=20, processes=1)
    assert curve.page == page and page.read_text(encoding="utf-8").count("<svg") == 1
    assert curve.plot().startswith("<svg") and len(curve.to_pandas()) == len(curve.to_dict()["steps"]) == 2
    assert repr(curve).startswith("<Curve thing: F1 ")


def test_a_run_that_was_not_scored_has_no_table(tmp_path: Path) -> None:
    """It is asked for in vain by a plain error, and a notebook shows nothing."""
    from goldwire.train.run.run import Run

    run = Run({}, [], tmp_path, tmp_path, None)
    assert run._repr_html_() == ""
    with pytest.raises(goldwire.UsageError, match="GW930"):
        run.table()
