"""Trainings side by side: results in order, progress in hundredths, faults that come out."""

from __future__ import annotations

from pathlib import Path

import pytest

from goldwire.errors import GoldwireError
from goldwire.model import Article
from goldwire.train.options import TrainingSetup
from goldwire.train.run.jobs import PARTS, Job, run_jobs
from goldwire.train.training_data import training_data


@pytest.mark.slow
def test_results_come_in_the_jobs_order(articles: list[Article], config: Path) -> None:
    """Each job's result stands in its place, with the extra job's beside them; progress adds up."""
    found = training_data(articles, "thing")
    setup = TrainingSetup(config, {"training.max_epochs": 1})
    jobs = [
        Job(setup, "thing", tuple(r for r in found.references if r is not tested), (tested.document,))
        for tested in found.references[:2]
    ]
    told: list[int] = []
    done, extra = run_jobs(jobs, 1, beside=dict, advance=told.append)
    assert [one.predictions[0].document for one in done] == ["a0", "a1"]
    assert [one.lexicon[0].document for one in done] == ["a0", "a1"]
    assert extra == {}
    assert sum(told) == PARTS * len(jobs)
    assert all(one.updates > 0 and one.cpu > 0 for one in done)


@pytest.mark.slow
def test_a_fault_in_a_training_comes_out(articles: list[Article], config: Path) -> None:
    """What a training raises in its process is raised here, as it was."""
    found = training_data(articles, "thing")
    setup = TrainingSetup(config, {"training.max_epochs": 0})
    with pytest.raises(GoldwireError) as raised:
        run_jobs([Job(setup, "thing", found.references, ())], 1)
    assert raised.value.faults[0].code == "GW403"
