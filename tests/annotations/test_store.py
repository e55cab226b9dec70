"""The stored annotations of a project, joined with its articles in one place."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import goldwire
from goldwire.annotations.store import (
    AnnotationWriter,
    annotation_path,
    project_articles,
    read_annotations,
    write_annotation,
)
from goldwire.errors import GoldwireError
from goldwire.files import file_name, safe_name, write_text, write_texts
from goldwire.leftovers import remove_leftovers
from goldwire.model import Annotation
from goldwire.project import load_project

MINI = Path(__file__).parents[1] / "data/mini"
SOURCE = Path(goldwire.__file__).parent


def test_articles_come_with_their_stored_annotations(tmp_path: Path) -> None:
    """All articles, in the seeds' order, each with what is stored of it; an annotation of none is a fault."""
    shutil.copytree(MINI, tmp_path / "mini")
    project = load_project(tmp_path / "mini")
    write_annotation(project, Annotation("soupe", "anna", "mini@0.1"))
    found = {a.document.id: [x.annotator for x in a.annotations] for a in project_articles(project)}
    assert found == {"pommes": [], "soupe": ["anna"]}
    assert list(found) == ["pommes", "soupe"]
    write_annotation(project, Annotation("gone", "anna", "mini@0.1"))
    with pytest.raises(GoldwireError, match="GW210"):
        project_articles(project)


@pytest.mark.parametrize("text", ["join(documents, stream_annotations(", r"[^\w.@+-]"])
def test_each_of_these_stands_in_one_module(text: str) -> None:
    """What joins articles and annotations, and what a file's name may hold, is decided once."""
    assert len([path for path in SOURCE.rglob("*.py") if text in path.read_text(encoding="utf-8")]) == 1


def test_a_safe_name_holds_nothing_that_leads_elsewhere() -> None:
    """Slashes and spaces go, letters of all languages stay; only `file_name` keeps two names apart."""
    assert safe_name("../a b/é") == ".._a_b_é"
    assert safe_name("politics@1.0-politics@1.1") == "politics@1.0-politics@1.1"
    assert file_name("a b") != file_name("a_b") == safe_name("a b")


def test_many_files_are_written_as_each_would_be(tmp_path: Path) -> None:
    """In whatever batches: their content and rights, what said so already left alone, none half written."""
    texts = [(tmp_path / f"{n % 3}/{n}.json", f"é {n}\n") for n in range(7)]
    assert write_texts(texts, batch=2) == 7
    assert [path.read_text(encoding="utf-8") for path, _ in texts] == [text for _, text in texts]
    write_text(tmp_path / "alone.json", "x")
    assert {path.stat().st_mode for path, _ in texts} == {(tmp_path / "alone.json").stat().st_mode}
    times = [path.stat().st_mtime_ns for path, _ in texts]
    assert write_texts([*texts, (texts[0][0], "new")]) == 1 and texts[0][0].read_text() == "new"
    assert [path.stat().st_mtime_ns for path, _ in texts[1:]] == times[1:]
    (tmp_path / "file").write_text("")
    with pytest.raises(GoldwireError, match="GW904"):
        write_texts([(tmp_path / "a.json", "a"), (tmp_path / "file/b.json", "b")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2", "alone.json", "file"]


def test_what_waits_to_be_written_is_read_as_if_it_were(tmp_path: Path) -> None:
    """The last version of each, whatever the batch; what is stored so already is left alone."""
    shutil.copytree(MINI, tmp_path / "mini")
    project = load_project(tmp_path / "mini")
    first, second = (Annotation("soupe", "new", "mini@0.1", status) for status in ("draft", "submitted"))
    path = annotation_path(project, first)
    writer = AnnotationWriter(project, batch=3)
    assert writer.read(path) is None
    assert [writer.write(each) for each in (first, first, second)] == [True, False, True]
    assert b"submitted" in (writer.read(path) or b"") and not path.exists()
    writer.flush()
    assert path.read_bytes() == writer.read(path)
    assert not writer.write(second)
    for number in range(50):
        writer.write(Annotation(f"d{number}", "new", "mini@0.1"))
    assert len(list(path.parent.iterdir())) == 49
    writer.flush()
    assert len(list(path.parent.iterdir())) == 51


KILLED = """
import os, signal, sys
from pathlib import Path
from goldwire.annotations.store import AnnotationWriter
from goldwire.model import Annotation
from goldwire.project import load_project
real, count = Path.replace, 0
def replace(path, target):
    global count
    if count == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    count += 1
    return real(path, target)
Path.replace = replace
writer = AnnotationWriter(load_project(Path(sys.argv[1])), batch=25)
for number in range(60):
    writer.write(Annotation(f"d{number:02}", "new", "mini@0.1"))
writer.flush()
"""


@pytest.mark.parametrize("after", [0, 10, 25, 57])
def test_a_run_that_is_killed_leaves_whole_annotations_and_the_next_writes_the_rest(
    after: int, tmp_path: Path
) -> None:
    """Those before the kill are there, none is half written, nothing else stays in the store."""
    shutil.copytree(MINI, tmp_path / "mini")
    project = load_project(tmp_path / "mini")
    words = [sys.executable, "-c", KILLED, str(project.root), str(after)]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    new = [each for each in read_annotations(project) if each.annotator == "new"]
    assert [each.document for each in new] == [f"d{number:02}" for number in range(after)]
    remove_leftovers(project.root)
    writer = AnnotationWriter(project)
    written = [writer.write(Annotation(f"d{number:02}", "new", "mini@0.1")) for number in range(60)]
    writer.flush()
    assert sum(written) == 60 - after
    stored = sorted(path.name for path in (project.annotations / "new").iterdir())
    assert stored == [f"d{number:02}.json" for number in range(60)]


def test_what_lies_among_gold_checks_in_no_place_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They are left out, with a word on how many; what is none of them is named, wherever it lies."""
    shutil.copytree(MINI, tmp_path / "mini")
    project = load_project(tmp_path / "mini")
    write_annotation(project, Annotation("soupe", "anna", "mini@0.1"), project.checks)
    path = annotation_path(project, Annotation("soupe", "anna", "mini@0.1"), project.checks)
    for other in ("soupe.json", "anna/more/soupe.json", "anna/soupe.JSON"):
        write_text(project.checks / other, path.read_text(encoding="utf-8"))
    project_articles(project)
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == "left out: 1 × gold checks in annotate/checks"
    assert [line.split(" is no ")[0] for line in said[1:]] == [
        "passed over: annotate/checks/anna/more/soupe.json",
        "passed over: annotate/checks/anna/soupe.JSON",
        "passed over: annotate/checks/soupe.json",
    ]
