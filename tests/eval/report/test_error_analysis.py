"""What a page shows of what went wrong: who was taken for whom."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.matching.spans import Pair
from goldwire.eval.report.error_analysis import confusion
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Span
from tests.eval.helpers import article, reading, spans

LABELS = ["FOOD", "TOOL", "UNUSED"]
SIDES = st.sampled_from(["FOOD", "TOOL", "ELSEWHERE", None])


def span(label: str | None) -> Span | None:
    """A span of that label, or none."""
    return None if label is None else Span("s", "thing", label, 0, 4)


@given(st.lists(st.tuples(SIDES, SIDES).filter(any), min_size=1))
def test_confusions_are_those_of_scikit_learn(drawn: list[tuple[str | None, str | None]]) -> None:
    """Row by row the same counts, for whatever pairs; a label that the page does not list counts nowhere."""
    from sklearn.metrics import confusion_matrix

    made = confusion([Pair(span(gold), span(pred), "label") for gold, pred in drawn], LABELS)
    gold, pred = zip(*((gold or "-", pred or "-") for gold, pred in drawn), strict=True)
    # It wants one of its labels among the pairs.
    expected = confusion_matrix([*gold, "FOOD"], [*pred, "FOOD"], labels=[*LABELS, "-"])
    expected[0][0] -= 1
    assert [[cell["count"] for cell in row["cells"]] for row in made["rows"]] == expected.tolist()
    assert [row["total"] for row in made["rows"]] == expected.sum(axis=1).tolist()
    assert [row["name"] for row in made["rows"]] == [*LABELS, "spurious"]
    assert made["columns"] == [*LABELS, "missed"]


def test_a_report_imports_nothing_heavy(tmp_path: Path) -> None:
    """A page of scores of files loads neither spaCy nor datasets, scikit-learn, its statistics nor pandas."""
    for name, label in (("gold", "FOOD"), ("pred", "TOOL")):
        made = article("Couper les tomates.", reading(*spans((label, 11, 18)), annotator=name))
        write_jsonl(tmp_path / f"{name}.jsonl", [made])
    code = (
        "import sys; from goldwire.cli.main import cli;"
        "cli.main(['eval', 'report', 'gold.jsonl', 'pred.jsonl', '--out', 'r.html'], standalone_mode=False);"
        "print(sorted(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    assert "'jinja2'" in loaded
    for name in ("spacy", "datasets", "sklearn", "scipy.stats", "pandas"):
        assert f"'{name}'" not in loaded
    assert (tmp_path / "r.html").is_file()
