"""What a gate does not believe: an edited baseline, a run of other annotations, a baseline of the branch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.annotations.store import write_annotation
from goldwire.corpus.corpus import load_corpus
from goldwire.errors import GoldwireError
from goldwire.eval.ci.baseline import Baseline, from_json, read_baseline, write_baseline
from goldwire.eval.ci.gate import gate
from goldwire.model import Annotation, Span
from goldwire.project import load_project
from tests.corpus.mini import mini_project
from tests.eval.ci.test_gate import as_baseline, left_by_train, project
from tests.eval.ci.test_history import git
from tests.eval.test_cli import run

__all__ = ["project"]
OTHER = "f" * 64


def edited(figures: dict[str, Any], document: str, counts: dict[str, list[int]], **more: Any) -> Baseline:
    """A baseline in which somebody wrote other counts for a document, and the F1 that follows from them."""
    figures = json.loads(json.dumps(figures)) | more
    figures["documents"][document] = counts
    sums = [sum(c[i] for d in figures["documents"].values() for c in d.values()) for i in range(3)]
    tp, fp, fn = sums
    figures["micro"]["f1"] = 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None
    return from_json(figures)


@settings(deadline=None)
@given(
    label=st.sampled_from(["A", "B", "C"]),
    tp=st.integers(0, 9),
    fp=st.integers(0, 9),
    fn=st.integers(0, 9),
    hashed=st.booleans(),
)
def test_a_baseline_with_another_number_of_reference_spans_is_refused(
    runs: tuple[Baseline, Baseline], label: str, tp: int, fp: int, fn: int, hashed: bool
) -> None:
    """On the same text and annotations a document has the same number of reference spans of each label,
    whatever a model found: counts that say otherwise are refused, all others are compared."""
    now, other = runs
    figures = now.as_json() | ({} if hashed else {"hashes": {}})
    counts = dict(figures["documents"]["d3"]) | {label: [tp, fp, fn]}
    # The same also where the corpus changed elsewhere, as far as hashes say that this document did not.
    for run_now in (now, other) if hashed else (now,):
        possible = tp + fn == {"A": 2, "B": 2}.get(label, 0)
        baseline = edited(figures, "d3", counts)
        if possible:
            assert gate(run_now, baseline, rounds=100).compared
        else:
            with pytest.raises(GoldwireError, match=r"GW551.*d3"):
                gate(run_now, baseline, rounds=100)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Baseline, Baseline]:
    """A run of eight documents, and one with two more."""
    folder = tmp_path_factory.mktemp("runs")
    return as_baseline(folder / "a", documents=8), as_baseline(folder / "b", documents=10, content=OTHER)


def test_hashes_that_the_same_corpus_can_not_have_are_refused(runs: tuple[Baseline, Baseline]) -> None:
    """A document can't be put aside as changed where the content hash says that nothing changed."""
    for kind in ("text", "reference"):
        figures = json.loads(json.dumps(runs[0].as_json()))
        figures["hashes"][kind]["d1"] = "0" * 64
        with pytest.raises(GoldwireError, match=r"GW551.*d1"):
            gate(runs[0], from_json(figures))


def test_a_refusal_is_said_where_people_look(project: Path) -> None:
    """An impossible baseline ends in exit 2, and summary and comment say so in the place of figures."""
    here = ("gate", "--project", project, "--rounds", 200)
    run(*here, "--update")
    path = project / "eval/baseline.json"
    write_baseline(path, edited(read_baseline(path).as_json(), "d0", {"A": [0, 1, 1]}))
    files: dict[str, Any] = {name: project / "out" / name for name in ("summary", "comment", "junit", "json")}
    done = run(*here, *(part for name, file in files.items() for part in (f"--{name}", file)), code=2)
    assert "GW551" in done.stderr and "can't be of the corpus" in done.stderr
    for name in ("summary", "comment"):
        text = files[name].read_text(encoding="utf-8")
        assert "not compared" in text and "GW551" in text and "F1 ." not in text
    assert not files["json"].exists()


