"""Publish what may be passed on of a dataset, on the Hugging Face Hub or a server with its API."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goldwire import strict_json
from goldwire.corpus.corpus import Corpus
from goldwire.corpus.dataset.card_header import LICENCE_FILE
from goldwire.corpus.publish.write import Withheld, write_to_pass_on
from goldwire.corpus.redistribution import Redistribution, redistribution
from goldwire.corpus.split.io import NAME as SPLIT
from goldwire.corpus.versions.changelog import is_semantic
from goldwire.errors import GoldwireError
from goldwire.files import read_bytes, sha256
from goldwire.folders import new_folder
from goldwire.leftovers import scratch
from goldwire.number_format import counted
from goldwire.project import CONFIG
from goldwire.redaction import keep_secret
from goldwire.table import Column, Figures, Table

#: Files beside those that the manifest lists, published where they are there.
_BESIDE = ("CHANGELOG.md", SPLIT, LICENCE_FILE)


@dataclass(frozen=True)
class Parcel:
    """What would be published: files with their sizes in bytes, from one folder."""

    folder: Path
    version: str
    files: dict[str, int]
    withheld: Withheld = field(default_factory=Withheld)

    @property
    def tag(self) -> str:
        """The tag that the version gets."""
        return f"v{self.version}"


@dataclass(frozen=True, repr=False)
class Published(Figures):
    """What goes to the repository `repo` as `tag`: files with their sizes in bytes, and what is `withheld`;
    `url` is empty where nothing was sent."""

    repo: str
    tag: str
    files: dict[str, int]
    withheld: Withheld
    url: str = ""

    def __repr__(self) -> str:
        files = f"{counted(len(self.files), 'file')} as {self.tag}"
        return f"<Published: {files} in {self.url}>" if self.url else f"<Published: not yet; {files}>"

    def tables(self) -> list[Table]:
        """`files`, and all of them together."""
        rows = [*self.files.items(), ("in all", sum(self.files.values()))]
        return [Table("files", self.repo, (Column("file"), Column("bytes", "amount")), rows)]

    def as_json(self) -> dict[str, Any]:
        """Repository, tag, files and address."""
        return {"repo": self.repo, "tag": self.tag, "files": self.files, "url": self.url}


@contextmanager
def parcel(corpus: Corpus, *, without_texts: bool = False, out: Path | None = None) -> Iterator[Parcel]:
    """What is to be published: the built folder, or one made now, kept in `out`.

    It is made where texts are to be left out: all with `without_texts`, else those that may not be passed on.
    Raises GW296 where none may, the version is no semantic one, what was built is not what the project holds
    now, `out` holds something, or nothing is annotated.
    """
    if not is_semantic(corpus.version):
        where, hint = str(corpus.project.root / CONFIG), "[corpus] version, as in 1.2.3"
        raise GoldwireError.of("GW296", f"`{corpus.version}` is no semantic version", where=where, hint=hint)
    passed_on = Redistribution(False) if without_texts else redistribution(corpus.project)
    held = passed_on.allowed(corpus.articles)
    if not held and not without_texts:
        message = "the texts are marked as not redistributable"
        hint = (
            "--without-texts publishes the annotations alone; [corpus] redistributable = true, if they are, "
            "or a list of the licences whose texts are"
        )
        where = str(corpus.project.root / CONFIG)
        raise GoldwireError.of("GW296", message, where=where, hint=hint)
    if len(held) == len(corpus.articles) and out is None:
        yield Parcel(corpus.project.corpus, corpus.version, _built(corpus))
        return
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        hint = "name an empty folder, or one that does not exist yet"
        raise GoldwireError.of("GW296", "something is there already", where=str(out), hint=hint)
    if not any(article.annotations for article in corpus.articles):
        where, hint = str(corpus.project.annotations), "pull some: goldwire annotate pull"
        raise GoldwireError.of("GW296", "there is no annotation to publish", where=where, hint=hint)
    with scratch("to-pass-on") as workspace:
        dataset = workspace / "dataset"
        dataset.mkdir()
        withheld = write_to_pass_on(corpus, dataset, held)
        if out is not None:
            with new_folder(out) as folder:
                shutil.copytree(dataset, folder, dirs_exist_ok=True)
        sizes = {
            p.relative_to(dataset).as_posix(): p.stat().st_size for p in dataset.rglob("*") if p.is_file()
        }
        yield Parcel(dataset, corpus.version, dict(sorted(sizes.items())), withheld)


def _built(corpus: Corpus) -> dict[str, int]:
    """The files of the built dataset, each as the manifest has it."""
    folder = corpus.project.corpus
    where, hint = str(folder / "manifest.json"), "build it: goldwire corpus build"
    try:
        manifest: dict[str, Any] = strict_json.loads(read_bytes(folder / "manifest.json"))
        listed = {str(name): str(facts["sha256"]) for name, facts in manifest["files"].items()}
        current = manifest["content_hash"] == corpus.content_hash() and manifest["version"] == corpus.version
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GoldwireError.of(
            "GW296", f"no manifest of a dataset: {error}", where=where, hint=hint
        ) from None
    changed = [name for name, digest in listed.items() if sha256(read_bytes(folder / name)) != digest]
    if changed or not current:
        problem = (
            f"`{changed[0]}` was changed by hand" if changed else "the project has changed since it was built"
        )
        raise GoldwireError.of("GW296", problem, where=where, hint=hint)
    beside = [name for name in _BESIDE if (folder / name).is_file()]
    names = sorted({*listed, *beside, "manifest.json"})
    return {name: (folder / name).stat().st_size for name in names}


def publish(packed: Parcel, repo: str, *, public: bool = False) -> str:
    """Upload to the dataset repository `OWNER/NAME`, made where there is none, and tag the version.

    The result is its address.

    A new repository is private unless `public`. The server is HF_ENDPOINT's, the token HF_TOKEN's or that of
    `hf auth login`. What the repository holds besides goes out of the new commit. Raises GW296 where the
    version is there already, GW294 where the server refuses, and says so in its words, the token taken out.
    """
    from huggingface_hub import HfApi, errors, get_token
    from huggingface_hub.utils import disable_progress_bars

    token = get_token()
    if not token:
        hint = "hf auth login, or set HF_TOKEN"
        raise GoldwireError.of("GW294", "there is no token for the Hub", hint=hint)
    keep_secret(token)
    disable_progress_bars()
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=token)
    # What the client raises for an answer that is JSON, and not the Hub's.
    foreign = (json.JSONDecodeError, LookupError, TypeError, AttributeError)
    # Older clients stand on requests, whose errors are OSError; newer ones on httpx, whose are not. A file
    # that can't be uploaded is a RuntimeError with its cause.
    failures = (OSError, ValueError, RuntimeError, getattr(errors, "HTTPError", OSError))
    try:
        created = api.create_repo(repo, repo_type="dataset", private=not public, exist_ok=True)
        name = created.repo_id
        tags = [ref.name for ref in api.list_repo_refs(name, repo_type="dataset").tags]
        if packed.tag in tags:
            hint = "a version is published once: raise [corpus] version, see goldwire corpus diff"
            raise GoldwireError.of("GW296", f"{packed.tag} is there already", where=str(created), hint=hint)
        api.upload_folder(
            repo_id=name,
            repo_type="dataset",
            folder_path=packed.folder,
            allow_patterns=list(packed.files),
            delete_patterns="*",
            commit_message=f"Version {packed.version}",
        )
        api.create_tag(name, tag=packed.tag, repo_type="dataset")
    except foreign as error:
        hint = "check HF_ENDPOINT, and that no proxy answers in its place"
        message = f"the answer is not the Hub's: {type(error).__name__} {error}"
        raise GoldwireError.of("GW294", message, where=repo, hint=hint) from None
    except failures as error:
        cause = f" {error.__cause__}" if error.__cause__ is not None else ""
        reason = " ".join(f"{error}{cause}".split())
        hint = "check name, rights and network; what was uploaded stays, and a second try goes on from there"
        raise GoldwireError.of("GW294", f"the Hub refuses: {reason}", where=repo, hint=hint) from None
    return str(created)
