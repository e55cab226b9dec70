"""Labels, ids and names from data do nothing in a terminal or a log, and show as themselves."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goldwire.visible import visible
from tests.cli.terminal import on_terminal, piped, run
from tests.examples import at_most

PARTS = (
    "[named]", "[/x]", "[red]", "[", "]", ":fire:", "\\[x]", "[link=http://e.org]", "\\", "::error::forged",
    "::set-output name=a::b", "##[error]forged", "##vso[task]", "\n", "\r", "\t", "\x1b]0;title\x07",
    "\x1b[31m", "\x9b31m", "\x00", "\x7f", "\u202e", "\u2066", "\u2028", "\u2029", "\x85", "%20", "{}", "é",
    "🔥", "语", "a", "PER", " ", "-", "0.5",
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("".join), st.text(min_size=1, max_size=12)
)
PAIRS = st.lists(TEXTS, min_size=2, max_size=2, unique=True)
#: What neither a terminal nor a log may be sent, the end of a line aside.
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|##\\w*\\[")


def harmless(shown: str) -> None:
    """Nothing in it acts, and no line of it is a command."""
    assert not ACTS.search(shown), shown
    assert not any(line.lstrip().startswith("::") for line in shown.splitlines()), shown


def project(folder: Path, label: str, ids: list[str], names: list[str]) -> None:
    """A project whose schema has `label`; beside it documents of these ids, as these annotators read them."""
    looks = {"name": "n", "definition": "d.", "color": "#0072b2"}
    layer = {"title": "Things", "labels": {label: looks, "OTHER": looks | {"color": "#d55e00"}}}
    schema = {"name": "small", "version": "1.0", "language": "en", "title": "S", "layers": {"thing": layer}}
    (folder / "s.yaml").write_text(yaml.safe_dump(schema), encoding="utf-8")
    (folder / "goldwire.toml").write_text(
        '[project]\nname = "small"\nlanguage = "en"\nschema = "s.yaml"\n[corpus]\nversion = "0.1.0"\n',
        encoding="utf-8",
    )
    (folder / "seeds").mkdir()
    texts = [f"Anna met Bruno in Lyon. Nr {number}." for number in range(len(ids))]
    seeds = [{"id": one, "text": text, "title": "T"} for one, text in zip(ids, texts, strict=True)]
    lines = (json.dumps(seed) + "\n" for seed in seeds)
    (folder / "seeds/articles.jsonl").write_text("".join(lines), encoding="utf-8")

    def reading(name: str) -> dict[str, object]:
        marks = [("s1", label, 0, 4), ("s2", "OTHER", 9, 14)]
        spans = [{"id": i, "layer": "thing", "label": of, "start": a, "end": b} for i, of, a, b in marks]
        return {"annotator": name, "schema": "small@1.0", "status": "submitted", "spans": spans}

    for file, readers in {"all": names, "gold": names[:1], "a": names[:1], "b": names[1:]}.items():
        with (folder / f"{file}.jsonl").open("w", encoding="utf-8") as stream:
            for seed in seeds:
                rows = {"id": seed["id"], "text": seed["text"], "annotations": [reading(n) for n in readers]}
                stream.write(json.dumps(rows) + "\n")


@settings(max_examples=at_most(15), deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, PAIRS, PAIRS)
def test_what_schema_and_store_take_shows_as_itself(label: str, ids: list[str], names: list[str]) -> None:
    """Every command ends without a traceback, and what it prints is harmless, piped and in a terminal.

    A label, an id or a name that was taken stands there as it is, its control characters escaped.
    """
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        project(folder, label, ids, names)
        at = str(folder)
        file = {stem: str(folder / f"{stem}.jsonl") for stem in ("all", "gold", "a", "b")}
        schema = ("--schema", str(folder / "s.yaml"))
        quick = ("--resamples", "0")
        commands = [
            ("schema", "check", "--project", at),
            ("corpus", "convert", file["all"], at, "--from", "jsonl", "--to", "store"),
            ("corpus", "check", file["all"], "--project", at),
            ("corpus", "stats", "--documents", "--project", at),
            ("eval", "score", file["gold"], file["b"], *quick, *schema),
            ("eval", "agree", file["all"], "--no-gamma", "--all", *quick, *schema),
            ("eval", "compare", file["gold"], file["a"], file["b"], "--rounds", "100"),
            ("eval", "report", file["gold"], file["b"], "--out", f"{at}/r.html", *quick, *schema),
        ]
        done = {}
        for command in commands:
            out, err, code = piped(*command)
            harmless(out)
            harmless(err)
            assert code in (0, 1, 2) and "Traceback" not in err
            done[command[1]] = (out, code)
        for command in commands[3:6]:
            harmless(on_terminal(60, lambda command=command: run(*command)))  # type: ignore[misc]
        if done["stats"][1] == 0:
            for text in (label, *ids, *names):
                assert visible(text) in done["stats"][0]
        for scored in ("score", "agree", "compare"):
            if done[scored][1] == 0 and done["check"][1] == 0:
                assert visible(label) in done[scored][0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31m", r"a\x1b[31m"),
        ("two\n::error::x", r"two\n::error::x"),
        ("\u202eab", r"\u202eab"),
        ("a\u2028b\x85c\x7f", r"a\u2028b\x85c\x7f"),
        ("\udc80", r"\udc80"),
        ("##[error]", r"#\x23[error]"),
        ("C:\\new\\x1b", "C:\\new\\x1b"),
        ("[red] :fire: é 🔥 مرحبا", "[red] :fire: é 🔥 مرحبا"),
    ],
)
def test_what_acts_is_escaped_and_all_else_is_itself(text: str, shown: str) -> None:
    """Escapes are those of Python; a backslash, brackets and other scripts stay."""
    assert visible(text) == shown


@pytest.mark.parametrize("name", ["::error::x", "a\n::error::x", "\x1b]0;x\x07", "[/x]", "x\u202ey"])
def test_a_name_of_a_file_or_an_option_does_nothing_in_a_message(name: str, tmp_path: Path) -> None:
    """Errors, goldwire's own and those of wrong use, show what was given and do not act on it."""
    for command in (
        ("eval", "score", name, name),
        ("corpus", "check", name),
        ("corpus", "convert", name, "x", "--from", "jsonl", "--to", name),
        (name,),
        ("eval", "score", "--" + name),
        ("schema", "check", "--project", str(tmp_path / name)),
    ):
        out, err, code = piped(*command)
        assert code == 2 and err.strip()
        harmless(out + err)
