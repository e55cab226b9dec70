"""Tables of figures: the same in the terminal, a notebook, CSV, LaTeX and pandas."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import goldwire
from goldwire.model import Annotation, Article, Document, Provenance, Span
from goldwire.number_format import interval, number
from goldwire.table import Column, Figures, Table, latex_text
from tests.cli.terminal import called
from tests.test_api import examples

RATES = st.none() | st.floats(0, 1)
WORDS = st.text(max_size=12)
SHAPE = (Column("label"), Column("F1", "number"), Column("95 %", "interval"), Column("n", "amount"))
ROWS = st.lists(
    st.tuples(WORDS, RATES, st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1)), st.integers(0, 10**6))
)


def results() -> dict[str, Figures]:
    """Everything that has tables."""
    files = examples()
    gold, first, second = files["gold"], files["system-a"], files["system-b"]
    return {
        "scores": goldwire.score(gold, first, resamples=50),
        "agreement": goldwire.agree(gold, resamples=50),
        "compared": goldwire.compare(gold, first, second, rounds=100),
        "counts": goldwire.count(gold),
    }


def numbers(value: Any) -> Iterator[float]:
    """All numbers in a structure."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from numbers(each)


@given(ROWS)
def test_csv_and_pandas_keep_every_number_and_latex_and_html_show_it(rows: list[tuple[Any, ...]]) -> None:
    """Numbers go over whole, undefined ones stay empty; what is read is in the one form of figures."""
    table = Table("t", "T", SHAPE, rows)
    read = list(csv.DictReader(io.StringIO(table.to_csv())))
    frame = table.to_pandas()
    assert len(read) == len(frame) == len(rows)
    latex, html = table.to_latex(), table._repr_html_()
    for row, cells, (_, held) in zip(rows, read, frame.iterrows(), strict=True):
        _, f1, bounds, n = row
        low, high = bounds or (None, None)
        for name, value in (("F1", f1), ("95 % low", low), ("95 % high", high), ("n", n)):
            assert cells[name] == ("" if value is None else str(value))
            assert (held[name] != held[name]) if value is None else float(held[name]) == value
        assert latex_text(number(f1)) in latex and latex_text(interval(bounds)) in latex
        assert f">{number(f1)}</td>" in html and f">{interval(bounds)}</td>" in html


@given(st.text() | st.text("-',`\"*[]–’\\a"))
def test_no_text_acts_in_latex_html_or_a_spreadsheet(text: str) -> None:
    """Labels come from data: every special sign is escaped, no cell is a formula, no line is broken."""
    table = Table("t", text, (Column(text),), [(text,)])
    set_ = latex_text(text)
    bare = re.sub(r"\\(?:[&%$#_{}]|string\"|[a-z]+\{\}|[a-z]+)|\{[][*]?\}|\$[^$]*\$", " ", set_)
    assert not set(bare) & set('\\{}$&#%_^~|\n*[]`"')
    # What LaTeX would draw together stands apart; only of a dash two hyphens are made.
    assert not re.search("''|,,|---", bare) and bare.count("--") <= text.count("–")
    body = re.sub(r' style="text-align:\w+"', "", table._repr_html_())
    tags = re.findall(r"<[^>]*>", body)
    assert all(re.fullmatch(r"</?(table|caption|thead|tbody|tr|t[hd])>", tag) for tag in tags)
    assert len(tags) == 16
    for row in csv.reader(io.StringIO(table.to_csv())):
        assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t")) for cell in row)


def test_a_table_longer_than_a_page_goes_over_several_in_latex() -> None:
    """Up to 40 rows are one `table`; of more none is lost below the page, and each page has the head."""
    for rows, environment in ((40, "table"), (41, "longtable")):
        latex = Table("t", "T & more", SHAPE, [("*", 0.5, (0.4, 0.6), 3)] * rows).to_latex()
        assert latex.startswith(f"\\begin{{{environment}}}") and latex.endswith(f"\\end{{{environment}}}\n")
        assert latex.count("{*} & .500 & .400 to .600 & 3 \\\\\n") == rows
        assert latex.count("\\caption{T \\& more}") == latex.count("\\bottomrule") == 1
        assert latex.count("label & F1 & 95 \\% & n \\\\") == latex.count("\\toprule") == 1 + (rows > 40)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("*", "{*}"),
        ("a--b", "a-{}-b"),
        ("–-", "--{}-"),
        ("''", "'{}'"),
        (",,", ",{},"),
        ("?`", "?\\textasciigrave{}"),
        ('"a', '\\string"a'),
        ("<<", "$<$$<$"),
        ("R&D_é 100%", "R\\&D\\_é 100\\%"),
    ],
)
def test_a_label_is_set_in_latex_as_it_is_written(text: str, latex: str) -> None:
    """No sign begins a command, ends a row, or becomes another sign with its neighbour."""
    assert latex_text(text) == latex