def test_what_a_gate_compares_is_written_for_papers(project: Path) -> None:
    """The figures that are printed, as CSV and LaTeX; of `--all` those of each run."""
    here = ("gate", "--project", project, "--rounds", 200)
    run(*here, "--update")
    for options in ((), ("--all",)):
        run(*here, *options, "--csv", project / "gate.csv", "--latex", project / "gate.tex")
        head, *rows = (project / "gate.csv").read_text(encoding="utf-8").splitlines()
        assert "F1" in head and " low" in head and rows
        latex = (project / "gate.tex").read_text(encoding="utf-8")
        assert latex.count("\\\\\n") == len(rows) + 1 and "\\bottomrule" in latex


def annotated(tmp_path: Path) -> Path:
    """A project with stored annotations, a run that says it is of them, and a baseline."""
    home = mini_project(tmp_path / "home")
    reports = home.reports / "ner"
    reports.mkdir(parents=True)
    left_by_train(reports, documents=8, found=4, content=load_corpus(home).content_hash())
    run("gate", "--project", home.root, "--update")
    return home.root


@pytest.mark.parametrize("change", ["annotation", "annotator", "text", "guidelines"])
def test_a_run_older_than_the_annotations_is_refused(tmp_path: Path, change: str) -> None:
    """Whatever of the corpus changed since the training, the run's figures are not of it: exit 2, also for
    --update, with what to do; after the change is taken back the gate holds again."""
    root = annotated(tmp_path)
    here = ("gate", "--project", root)
    baseline = (root / "eval/baseline.json").read_bytes()
    run(*here)
    home = load_project(root)
    shutil.copytree(root, tmp_path / "before")
    if change == "text":
        path = root / "seeds/articles/soupe.txt"
        path.write_text(path.read_text(encoding="utf-8") + "\nServir chaud.\n", encoding="utf-8")
        for stored in home.annotations.glob("*/soupe.json"):
            stored.unlink()
    elif change == "guidelines":
        (root / "annotate/guidelines.md").write_text("Anders.\n", encoding="utf-8")
    else:
        old = json.loads(next(home.annotations.glob("anna/*.json")).read_text(encoding="utf-8"))
        name = "anna" if change == "annotation" else "zoe"
        span = Span("s1", "thing", "FOOD", 0, len(old["document"]))
        made = Annotation(old["document"], name, "mini@0.1", spans=(span,), text_sha256=old["text_sha256"])
        write_annotation(home, made)
    summary = tmp_path / "summary.md"
    for more in ((), ("--update",)):
        refused = run(*here, *more, "--summary", summary, code=2).stderr
        assert "GW552" in refused and "goldwire train" in refused
    assert "GW552" in summary.read_text(encoding="utf-8")
    assert (root / "eval/baseline.json").read_bytes() == baseline
    run("gate", "--project", tmp_path / "before")


@pytest.fixture
def branch(project: Path) -> Path:
    """A project in git: a baseline on `main`, and a branch that stands where it left it."""
    (project / ".gitignore").write_text("eval/reports/\nout/\n", encoding="utf-8")
    git(project, "init", "-q", "-b", "main")
    run("gate", "--project", project, "--rounds", 200, "--update")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "one")
    git(project, "checkout", "-qb", "work")
    return project


def told(project: Path, *options: object, code: int = 0) -> str:
    """What output, summary, comment and JSON of the gate say, each asked for the same."""
    names = ("summary", "comment", "json")
    files: dict[str, Any] = {name: project / "out" / name for name in names}
    arguments = [part for name, file in files.items() for part in (f"--{name}", file)]
    done = run("gate", "--project", project, "--rounds", 200, *options, *arguments, code=code)
    texts = [done.stderr, *(files[name].read_text(encoding="utf-8") for name in names)]
    said = ["the baseline that it is held against" in text for text in texts]
    assert len(set(said)) == 1, texts
    return done.stderr


