"""What a run learns from and what it is scored on: the project's articles and sides, or files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from goldwire import strict_json
from goldwire.annotations.line import dumps
from goldwire.annotations.store import Read
from goldwire.corpus.corpus import load_corpus
from goldwire.corpus.split.groups import Rule
from goldwire.corpus.split.io import NAME, Split, on_sides
from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.files import read_bytes, sha256
from goldwire.formats.guess import guess_read, read_as
from goldwire.formats.options import ConversionOptions
from goldwire.model import Article, curated
from goldwire.project import Project
from goldwire.train.groups import groups_of


@dataclass(frozen=True)
class TestSet:
    """Articles to score on that are not learned from, how many articles were not learned from since the set
    has them, near copies of them, or others of their story, and how many of the set nobody has annotated.

    They are the annotated ones of a file, with its name and hash, or the annotated ones on a `side` of the
    split that the project keeps in `file`; `sha256` is of texts and annotations then.
    """

    file: str
    sha256: str
    articles: tuple[Article, ...]
    kept_out: int = 0
    side: str = ""
    unannotated: int = 0

    def as_json(self) -> dict[str, Any]:
        """What is recorded of it."""
        return {
            "file": self.file,
            **({"side": self.side} if self.side else {}),
            "sha256": self.sha256,
            "documents": len(self.articles),
            "kept_out": self.kept_out,
            "unannotated": self.unannotated,
        }


def read_articles(path: Path, setting: ConversionOptions, *, hint: str = "check the path") -> list[Article]:
    """The articles of a file or folder in any format that is read; raises GW901 where there is nothing."""
    if not path.exists():
        raise GoldwireError.of("GW901", "there is no such file or folder", where=str(path), hint=hint)
    return read_as("jsonl" if path.suffix == ".jsonl" else guess_read(path), path, setting)


def hash_of(path: Path) -> str:
    """The SHA-256 of a file; of a folder that of its files' names and hashes."""
    if path.is_file():
        return sha256(read_bytes(path))
    files = sorted(each for each in path.rglob("*") if each.is_file())
    return sha256("\n".join(f"{each.relative_to(path)} {sha256(read_bytes(each))}" for each in files))


def sides_in(split: Split | None) -> list[str]:
    """The names of the sides of a project's split; none where it keeps no split into sides."""
    return list(split.counts) if split is not None and split.kind == "parts" else []


def with_test_set(
    articles: Sequence[Article],
    path: Path,
    setting: ConversionOptions,
    rule: Rule,
    *,
    sides: Sequence[str] = (),
) -> tuple[list[Article], TestSet]:
    """The articles of `path` to score on, and of `articles` those that may be learned from beside them.

    What has the id of a tested article, its story, or nearly its text is not learned from. Raises GW721 where
    nothing would be left to learn from, GW901 where there is no such file, which names the project's `sides`
    too.
    """
    hint = f"check the path, or name a side of {NAME}, {one_of(sides)}" if sides else "check the path"
    tested = read_articles(path, setting, hint=hint)
    learned = _apart(articles, tested, rule, where=str(path))
    annotated = tuple(article for article in tested if curated(article.annotations) is not None)
    unannotated = len(tested) - len(annotated)
    kept_out = len(articles) - len(learned)
    return learned, TestSet(path.name, hash_of(path), annotated, kept_out, unannotated=unannotated)


def with_test_side(
    articles: Sequence[Article],
    every: Sequence[Article],
    split: Split,
    where: str,
    side: str,
    *,
    learned: Sequence[str],
    rule: Rule,
) -> tuple[list[Article], TestSet]:
    """The annotated articles on a `side` of the project's split to score on, of `every` article that it has,
    and of `articles` those that may be learned from beside them, as in `with_test_set`.

    `learned` are the sides that are learned from. Raises GW398 where the side is one of these, GW721 where
    nothing would be left to learn from, GW430 and GW292 as `on_sides` does.
    """
    if side in learned:
        message = f"the side `{side}` is learned from and tested"
        hint = "test on another, or learn from others: --side"
        raise GoldwireError.of("GW398", message, where=where, hint=hint)
    ids = [article.document.id for article in every]
    wanted, _ = on_sides(split, ids, [side], where, option="--test")
    tested = [
        Article(article.document, (reference,))
        for article in every
        if article.document.id in wanted and (reference := curated(article.annotations)) is not None
    ]
    left = _apart(articles, tested, rule, where=where)
    scored_on = sha256(b"\n".join(map(dumps, tested)))
    kept_out, unannotated = len(articles) - len(left), len(wanted) - len(tested)
    return left, TestSet(Path(where).name, scored_on, tuple(tested), kept_out, side, unannotated)


