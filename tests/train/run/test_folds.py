"""No document is predicted by a model that has seen it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.model import Article
from goldwire.train.options import TrainingSetup
from goldwire.train.run.crossval import ALL_OUT, FOLDS, fold_job, folds, total_parts
from goldwire.train.run.jobs import PARTS
from goldwire.train.training_data import training_data


@given(st.lists(st.integers(0, 12), min_size=2, max_size=40), st.integers(0, 5))
def test_each_document_is_tested_once_and_never_by_its_own_story(stories: list[int], seed: int) -> None:
    """Every document is in one test set, and its story is in no training set of that fold."""
    documents = [f"d{i}" for i in range(len(stories))]
    groups = [f"s{story}" for story in stories]
    story = dict(zip(documents, groups, strict=True))
    if len(set(groups)) < 2:
        with pytest.raises(GoldwireError, match="GW408"):
            folds(documents, groups=groups)
        return
    plan = folds(documents, groups=groups, seed=seed)
    assert sorted(d for fold in plan for d in fold.test) == sorted(documents)
    for fold in plan:
        assert {story[d] for d in fold.train}.isdisjoint(story[d] for d in fold.test)
        assert sorted(fold.train + fold.test) == sorted(documents)
        assert fold.train
    assert plan == folds(documents, groups=groups, seed=seed)


def test_few_documents_are_left_out_one_by_one() -> None:
    """Five documents give five folds; many give five as well, of several documents."""
    assert [fold.test for fold in folds(list("abcde"))] == [("a",), ("b",), ("c",), ("d",), ("e",)]
    many = folds([str(i) for i in range(ALL_OUT + 13)])
    assert len(many) == FOLDS
    assert max(len(f.test) for f in many) - min(len(f.test) for f in many) <= 1


@pytest.mark.parametrize("count", [0, 1, 4])
def test_folds_that_can_not_be_are_refused(count: int) -> None:
    """Fewer than two folds, or more than there are documents, is refused."""
    with pytest.raises(GoldwireError, match="GW408"):
        folds(list("abc"), count=count)


def test_one_document_is_refused_with_what_to_do() -> None:
    """One document can't be learned from and scored on: the error says to annotate a second."""
    with pytest.raises(GoldwireError, match=r"GW408 one document.*annotate a second"):
        folds(["only"])


def test_a_training_holds_nothing_of_its_test_document(articles: list[Article]) -> None:
    """What a training process is given holds the test document as bare text only, and in no training part."""
    found = training_data(articles, "thing")
    tested = []
    for fold in folds(found.documents):
        job = fold_job(found, TrainingSetup(Path("c.cfg")), fold)
        tested += [document.id for document in job.test]
        assert {r.document.id for r in job.train}.isdisjoint(document.id for document in job.test)
        assert {r.annotation.document for r in job.train}.isdisjoint(document.id for document in job.test)
        assert len(job.train) == len(articles) - 1
    assert tested == found.documents


def test_progress_is_known_beforehand() -> None:
    """The steps that are announced are one training for each fold, and the last one."""
    assert total_parts(5) == PARTS * 6
    assert total_parts(100) == PARTS * (FOLDS + 1)
