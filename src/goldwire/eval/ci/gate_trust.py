"""What a gate's two sides are worth: a run of the annotations as they are, a baseline as it was merged."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from goldwire.annotations.store import Read
from goldwire.errors import GoldwireError
from goldwire.eval.ci.baseline import Baseline, parsed, read_baseline
from goldwire.eval.ci.gate import gate
from goldwire.eval.ci.measure import Measured
from goldwire.eval.ci.overlap import NotComparable
from goldwire.files import file_name
from goldwire.number_format import number
from goldwire.project import Project
from goldwire.repository import ask_git, tracked_name

#: Where a branch is taken to come from when nobody says it.
_BASES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def baseline_path(project: Project, scores: Path, run: str, part: str = "") -> Path:
    """Where the baseline of a run is kept: `eval/baseline.json` for `ner`, else `eval/baseline-NAME.json`.

    NAME is the run's folder in `eval/reports/`, else the name of the `run`; of a `part` that was asked for it
    ends in that.
    """
    reports = project.reports.resolve()
    inside = reports in scores.resolve().parent.parents
    name = scores.resolve().parent.relative_to(reports).parts[0] if inside else run or "ner"
    if part:
        return project.eval / f"baseline-{file_name(name)}-{file_name(part.replace(':', '-'))}.json"
    return project.eval / ("baseline.json" if name == "ner" else f"baseline-{file_name(name)}.json")


@dataclass(frozen=True)
class GatedPart:
    """A part of a run that is to be held (see `counts_of`; empty: the run's own layer): the scores that it is
    of, and its baseline's file; None: where `baseline_path` says."""

    scores: Path
    name: str
    baseline: Path | None = None


def committed(project: Project) -> list[GatedPart]:
    """What every baseline in `eval/` is of, that of `ner` first. Raises GW751 where there is none."""
    parts = []
    for file in sorted(project.eval.glob("baseline*.json"), key=lambda file: (len(file.stem), file.stem)):
        baseline = read_baseline(file)
        name = baseline.run or _run_of(file, project)
        scores = project.reports / name / "scores.json"
        parts.append(GatedPart(scores, baseline.layer if baseline.run else "", file))
    if not parts:
        hint = "make one with: goldwire eval gate --update, and commit it"
        raise GoldwireError.of("GW751", "there is no baseline here", where=str(project.eval), hint=hint)
    return parts


def check_current(run: Measured, project: Project, read: Read) -> None:
    """Refuse a run that is older than the project's annotations, which `read` gives: its figures are not
    theirs (GW552).

    A run on another file (`--data`) and a project that stores no annotations are not judged.
    """
    if not run.of_project or not project.annotations.is_dir():
        return
    from goldwire.corpus.corpus import load_corpus

    corpus = load_corpus(project, read)
    content = corpus.content_hash()
    if run.as_baseline.corpus["content_hash"] != content:
        current = f"{project.name} {corpus.version} ({content[:12]})"
        message = (
            f"the run is of {run.as_baseline.corpus_in_words}, the project is now {current}: "
            "annotations, texts, schema or guidelines have changed since"
        )
        raise NotComparable.of("GW552", message, hint="train again, then gate: goldwire train ner")


def _run_of(file: Path, project: Project) -> str:
    """The run whose baseline is called so: a folder of reports, whose name a file may not bear as it is."""
    name = file.stem.partition("-")[2] or "ner"
    folders = [each.name for each in project.reports.glob("*/") if file_name(each.name) == name]
    return folders[0] if folders else name


def branch_note(path: Path, now: Baseline, base: str | None = None) -> str:
    """Whether the branch changes the baseline itself, from what to what, and how the run stands against the
    earlier one; empty where it does not. Where git can't tell, that nothing vouches for the baseline.

    `base` names what the branch is merged into (default: the pull request's target, else the main branch).
    Raises GW553 where git does not know a `base` that was named.
    """
    asked = base or ""
    target = os.environ.get("GITHUB_BASE_REF") or os.environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") or ""
    names = [asked] if asked else [f"origin/{target}", target] if target else list(_BASES)
    try:
        folder, name = tracked_name(path)
    except GoldwireError as error:
        if asked:
            hint = "--base needs a git repository"
            raise NotComparable.of("GW553", error.faults[0].message, where=str(path), hint=hint) from None
        return _unknown(names[0] if target else "", "there is no git repository here")
    ref, commit = _merge_base(folder, names)
    if not commit:
        reason = (
            f"`{names[0]}` and this branch have no common commit here"
            if ref
            else f"git knows no `{names[0]}`"
            if asked or target
            else "git knows no main branch (--base REF names the one that it was merged into)"
        )
        if asked:
            raise NotComparable.of("GW553", reason, hint="name a branch or commit that is fetched")
        return _unknown(names[0] if target else "", reason)
    blob = ask_git(folder, "cat-file", "blob", f"{commit}:{name}")
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    since = f"since it left `{ref}` at {commit[:9]}"
    if blob.code:
        return f"this branch adds the baseline that it is held against ({since}): nobody has merged it yet"
    return "" if blob.text == text else _changed(blob.text, since, path, now)


def _merge_base(folder: Path, names: list[str]) -> tuple[str, str]:
    """The first of the names that git knows, and the commit where the branch left it; empty where none."""
    for name in names:
        if (
            name.startswith("-")
            or ask_git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").code
        ):
            continue
        merge_base = ask_git(folder, "merge-base", "HEAD", name)
        return name, merge_base.text.strip() if merge_base.code == 0 else ""
    return "", ""


def _changed(earlier: str, since: str, path: Path, now: Baseline) -> str:
    """In a sentence what the branch made of the baseline, whose `earlier` text stands where the branch left
    the one that it is to be merged into."""
    change = f"this branch changes the baseline that it is held against, {since}"
    before = parsed(earlier)
    if before is None:
        return f"{change}; the earlier one can't be read"
    after = read_baseline(path)
    corpora = (before.corpus_in_words, after.corpus_in_words)
    on = f", on {corpora[0]}, then {corpora[1]}" if corpora[0] != corpora[1] else ""
    try:
        outcome = gate(now, before)
    except GoldwireError as error:
        held = f"can't be compared with the earlier one ({error.faults[0].code})"
    else:
        held = f"held against the earlier one: {outcome.state}, {outcome.why}"
    return f"{change}: F1 {number(before.f1)}, now {number(after.f1)}{on}. This run {held}"


def _unknown(ref: str, reason: str) -> str:
    """That it can't be told whether the baseline is what was merged; `ref` is the pull request's target."""
    nothing = "nothing vouches for this baseline"
    if not ref:
        return f"{nothing}: {reason}"
    return (
        f"{nothing}: whether this pull request changes the baseline itself can't be told: {reason} "
        f"(fetch `{ref}` and the history: fetch-depth: 0 for actions/checkout)"
    )
