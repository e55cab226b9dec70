"""What README and docs tell people to type is run, in the order that it stands there."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Article
from goldwire.project import EXAMPLE_SPLIT, Project, copy_example
from tests.cli.terminal import called
from tests.corpus.mini import mini_articles

ROOT = Path(__file__).parents[1]
#: Typed in a project of the reader's own, not in the example.
START = ROOT / "docs/start.md"
#: Typed where there is no project at all.
FILES = ROOT / "docs/scores-of-files.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> Iterator[str]:
    """The fenced blocks of one language in a page."""
    yield from re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


def commands(page: Path) -> list[str]:
    """The commands of a page's `sh` blocks, comments taken off, continued lines joined."""
    text = "\n".join(blocks(page, "sh")).replace("\\\n", " ")
    return [
        " ".join(shlex.split(line, comments=True))
        for line in text.splitlines()
        if shlex.split(line, comments=True)
    ]


def typed(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """`goldwire WORDS` in a folder; a server is started by a process of its own, which it outlives."""
    if words[:2] != ["annotate", "serve"]:
        return called(*words, cwd=folder)
    command = [sys.executable, "-m", "goldwire", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def of_few_articles(project: Project, each: int) -> Project:
    """The project with the first articles of each side of its split alone, and what was marked in them."""
    split_file, seeds = project.root / EXAMPLE_SPLIT, project.root / "seeds/articles.jsonl"
    split = json.loads(split_file.read_text("utf-8"))
    split["sides"] = {side: names[:each] for side, names in split["sides"].items()}
    split_file.write_text(json.dumps(split), "utf-8")
    kept = {name for names in split["sides"].values() for name in names}
    lines = seeds.read_text("utf-8").splitlines(keepends=True)
    seeds.write_text("".join(line for line in lines if json.loads(line)["id"] in kept), "utf-8")
    for path in project.annotations.rglob("*.json"):
        if path.stem not in kept:
            path.unlink()
    return project


@pytest.mark.live
@pytest.mark.slow
def test_the_commands_of_all_pages_work_in_a_fresh_project(tmp_path: Path) -> None:
    """Each goldwire command ends well, page after page, in one copy of the example; each make target exists.

    A few of its articles are enough for that, and two epochs for a model, which is trained the first time
    that a page asks for it; later pages find it there. What it reaches in full is what `.ci/run` holds it to.
    """
    project = of_few_articles(copy_example(tmp_path / "project"), each=3)
    config = project.root / "train/ner.cfg"
    config.write_text(re.sub(r"max_epochs = \d+", "max_epochs = 2", config.read_text("utf-8")), "utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    trained = floors = 0
    try:
        for command in (
            command for page in PAGES if page not in (START, FILES) for command in commands(page)
        ):
            words = shlex.split(command)
            if words[0] == "make":
                assert re.search(rf"^{words[1]}:", makefile, re.M), command
                continue
            assert words[0] == "goldwire", f"{command}: only goldwire and make are run"
            if words[1:3] == ["train", "ner"]:
                trained += 1
                if trained > 1:
                    continue
            if "--floor" in words:  # of a model that was trained in full
                floors += 1
                words[words.index("--floor") + 1] = "0.01"
            done = typed(words[1:], project.root)
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert trained and floors
    finally:
        typed(["annotate", "serve", "--stop"], project.root)


@pytest.mark.slow
def test_files_are_scored_without_a_project(tmp_path: Path) -> None:
    """All that docs/scores-of-files.md tells to type works in an empty folder that lies in no project."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = "".join(blocks(FILES, "sh"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {"report.html", "scores.json"} <= {file.name for file in tmp_path.iterdir()}
    assert "ada (draft), ben (draft), cem (draft)" in done.stdout


@pytest.mark.live
@pytest.mark.slow
def test_start_leads_from_texts_to_a_scored_model(tmp_path: Path) -> None:
    """All that docs/start.md tells to type works in an empty folder; a person marks in between."""
    before, pull, _ = START.read_text(encoding="utf-8").partition("goldwire annotate pull\n")
    assert pull
    marked = tmp_path / "marked.jsonl"
    quotes = {
        "ferry": [("LOC", "Kelmouth"), ("PER", "Ada Brent"), ("ORG", "Coast Guard")],
        "strike": [("LOC", "Kelmouth"), ("ORG", "Dockers' Union"), ("ORG", "Northsea Lines")],
        "bridge": [("PER", "Ada Brent"), ("LOC", "Port Salt"), ("ORG", "Northsea Lines")],
    }
    texts = dict(re.findall(r"cat > \.\./texts/(\w+)\.txt <<'END'\n(.*?)END\n", before, re.S))
    assert set(texts) == set(quotes)
    with marked.open("w", encoding="utf-8") as lines:
        for name, text in texts.items():
            spans = [
                {"id": f"s{number}", "layer": "entity", "label": label,
                 "start": text.index(quote), "end": text.index(quote) + len(quote)}
                for number, (label, quote) in enumerate(quotes[name])
            ]  # fmt: skip
            who = {"annotator": "anna", "status": "submitted", "provenance": {"kind": "human"}}
            annotation = {**who, "schema": "harbour@1.0", "spans": spans}
            lines.write(json.dumps({"id": name, "text": text, "annotations": [annotation]}) + "\n")
    script = "".join(blocks(START, "sh"))
    # In place of the person: what she marks is sent to the server, and brought back by the page's own pull.
    person = (
        f"goldwire corpus convert {shlex.quote(str(marked))} . --from jsonl --to store\n"
        "goldwire annotate load\nrm -r annotate/annotations\n"
    )
    script = script.replace("goldwire annotate pull\n", f"{person}goldwire annotate pull\n")
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        typed(["annotate", "serve", "--stop"], tmp_path / "harbour")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert len(list((tmp_path / "harbour/annotate/annotations").rglob("*.json"))) == 3
    assert (tmp_path / "harbour/eval/reports/ner/report.html").is_file()


@pytest.mark.parametrize(
    "page", [page for page in PAGES if list(blocks(page, "python"))], ids=lambda page: page.stem
)
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python blocks of a page run one after the other, beside the example's dataset and small files."""
    (tmp_path / "corpus").symlink_to(ROOT / "corpus")
    articles = mini_articles()
    write_jsonl(tmp_path / "gold.jsonl", articles)
    for name in ("predicted", "a", "b"):
        single = [Article(each.document, each.annotations[:1]) for each in articles]
        write_jsonl(tmp_path / f"{name}.jsonl", single)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_of_a_page_exist(page: Path) -> None:
    """No relative link of README or docs leads nowhere."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