@pytest.mark.parametrize("name", ["scores", "agreement", "compared", "counts"])
def test_every_result_shows_the_figures_of_its_json(name: str) -> None:
    """Every number of a table is one of the JSON; the forms of a result are those of its tables."""
    found = results()[name]
    figures = {round(value, 9) for value in numbers(found.to_dict())}
    for table in found.tables():
        measured = [value for record in table.records() for value in record.values()]
        # Of counts that JSON gives by their parts the sum is shown.
        missing = {v for v in numbers(measured) if round(v, 9) not in figures and not float(v).is_integer()}
        assert not missing, table
        assert table.to_dict()["rows"] == found.table(table.name).records()
        assert len(found.to_pandas(table.name)) == len(table.rows)
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [row["table"] for row in rows] == [table.name for table in found.tables() for _ in table.rows]
    assert found.to_latex() == "\n".join(table.to_latex() for table in found.tables())
    assert found._repr_html_().count("<table>") == len(found.tables())
    assert "\n" not in repr(found) and len(repr(found)) < 400
    json.dumps(found.to_dict())


def test_f1_and_its_interval_are_the_same_in_json_csv_and_pandas() -> None:
    """The micro F1 of each layer, to the last digit."""
    scores = results()["scores"]
    micro = scores.to_dict()["layers"]["thing"]["exact"]["micro"]
    rows = [row for row in csv.DictReader(io.StringIO(scores.to_csv())) if row["label"] == "micro, exact"]
    assert [float(rows[0][key]) for key in ("P", "R", "F1")] == [
        micro[key] for key in ("precision", "recall", "f1")
    ]
    assert [float(rows[0][f"95 % interval {end}"]) for end in ("low", "high")] == micro["ci95"]
    frame = scores.to_pandas().set_index("label")
    assert frame.loc["micro, exact", "F1"] == micro["f1"]


def test_tables_in_one_file_are_told_apart() -> None:
    """The first column names the table; each row has all columns, those it lacks empty."""
    counts = results()["counts"]
    rows = list(csv.DictReader(io.StringIO(counts.to_csv())))
    assert {row["table"] for row in rows} == {table.name for table in counts.tables()}
    assert len(rows) == sum(len(table.rows) for table in counts.tables())
    assert all(None not in row and None not in row.values() for row in rows)


@pytest.mark.parametrize(
    "command",
    [
        ("eval", "score", "gold.jsonl", "system-a.jsonl", "--resamples", "20"),
        ("eval", "agree", "gold.jsonl", "--resamples", "20", "--no-gamma"),
        ("eval", "compare", "gold.jsonl", "system-a.jsonl", "system-b.jsonl", "--rounds", "100"),
        ("eval", "report", "gold.jsonl", "system-a.jsonl", "--resamples", "20", "--out", "page.html"),
        ("corpus", "stats", "--project", "my-project"),
        ("corpus", "split", "--project", "my-project", "--test", "0.5", "--out", "split.json"),
        ("corpus", "diff", "system-a.jsonl", "system-b.jsonl", "--project", "my-project"),
    ],
)
def test_commands_write_their_tables_for_papers(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--csv` and `--latex` hold every row, those that the terminal leaves out too."""
    monkeypatch.chdir(tmp_path)
    for name, articles in examples().items():
        goldwire.write(articles, f"{name}.jsonl")
    shutil.copytree(Path(__file__).parent / "data/mini", "my-project")
    done = called(*command, "--csv", "t.csv", "--latex", "t.tex", "--json", "t.json")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(Path("t.csv").read_text(encoding="utf-8"))))
    latex = Path("t.tex").read_text(encoding="utf-8")
    tables = len({row["table"] for row in rows})
    assert latex.count("\\toprule") == latex.count("\\bottomrule") >= tables > 0
    assert latex.count("\\\\\n") == len(rows) + latex.count("\\toprule")
    if command[0] == "eval":
        assert any("low" in name for name in rows[0]) and " to " in latex
    figures = {round(value, 9) for value in numbers(json.loads(Path("t.json").read_text()))}
    fractions = [float(v) for row in rows for v in row.values() if re.fullmatch(r"-?0\.\d+", v)]
    assert all(round(value, 9) in figures for value in fractions if command[0] == "eval")


@pytest.mark.slow
def test_what_training_comes_to_is_written_for_papers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables that `goldwire train` prints, with their intervals, as CSV and LaTeX."""
    monkeypatch.chdir(tmp_path)
    person = Provenance(kind="human")
    for name, dishes in {
        "learned": ("bread and soup", "figs and cheese"),
        "test": ("pears", "beans"),
    }.items():
        texts = [f"Anna {name} to eat {dish} on day {n} of her journey." for n, dish in enumerate(dishes)]
        articles = []
        for n, (dish, text) in enumerate(zip(dishes, texts, strict=True)):
            document = Document(f"{name}-{n}", text, {"language": "en"})
            spans = (Span("s", "thing", "R&D_dish", start := text.index(dish), start + len(dish)),)
            articles.append(
                Article(document, (Annotation(document.id, "anna", "a@1", "reviewed", person, spans),))
            )
        goldwire.write(articles, f"{name}.jsonl")
    learned = (
        "--data",
        "learned.jsonl",
        "--layer",
        "thing",
        "--spans",
        "--test",
        "test.jsonl",
        "--out",
        "model",
    )
    written = ("--csv", "t.csv", "--latex", "t.tex", "--", "--training.max_epochs", "1")
    done = called("train", *learned, "--resamples", "20", "--processes", "1", *written)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(Path("t.csv").read_text(encoding="utf-8"))))
    assert {row["table"] for row in rows} == {"thing", "thing labels"} and "95 % low" in rows[0]
    latex = Path("t.tex").read_text(encoding="utf-8")
    assert latex.count("\\\\\n") == len(rows) + 2 and "R\\&D\\_dish" in latex
