"""The learning curve: what is learned from and tested on, its interval, what comes next, the command."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from goldwire.cli.main import main
from goldwire.errors import GoldwireError
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Article
from goldwire.train.curve.curve import CurvePlan, plan_curve, run_curve
from goldwire.train.curve.extrapolation import Extrapolation, extrapolate
from goldwire.train.curve.page import page
from tests.train.conftest import article

SIZES = [50.0, 100.0, 200.0, 400.0, 800.0]


def law(a: float, b: float, c: float) -> list[float | None]:
    """F1 at `SIZES` by an inverse power law."""
    return [a - b * size**-c for size in SIZES]


def noisy(values: list[float | None], spread: float) -> np.ndarray:
    """Five hundred resamples around a curve."""
    return np.array(values, dtype=float) + np.random.default_rng(0).normal(0, spread, (500, len(values)))


def planned(folder: Path, articles: list[Article], config: Path, **settings: object) -> CurvePlan:
    """A plan over a file of `articles`."""
    data = folder / "data.jsonl"
    write_jsonl(data, articles)
    return plan_curve(data=data, config=config, **settings)  # type: ignore[arg-type]


def test_sizes_grow_within_one_repeat_and_never_meet_the_test(tmp_path: Path, config: Path) -> None:
    """A smaller size is part of a larger one; nothing is learned from that is tested on in that repeat."""
    found = planned(tmp_path, [article(n) for n in range(5)], config)
    assert found.sizes == (1, 2, 3, 4)
    assert found.repeats == 5
    assert sorted(r.document.id for cell in found.cells if cell.size == 0 for r in cell.test) == [
        f"a{n}" for n in range(5)
    ]
    for repeat in range(5):
        cells = [cell for cell in found.cells if cell.repeat == repeat]
        learned = [[r.document.id for r in cell.train] for cell in cells]
        assert [len(ids) for ids in learned] == [1, 2, 3, 4]
        assert all(longer[: len(ids)] == ids for ids, longer in pairwise(learned))
        assert not {r.document.id for r in cells[-1].test} & set(learned[-1])


def test_a_story_is_never_on_both_sides(tmp_path: Path, config: Path) -> None:
    """Documents of one story are all learned from or all tested on."""
    articles = [
        replace(one, document=replace(one.document, meta={"story": f"s{n // 2}"}))
        for n, one in enumerate(article(n) for n in range(8))
    ]
    found = planned(tmp_path, articles, config, repeats=4)
    story = {one.document.id: one.document.meta["story"] for one in articles}
    for cell in found.cells:
        tested = {story[r.document.id] for r in cell.test}
        assert not tested & {story[r.document.id] for r in cell.train}


@pytest.mark.parametrize(
    ("steps", "repeats", "count", "code"),
    [([1, 9], 2, 4, "GW450"), ([2], 2, 4, "GW450"), (None, 0, 4, "GW450"), (None, 2, 2, "GW451")],
)
def test_what_makes_no_curve_is_refused(
    tmp_path: Path, config: Path, steps: list[int] | None, repeats: int, count: int, code: str
) -> None:
    """Steps that can't be, no repeats and two documents are refused, with what to do instead."""
    with pytest.raises(GoldwireError) as refused:
        planned(tmp_path, [article(n) for n in range(count)], config, steps=steps, repeats=repeats)
    assert refused.value.faults[0].code == code
    assert refused.value.faults[0].hint


def test_the_law_is_found_again() -> None:
    """Of points that lie on a law, gain and law are the true ones, and the interval holds the gain."""
    found = extrapolate(SIZES, law(0.8, 1.6, 0.4), noisy(law(0.8, 1.6, 0.4), 0.01), ahead=100)
    true = 1.6 * (800**-0.4 - 900**-0.4)
    assert found.law == pytest.approx((0.8, 1.6, 0.4), abs=1e-6)
    assert found.gain == pytest.approx(true, abs=1e-6)
    assert found.ci95 is not None
    assert found.ci95[0] < true < found.ci95[1]
    assert "F1 +.005" in found.in_words()


@pytest.mark.parametrize(
    ("sizes", "values", "spread", "why"),
    [
        (SIZES[:3], law(0.8, 1.6, 0.4)[:3], 0.01, "3 sizes"),
        ([1.0, 2.0, 3.0, 5.0, 9.0], law(0.8, 1.6, 0.4), 0.01, "twice"),
        (SIZES, [0.5, 0.5, 0.5, 0.5, 0.5], 0.01, "chance"),
        (SIZES, [0.6, 0.6, 0.5, 0.5, 0.5], 0.01, "chance"),
        (SIZES, law(0.8, 1.6, 0.4), 0.5, "chance"),
        (SIZES, [None, None, 0.3, 0.4, 0.5], 0.01, "3 sizes"),
    ],
)
def test_points_that_bear_no_outlook_say_why(
    sizes: list[float], values: list[float | None], spread: float, why: str
) -> None:
    """Too few sizes, too far ahead, no growth beyond chance: no gain is given, and the words say why."""
    drawn = noisy([0.0 if value is None else value for value in values], spread)
    found = extrapolate(sizes, values, drawn, ahead=100)
    assert found.gain is None
    assert why in found.in_words()
    assert "can't be told" in found.in_words()