def _apart(
    articles: Sequence[Article], tested: Sequence[Article], rule: Rule, *, where: str
) -> list[Article]:
    """The articles that may be learned from beside the tested ones."""
    ids = {article.document.id for article in tested}
    learned = [article for article in articles if article.document.id not in ids]
    groups = groups_of([article.document for article in (*tested, *learned)], rule)
    if groups is not None:
        seen = set(groups[: len(tested)])
        learned = [
            article
            for article, group in zip(learned, groups[len(tested) :], strict=True)
            if group not in seen
        ]
    if articles and not learned:
        message = f"all {len(articles)} articles are in the test set too, or near copies of what is in it"
        raise GoldwireError.of("GW721", message, where=where, hint="test on articles of other stories")
    return learned


def learned_sides(
    split: Split | None, where: str, articles: list[Article], sides: Sequence[str]
) -> tuple[list[Article], dict[str, Any]]:
    """The articles on the sides of the project's split that are learned from, and what to record of it.

    Where it keeps sides and none is named that is `train`. Raises what `on_sides` raises.
    """
    wanted = list(dict.fromkeys(sides))
    if not wanted and (split is None or split.kind != "parts"):
        return articles, {}
    wanted = wanted or ["train"]
    learned, held_back = on_sides(split, [article.document.id for article in articles], wanted, where)
    return [a for a in articles if a.document.id in learned], {"sides": wanted, "held_back": held_back}


def only_matching(
    articles: list[Article], patterns: Sequence[str] | str, where: str = "--only"
) -> tuple[list[Article], dict[str, Any]]:
    """The articles whose ids match one of the shell patterns, and what to record of it; all without any.
    A string is one pattern; `where` says where they stand.

    Raises GW399 for each pattern that no id matches.
    """
    if not patterns:
        return articles, {}
    patterns = patterns if isinstance(patterns, Sequence) and not isinstance(patterns, str) else [patterns]
    if bad := [pattern for pattern in patterns if not isinstance(pattern, str)]:
        hint = "shell patterns of ids, in quotes"
        raise GoldwireError.of("GW399", f"{bad[0]} is no pattern", where=where, hint=hint)
    ids = [article.document.id for article in articles]
    hint = f"ids are such as {', '.join(ids[:3])}" if ids else "there are none to learn from"
    raise_faults(
        Fault("GW399", f"no article to learn from has an id like `{pattern}`", where, hint)
        for pattern in patterns
        if not any(fnmatchcase(name, pattern) for name in ids)
    )
    kept = [a for a in articles if any(fnmatchcase(a.document.id, pattern) for pattern in patterns)]
    return kept, {"only": list(dict.fromkeys(patterns)), "left_aside": len(articles) - len(kept)}


def selection_in_words(corpus: Mapping[str, Any]) -> str:
    """Which of the articles a run learned from, by what it recorded of them; empty where that is all."""
    parts = []
    if "sides" in corpus:
        held_back = ", ".join(f"{number} of {side}" for side, number in corpus["held_back"].items())
        parts.append(f"side {', '.join(corpus['sides'])} of {NAME}; held back: {held_back or 'nothing'}")
    if "only" in corpus:
        patterns = ", ".join(f"`{pattern}`" for pattern in corpus["only"])
        parts.append(f"ids like {patterns} alone; left aside: {corpus['left_aside']}")
    return "; ".join(parts)


def stamped_articles(project: Project, read: Read | None = None) -> tuple[list[Article], dict[str, Any]]:
    """The project's articles with their stored annotations, as `read` gives them, and what they are: the
    corpus's name, version and content hash, and whether the dataset in `corpus/` was built from the same."""
    corpus = load_corpus(project, read)
    corpus_record: dict[str, Any] = {
        "name": project.name,
        "version": corpus.version,
        "content_hash": corpus.content_hash(),
        "licence": str(project.setting("corpus", "licence", "")),
    }
    path = project.corpus / "manifest.json"
    if path.is_file():
        try:
            built = strict_json.loads(read_bytes(path)).get("content_hash")
        except (ValueError, AttributeError):
            hint = "build it again: goldwire corpus build"
            raise GoldwireError.of("GW414", "no readable manifest", where=str(path), hint=hint) from None
        corpus_record["built"] = built == corpus_record["content_hash"]
    return list(corpus.articles), corpus_record
