"""The listing `seeds/articles.jsonl`: what it holds, and lines taken out of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from goldwire import strict_json
from goldwire.errors import Fault, one_of, raise_faults
from goldwire.files import read_text, write_text
from goldwire.number_format import amount, counted
from goldwire.project import Project, find_project
from goldwire.seeds.ingest import LISTING, load_seeds
from goldwire.table import Column, Figures, Table


@dataclass(frozen=True)
class Listed:
    """An article of the listing. `file` is its text in `seeds/`, empty where the line holds it; `characters`
    counts code points."""

    id: str
    file: str
    characters: int
    meta: dict[str, Any]


@dataclass(frozen=True, repr=False)
class Listing(Figures):
    """A project's articles, in the order of its listing."""

    articles: tuple[Listed, ...]

    def __repr__(self) -> str:
        characters = amount(sum(article.characters for article in self.articles))
        return f"<Listing: {counted(len(self.articles), 'article')}, {characters} characters>"

    def tables(self) -> list[Table]:
        """`articles`."""
        columns = (Column("id"), Column("title"), Column("published"), Column("characters", "amount"))
        rows = [
            (each.id, str(each.meta.get("title", "")), str(each.meta.get("published", "")), each.characters)
            for each in self.articles
        ]
        return [Table("articles", "articles", columns, rows, lesser=("published", "title"))]

    def as_json(self) -> dict[str, Any]:
        """Each article with its file and metadata."""
        return {"articles": [asdict(each) for each in self.articles]}


def list_articles(project: str | Path | Project = ".") -> Listing:
    """A project's articles, in the order of `seeds/articles.jsonl`, with the sizes of their texts.

    In code points. Raises GW22x for a listing, or a text, that can't be read.

    >>> import goldwire
    >>> "characters" in goldwire.list_articles("my-project").to_pandas()
    True
    """
    home = find_project(project)
    documents = load_seeds(home)
    files = [str(row.get("file") or "") for _, row in _rows(home)]
    pairs = zip(documents, files, strict=True)
    return Listing(tuple(Listed(d.id, file, len(d.text), d.meta) for d, file in pairs))


def remove_lines(project: Project, ids: Collection[str]) -> list[Path]:
    """Take articles out of the listing, then their texts out of `seeds/`; returns the files removed.

    A text that another line names stays. Raises GW712 for an id that is not there, and removes nothing then.
    """
    articles = list_articles(project).articles
    ids_listed = {article.id for article in articles}
    raise_faults(
        Fault("GW712", f"there is no article `{name}`", str(project.seeds / LISTING), one_of(ids_listed))
        for name in ids
        if name not in ids_listed
    )
    files_kept = {article.file for article in articles if article.id not in ids}
    gone = {article.file for article in articles if article.id in ids} - files_kept - {""}
    lines = [
        line for article, (line, _) in zip(articles, _rows(project), strict=True) if article.id not in ids
    ]
    write_text(project.seeds / LISTING, "".join(f"{line}\n" for line in lines))
    paths = [project.seeds / file for file in sorted(gone)]
    for path in paths:
        path.unlink(missing_ok=True)
    return paths


def _rows(project: Project) -> list[tuple[str, dict[str, Any]]]:
    """The lines of the listing as they stand, and what they say."""
    path = project.seeds / LISTING
    lines = read_text(path).split("\n") if path.is_file() else []
    return [(line, strict_json.loads(line)) for line in lines if line.strip()]