def test_an_outlook_goes_no_further_than_twice_the_curve() -> None:
    """Where 100 sentences are more than there are, the gain is of as many tens as fit, and that is said."""
    sizes = [5.0, 10.0, 20.0, 40.0, 87.6]
    values: list[float | None] = [0.8 - 1.6 * size**-0.4 for size in sizes]
    found = extrapolate(sizes, values, noisy(values, 0.01), ahead=100)
    assert found.ahead == 80
    assert found.gain == pytest.approx(1.6 * (87.6**-0.4 - 167.6**-0.4), abs=1e-6)
    assert "the next 80 sentences" in found.in_words()
    assert "100 would be more than twice the 88" in found.in_words()
    assert found.as_json()["sentences"] == 80
    assert "twice" in found.as_json()["beyond"]
    assert "beyond" not in extrapolate(sizes, values, noisy(values, 0.01), ahead=50).as_json()


@given(st.lists(st.floats(0.0, 1.0), min_size=5, max_size=5))
def test_an_outlook_is_never_a_loss_nor_beyond_the_possible(values: list[float]) -> None:
    """Whatever the points, a gain is none or from 0 up, and the law stays below an F1 of 1."""
    found = extrapolate(SIZES, list(values), noisy(list(values), 0.02), ahead=100)
    if found.gain is not None and found.law is not None:
        assert 0.0 <= found.gain <= 1.0
        assert found.law[0] <= 1.0 + 1e-9
        assert found.law[1] >= 0.0


def test_without_resamples_there_is_no_interval_and_no_outlook() -> None:
    """A gain without an interval is not given."""
    found = extrapolate(SIZES, law(0.8, 1.6, 0.4), None, ahead=100)
    assert (found.gain, found.as_json()["sentences"]) == (None, 100)
    assert "interval" in found.why


@pytest.mark.slow
def test_the_command_draws_a_curve(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One command trains at each size, prints the table, leaves page and JSON, and no model."""
    monkeypatch.chdir(tmp_path)
    write_jsonl(Path("data.jsonl"), [article(n) for n in range(3)])
    arguments = [
        "train",
        "curve",
        "--data",
        "data.jsonl",
        "--config",
        str(config),
        "--repeats",
        "3",
        "--processes",
        "1",
    ]
    monkeypatch.setattr(sys, "argv", ["goldwire", *arguments, "--json", "curve.json"])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert not ended.value.code, err
    figures = json.loads(Path("curve.json").read_text())
    assert [step["documents"] for step in figures["steps"]] == [1, 2]
    assert [step["sentences"] for step in figures["steps"]] == [6, 12]
    assert figures["steps"][1]["f1"] >= figures["steps"][0]["f1"] > 0.3
    assert figures["trainings"] == 6
    assert figures["reference"] == "draft"
    assert "documents" in out
    assert "can't be told: 2 sizes" in err
    text = Path("curve.html").read_text(encoding="utf-8")
    assert text.count("<circle") == 2
    assert "no one has reviewed" in text
    assert not list(tmp_path.glob("**/config.cfg"))


@pytest.mark.slow
def test_nothing_marked_in_a_small_size_is_counted_not_fatal(tmp_path: Path, config: Path) -> None:
    """Where the first documents bear no span, nothing is trained, nothing is found, and a note says so."""
    bare = [
        Article(one.document, (replace(one.annotations[0], spans=()),))
        for one in (article(n) for n in range(1, 4))
    ]
    found = planned(tmp_path, [article(0), *bare], config, repeats=4, steps=[1, 3])
    empty = [cell for cell in found.cells if "a0" not in {r.document.id for r in cell.train}]
    assert found.trainings == len(found.cells) - len(empty)
    curve = run_curve(found, resamples=10, processes=1)
    assert any(note.startswith(f"{len(empty)} of 8 trainings had nothing marked") for note in curve.notes)
    # All that is marked is in the one article that nothing marked was learned for.
    assert [step.f1 for step in curve.steps] == [0.0, 0.0]


def test_the_page_shows_law_interval_and_words(tmp_path: Path, config: Path) -> None:
    """With an outlook the page holds the law's line, what comes next in words, and escapes names."""
    from goldwire.train.curve.results import Curve, Step

    steps = tuple(
        Step(size / 5, size, size * 2, value, (value - 0.05, value + 0.05))
        for size, value in zip(SIZES, law(0.8, 1.6, 0.4), strict=True)
        if value is not None
    )
    setting = {
        "corpus": {"name": "<news>"},
        "config": {"file": "ner.cfg", "overrides": {}},
        "seed": 0,
        "trainings": 25,
        "seconds": 1.0,
    }
    ahead = Extrapolation(100, 0.006, (0.004, 0.008), (0.8, 1.6, 0.4))
    text = page(Curve("entity", steps, ahead, 5, 20, "reviewed", (), setting))
    assert text.count("<polyline") == 2
    assert text.count(" articles</text>") == 5
    assert "The next 100 sentences are likely to bring F1 +.006" in text
    assert "where the curve levels off" not in text
    endless = Extrapolation(100, 0.006, (0.004, 0.008), (1.0, 1.6, 0.4))
    assert "where the curve levels off" in page(Curve("entity", steps, endless, 5, 20, "draft", (), setting))
    assert "&lt;news&gt;" in text
    assert "<news>" not in text
    assert "no one has reviewed" not in text
