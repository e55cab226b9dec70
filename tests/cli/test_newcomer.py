"""What who meets the command line first relies on: help that says it whole, output that pipes, no riddle."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import goldwire
from goldwire.cli.main import COMMANDS, cli
from goldwire.model import Annotation, Article, Document, Span
from tests.cli.terminal import called, in_terminal


def commands(group: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with its path, from `group` down."""
    yield path, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            member = group.get_command(context, name)
            assert member is not None
            yield from commands(member, *path, name)


ALL = {" ".join(path): path for path, _ in commands(cli)}
GROUPS = [name for name in COMMANDS if isinstance(cli.get_command(click.Context(cli), name), click.Group)]


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two articles that two people read, in a folder that is no project."""
    monkeypatch.chdir(tmp_path)
    span = Span("s1", "thing", "DISH", 0, 4)
    readings = tuple(Annotation("d1", who, "mini@0.1", "submitted", spans=(span,)) for who in ("anna", "ben"))
    goldwire.write([Article(Document("d1", "Anna mange."), readings)], tmp_path / "a.jsonl")
    return tmp_path / "a.jsonl"


@pytest.mark.parametrize("group", GROUPS)
def test_the_help_of_a_group_says_each_commands_sentence_whole(group: str) -> None:
    """Nothing is cut off at 80 columns: what a command is for can be read without calling its own help."""
    shown = in_terminal(80, group, "--help").partition("Commands:")[2]
    assert shown and "..." not in shown
    member = cli.get_command(click.Context(cli), group)
    said = " ".join(shown.split())
    for _, command in list(commands(member))[1:]:  # type: ignore[arg-type]
        first = " ".join((command.help or "").partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")
        assert first in said


@pytest.mark.parametrize("name", ALL, ids=lambda name: name or "goldwire")
def test_help_fits_a_terminal_of_eighty_columns(name: str) -> None:
    """No line of any help is longer: usage, what it does, each option."""
    long = [line for line in in_terminal(80, *ALL[name], "--help").splitlines() if len(line) > 80]
    assert long == []


FIGURES = [("eval", "score", "a.jsonl", "a.jsonl"), ("eval", "agree", "a.jsonl")]


@pytest.mark.parametrize("command", FIGURES, ids=lambda command: command[1])
def test_standard_output_can_be_figures_alone(command: tuple[str, ...], lines: Path) -> None:
    """`--json -` is one JSON value, `--csv -` one table, `--latex -` LaTeX; the rest is on standard error."""
    options = ("--resamples", "0", "--all") if command[1] == "agree" else ("--resamples", "0")
    plain = called(*command, *options)
    as_json = called(*command, *options, "--json", "-")
    assert json.loads(as_json.stdout)["layers"].keys() == {"thing"}
    assert plain.stdout.strip().splitlines()[-1] in as_json.stderr
    rows = list(csv.DictReader(io.StringIO(called(*command, *options, "--csv", "-").stdout)))
    assert {row["layer"] for row in rows} == {"thing"}
    latex = called(*command, *options, "--latex", "-").stdout
    assert latex.startswith("\\begin{table}") and latex.rstrip().endswith("\\end{table}")
    assert sorted(path.name for path in lines.parent.iterdir()) == ["a.jsonl"]


def test_two_that_want_standard_output_alone_are_refused(lines: Path) -> None:
    """It says so, and writes neither."""
    done = called("eval", "score", "a.jsonl", "a.jsonl", "--json", "-", "--csv", "-")
    assert (done.returncode, done.stdout) == (2, "")
    assert "standard output takes one of --json, --csv and --latex" in done.stderr


@pytest.mark.parametrize(
    ("target", "format_name"),
    [("b.jsonl", "jsonl"), ("b.json", "labelstudio"), ("b.parquet", "parquet"), ("b.spacy", "docbin")],
)
def test_a_telling_suffix_says_what_is_written(target: str, format_name: str, lines: Path) -> None:
    """`corpus convert SRC DST` needs no `--to` where DST says it."""
    done = called("corpus", "convert", "a.jsonl", target)
    assert done.returncode == 0, done.stderr
    assert goldwire.format_of(target) == format_name


def test_a_name_that_says_nothing_is_an_error_that_lists_what_can_be_written(lines: Path) -> None:
    """GW931 names the formats that have a writer, no others, and nothing is written."""
    done = called("corpus", "convert", "a.jsonl", "b")
    assert done.returncode == 2
    named = re.search(r"GW931 .*one of: ([^)]*)", done.stderr)
    assert named and "brat" in named[1] and "pubtator" not in named[1]
    assert not Path("b").exists()


def test_one_is_one(lines: Path) -> None:
    """A count of one has no plural: `1 document`, not `1 documents`, nor `1 document(s)`."""
    said = called("corpus", "convert", "a.jsonl", "b.jsonl").stderr
    assert "1 document, 2 annotations, 2 spans, 0 relations read" in said
    assert "1 document\n" in called("eval", "score", "a.jsonl", "a.jsonl", "--resamples", "0").stdout


def test_the_title_of_a_narrow_table_stands_on_one_line() -> None:
    """`entity: spans by label` is not wrapped to the width of two short columns."""
    project = Path(__file__).parents[2]
    shown = in_terminal(80, "corpus", "stats", "--project", str(project))
    assert "\nentity: spans by label\n" in shown