def test_a_branch_that_changes_the_baseline_is_told_of(branch: Path) -> None:
    """A lowered baseline passes its own run, and every output says from what to what it was changed, and
    that the run fails against the one of the main branch."""
    assert "baseline that" not in told(branch)
    left_by_train(branch / "eval/reports/ner", found=2)
    run("gate", "--project", branch, "--update")
    git(branch, "commit", "-qam", "two")
    said = told(branch)
    assert "this branch changes the baseline that it is held against, since it left `main`" in said
    assert "F1 1.000, now .667" in said
    assert "held against the earlier one: failed, thing F1 .667 fell by .333" in said
    git(branch, "checkout", "-q", "main")
    git(branch, "commit", "-q", "--allow-empty", "-m", "main goes on")
    git(branch, "checkout", "-q", "work")
    assert "this branch changes the baseline" in told(branch)


def test_a_branch_that_adds_the_baseline_is_told_of(branch: Path) -> None:
    """A baseline that nobody has merged is said to be one."""
    git(branch, "checkout", "-q", "main")
    git(branch, "rm", "-q", "eval/baseline.json")
    git(branch, "commit", "-qm", "none")
    git(branch, "checkout", "-qB", "work")
    run("gate", "--project", branch, "--update")
    git(branch, "add", "-A")
    git(branch, "commit", "-qm", "anew")
    assert "this branch adds the baseline" in told(branch)


def test_the_pull_requests_own_target_is_asked(branch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pull request its target counts; where git has it not, that is said, for nobody can tell then. A
    base that is named must exist."""
    monkeypatch.setenv("GITHUB_BASE_REF", "release")
    assert "can't be told" in told(branch)
    git(branch, "branch", "release")
    assert "can't be told" not in told(branch)
    left_by_train(branch / "eval/reports/ner", found=2)
    run("gate", "--project", branch, "--update")
    assert "since it left `release`" in told(branch)
    assert "GW553" in run("gate", "--project", branch, "--base", "nowhere", code=2).stderr
    assert "GW553" in run("gate", "--project", branch, "--base=--help", code=2).stderr


def test_without_git_it_is_said_that_nothing_vouches_for_the_baseline(project: Path, branch: Path) -> None:
    """A project outside any repository is gated as before, and one whose repository has no main branch."""
    git(branch, "checkout", "-qb", "trunk")
    for name in ("main", "work"):
        git(branch, "branch", "-qD", name)
    assert "nothing vouches for this baseline: git knows no main branch" in told(branch)
    shutil.rmtree(branch / ".git")
    assert "nothing vouches for this baseline: there is no git repository here" in told(project)


def test_a_folder_that_looks_like_a_repository_runs_nothing(branch: Path, tmp_path: Path) -> None:
    """A bare repository inside the project, whose config names a program, is not taken for the repository."""
    mark = tmp_path / "ran"
    git(branch, "init", "-q", "--bare", "eval")
    with (branch / "eval/config").open("a", encoding="utf-8") as stream:
        stream.write(f'[core]\n\tfsmonitor = "touch {mark}; false"\n\tpager = "touch {mark}"\n')
    run("gate", "--project", branch)
    assert not mark.exists()


@pytest.mark.parametrize("fp", [10**6, 90_000, 200])
def test_a_baseline_with_more_predictions_than_its_texts_can_hold_is_refused(
    runs: tuple[Baseline, Baseline], fp: int
) -> None:
    """Spans that do not overlap are no more than a text has characters: no baseline fell so low."""
    now, _ = runs
    counts = {"A": [0, fp, 2], "B": [0, 0, 2]}
    with pytest.raises(GoldwireError, match=r"GW551.*more predictions than the text has room for.*d3"):
        gate(now, edited(now.as_json(), "d3", counts))


def test_where_spans_overlap_a_text_has_room_for_every_extent(tmp_path: Path) -> None:
    """A model of nested spans may predict more than the text has characters, though not without end."""
    nested = [("A", 0, 3), ("A", 0, 13), ("B", 20, 25), ("B", 30, 35)]
    now = as_baseline(tmp_path / "run", documents=8, marks=nested)
    counts = {"A": [2, 3000, 0], "B": [1, 0, 1]}
    assert gate(now, edited(now.as_json(), "d3", counts), rounds=100).compared
    counts["A"][1] = 4000
    with pytest.raises(GoldwireError, match=r"GW551.*more predictions"):
        gate(now, edited(now.as_json(), "d3", counts))
