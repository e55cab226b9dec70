"""The two sides of a comparison: projects, built datasets, JSON Lines, and git revisions of a project."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

from goldwire import strict_json
from goldwire.annotations.spool import ArticleSpool
from goldwire.corpus.corpus import load_corpus
from goldwire.corpus.versions.diff import CorpusVersion
from goldwire.errors import GoldwireError, one_of
from goldwire.files import read_bytes
from goldwire.formats.jsonl import own_jsonl
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import format_named
from goldwire.leftovers import scratch
from goldwire.project import CONFIG, Project, load_project
from goldwire.repository import ask_git

_HINT = "a project's folder, a built dataset's, a .jsonl file, or a git revision: v0.1.0, HEAD~3"


def read_versions(
    before: str, after: str | None, project: Project, annotator: str = ""
) -> tuple[CorpusVersion, CorpusVersion]:
    """Both sides; the second is by default the project as it stands.

    Raises GW293 where neither has an annotation by `annotator`: two times nothing does not differ.
    """
    old = read_version(before, project)
    new = project_version(project) if after is None else read_version(after, project)
    if annotator:
        names = {a.annotator for side in (old, new) for article in side.articles for a in article.annotations}
        if annotator not in names:
            raise GoldwireError.of("GW293", f"nobody is called `{annotator}` in either", hint=one_of(names))
    return old, new


def read_version(name: str, project: Project | None = None) -> CorpusVersion:
    """The version that `name` stands for: a path, or else a revision of the git repository of `project`.

    Raises GW293 where it is none of these, git is missing, or knows no such revision.
    """
    path = Path(name)
    kind = _kind(name)
    if kind == "folder":
        if (path / CONFIG).is_file():
            return project_version(load_project(path), name)
        if (path / "manifest.json").is_file():
            return _dataset(path, name)
        raise GoldwireError.of("GW293", "neither a project nor a built dataset", where=name, hint=_HINT)
    if kind == "file":
        if path.suffix != ".jsonl":
            raise GoldwireError.of("GW293", "not JSON Lines", where=name, hint=_HINT)
        return CorpusVersion(name, ArticleSpool(own_jsonl(path)))
    if project is None or path.suffix == ".jsonl":
        raise GoldwireError.of("GW293", "no such file or folder", where=name, hint=_HINT)
    return _revision(project, name)


def _kind(name: str) -> str:
    """`folder`, `file`, or nothing: a name that no file system takes may be a revision."""
    try:
        return "folder" if name and Path(name).is_dir() else "file" if Path(name).is_file() else ""
    except OSError:
        return ""


def project_version(project: Project, name: str = "") -> CorpusVersion:
    """A project as it stands."""
    corpus = load_corpus(project)
    hashed = corpus.content_hash()
    named = name or project.name
    return CorpusVersion(named, corpus.articles, corpus.schema, corpus.version, hashed, corpus.sources)


def _dataset(path: Path, name: str) -> CorpusVersion:
    """A dataset that `corpus build` wrote. It holds no schema, only its id."""
    try:
        manifest: dict[str, Any] = strict_json.loads(read_bytes(path / "manifest.json"))
        version, hashed = str(manifest["version"]), str(manifest["content_hash"])
    except (ValueError, KeyError, TypeError) as error:
        hint = "build it again: goldwire corpus build"
        where = str(path / "manifest.json")
        raise GoldwireError.of(
            "GW293", f"no manifest of a dataset: {error}", where=where, hint=hint
        ) from None
    if manifest.get("without_texts"):
        hint = "goldwire corpus rehydrate joins it with the texts: compare what that writes"
        raise GoldwireError.of("GW293", "a dataset without texts holds no texts", where=name, hint=hint)
    articles = ArticleSpool(format_named("parquet").stream(path, ConversionOptions()))
    return CorpusVersion(name, articles, None, version, hashed)


def _revision(project: Project, name: str) -> CorpusVersion:
    """The project as it was at a revision: what git has of it, in a folder that is thrown away."""
    top = Path(_git(project.root, "rev-parse", "--show-toplevel", of=name).decode().strip()).resolve()
    commit = _git(
        project.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", of=name
    )
    inside = project.root.resolve().relative_to(top).as_posix()
    tree = commit.decode().strip() + ("" if inside == "." else f":{inside}")
    archive = _git(top, "archive", "--format=tar", tree, of=name)
    with scratch("diff") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter=_inside)
        if not (folder / CONFIG).is_file():
            raise GoldwireError.of("GW293", f"no project stood here at `{name}`", where=str(project.root))
        return project_version(load_project(folder), name)


def _inside(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """Members that stay in the folder: what a link points to outside of it is in no revision."""
    try:
        return tarfile.data_filter(member, folder)
    except tarfile.FilterError:
        return None


def _git(folder: Path, *arguments: str, of: str) -> bytes:
    try:
        answer = ask_git(folder, *arguments)
    except GoldwireError:
        hint = "install git, or name two folders"
        raise GoldwireError.of("GW293", f"`{of}` is no file, and git can't be run", hint=hint) from None
    if answer.code:
        reason = f": {answer.complaint}" if answer.complaint else ""
        message = f"`{of}` is no file, and no git revision of this project{reason}"
        raise GoldwireError.of("GW293", message, where=str(folder), hint=_HINT)
    return answer.output
