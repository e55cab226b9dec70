"""Write a corpus as a static site: nothing but files, no network at view time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from markupsafe import Markup

from goldwire import __version__
from goldwire.corpus.browse import csv_tables, page_data
from goldwire.corpus.browse.argument_roles import Frame, project_frames
from goldwire.corpus.browse.article_list import ArticleList
from goldwire.corpus.browse.events import Entries, EventGraph, gather, registry_entries
from goldwire.corpus.browse.frame_files import Drawn, FrameFiles
from goldwire.corpus.browse.lists import StatusCounts, layer_list
from goldwire.corpus.redistribution import redistribution
from goldwire.files import file_names, sync, write_bytes, write_text
from goldwire.folders import check_ours, replacing
from goldwire.html.templates import page_templates, render_page
from goldwire.model import Article, curated
from goldwire.number_format import amount, counted
from goldwire.span_drawing import render
from goldwire.table import Column, Figures, Table

if TYPE_CHECKING:
    from goldwire.corpus.corpus import Corpus

#: The file that says which files of a folder are a site of ours, and may be written anew.
MARKER = "goldwire-site.json"
_ASSETS = ("site.css", "site.js", "table.js", "index.js", "search.js", "arcs.js", "article.js")
_FRAMED = ("timeline.js", "graph.js")


@dataclass(frozen=True, repr=False)
class Site(Figures):
    """What was written, and how many `bytes` that is. `files` maps each table to its number of rows; `local`
    says that texts may not be passed on, `draft` that nobody has reviewed some of what is shown."""

    folder: Path
    articles: int
    readings: int
    spans: int
    frames: tuple[Frame, ...]
    files: dict[str, int]
    bytes: int
    local: bool
    draft: bool

    def __repr__(self) -> str:
        return f"<Site: {counted(self.articles, 'article')} in {self.index}>"

    @property
    def index(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"

    def tables(self) -> list[Table]:
        """`site`: what is shown, and the rows of each of its tables."""
        rows = [("articles", self.articles), ("readings", self.readings), ("spans", self.spans)]
        rows += [(f"tables/{name}.csv", number) for name, number in self.files.items()]
        return [Table("site", "site", (Column("site"), Column("count", "amount")), rows)]

    def as_json(self) -> dict[str, Any]:
        """The counts, where it lies, and whether it may be shown to others."""
        counts = {"articles": self.articles, "readings": self.readings, "spans": self.spans}
        rest = {"tables": self.files, "bytes": self.bytes, "local": self.local, "draft": self.draft}
        return {"folder": str(self.folder), **counts, **rest}


def browse(corpus: Corpus, out: Path, *, advance: Callable[[int], None] | None = None) -> Site:
    """Write the site into `out`, whole or not at all; a site that stands there is replaced, file by file.

    `advance` is called with the articles done. Raises GW215 where the folder holds something else, or a
    file that is in the way, GW214 where `[browse]` in goldwire.toml names what the schema lacks.
    """
    out = out.resolve()
    check_ours(out, MARKER, code="GW215", content="a site")
    writer = _Writer(corpus)
    with replacing(out, MARKER, code="GW215") as new_folder:
        counts = writer.write(new_folder, advance or (lambda _: None))
        size = sum(path.stat().st_size for path in new_folder.rglob("*") if path.is_file())
    return Site(
        folder=out,
        articles=len(writer.ids),
        readings=counts.readings,
        spans=counts.spans,
        frames=tuple(writer.frames),
        files=counts.rows,
        bytes=size,
        local=writer.local,
        draft=writer.draft,
    )


class _Table(NamedTuple):
    """A table of the site: its name, what is in it, its columns."""

    name: str
    words: str
    columns: Sequence[str]

    def files(self, folder: Path) -> csv_tables.TableFiles:
        """Its files below a site's folder."""
        csv_file, script = folder / f"tables/{self.name}.csv", folder / f"data/table-{self.name}.js"
        return csv_tables.TableFiles(self.name, self.columns, csv_file, script)


class _Counts:
    """What is counted while articles go by: all readings and spans, of those chosen labels and relations; at
    the end the rows of each table."""

    def __init__(self) -> None:
        self.readings = self.spans = 0
        self.labels: Counter[tuple[str, str]] = Counter()
        self.layers: Counter[str] = Counter()
        self.relations: Counter[str] = Counter()
        self.rows: dict[str, int] = {}

    def add(self, article: Article) -> Counter[str]:
        """Count an article; returns the spans of its chosen reading by layer."""
        self.readings += len(article.annotations)
        self.spans += sum(len(annotation.spans) for annotation in article.annotations)
        chosen = curated(article.annotations)
        if chosen is None:
            return Counter()
        labels = Counter((span.layer, span.label) for span in chosen.spans)
        self.labels.update(labels)
        layers: Counter[str] = Counter()
        for (layer, _), number in labels.items():
            layers[layer] += number
        self.layers.update(layers)
        self.relations.update(relation.label for relation in chosen.relations)
        return layers


class _Writer:
    """One site in the making. Articles are read three times: what they are, who is in them, their pages."""

    def __init__(self, corpus: Corpus) -> None:
        project = corpus.project
        self.corpus, self.schema, self.articles = corpus, corpus.schema, corpus.articles
        self.frames = project_frames(project, self.schema)
        self.entries: Entries = registry_entries(self.schema, project.schema_path.parent)
        self.ids: list[str] = []
        annotators: set[str] = set()
        statuses = StatusCounts()
        rule, self.local = redistribution(project), False
        for article in self.articles:
            self.ids.append(article.document.id)
            self.local = self.local or not rule.allows(article.document)
            annotators.update(a.annotator for a in article.annotations)
            if (chosen := curated(article.annotations)) is not None:
                statuses.add(chosen)
        self.files = file_names(self.ids)
        self.annotators = sorted(annotators)
        self.graph: EventGraph = gather(self.articles, self.schema, self.frames, self.entries)
        self.draft = statuses.draft
        self.language = project.language
        self.templates = page_templates("goldwire.corpus.browse")
        self.classes = page_data.mark_classes(self.schema)
        direct = bool(page_data.direct_relations(self.schema))
        listed = [("index", "index.html", "Articles")]
        if any(frame.dated for frame in self.frames):
            listed.append(("timeline", "timeline.html", "Timeline"))
        if direct or any(frame.target for frame in self.frames):
            listed.append(("graph", "graph.html", "Graph"))
        listed += [("tables", "tables.html", "Tables"), ("labels", "labels.html", "Labels")]
        self.about = {
            "name": project.name,
            "title": project.setting("project", "title", project.name),
            "title_language": project.language,
            "version": corpus.version,
            "generator": __version__,
            "schema": self.schema.id,
            "content": corpus.content_hash(),
            "pages": listed,
            "status": statuses.in_words(),
            "draft": self.draft,
            "local": self.local,
        }

    def write(self, folder: Path, advance: Callable[[int], None]) -> _Counts:
        """All files; returns what was counted."""
        names = {key for key, _, _ in self.about["pages"]}
        for name in ("articles", "data"):
            (folder / name).mkdir()
        self.assets(folder, bool(names & {"timeline", "graph"}))
        counts = _Counts()
        listing = ArticleList(
            folder, self.page, self.href, self.schema, self.annotators, len(self.articles), self.language
        )
        drawn = FrameFiles(self.frames, self.graph, self.language)
        with closing(listing), closing(drawn):
            with ExitStack() as opened:
                tables = [opened.enter_context(table.files(folder)) for table in self.tables()]
                for number, article in enumerate(self.articles):
                    self.article(folder, number, article)
                    listing.add(article, counts.add(article))
                    rows = list(self.graph.rows(number, article))
                    for frame, table in zip(self.frames, tables, strict=False):
                        table.add(csv_tables.rows_of(article, rows, self.schema, frame, self.graph))
                    tables[-2].add(csv_tables.mention_rows(article, self.schema))
                    tables[-1].add(csv_tables.relation_rows(article))
                    drawn.add(rows, self.graph.links(number, article))
                    advance(1)
            readers = f"by {len(self.annotators)}"
            tiles = [("articles", len(self.ids), ""), ("readings", counts.readings, readers)]
            tiles += [(self.title(layer), counts.layers[layer], layer) for layer in self.schema.layers]
            listing.write(tiles)
            if names & {"timeline", "graph"}:
                self.drawings(folder, names, drawn.write(folder / "data", self.articles, self.href))
        self.table_page(folder, tables)
        self.labels(folder, counts)
        marker = {"name": self.about["name"], "version": self.about["version"], "goldwire": __version__}
        write_text(folder / MARKER, json.dumps({**marker, "content": self.about["content"]}) + "\n")
        sync()
        counts.rows = {table.name: files.rows for table, files in zip(self.tables(), tables, strict=True)}
        return counts

    def href(self, document: str) -> str:
        """The address of an article's page, in the folder of these."""
        return quote(f"{self.files[document]}.html")

    def file(self, frame: Frame) -> str:
        """The name of a frame's table, which never is that of another table."""
        return f"layer-{frame.layer}" if frame.layer in ("mentions", "relations") else frame.layer

    def title(self, layer: str) -> str:
        """A layer's title."""
        return self.schema.layers[layer].title

    def page(self, folder: Path, key: str, *, at: str = "", **content: Any) -> None:
        """One page from its template."""
        path = at or f"{key}.html"
        template = self.templates.get_template(f"{key}.html.j2")
        root = "../" * path.count("/")
        page = render_page(template, with_files=True, site=self.about, page=key, root=root, **content)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(page.encode())

    def assets(self, folder: Path, framed: bool) -> None:
        """Style sheets, scripts, the library with its licence."""
        static = resources.files("goldwire.corpus.browse").joinpath("static")
        for name in (*_ASSETS, "tables.js", *(_FRAMED if framed else ())):
            write_bytes(folder / "assets" / name, static.joinpath(name).read_bytes())
        if framed:
            for file in static.joinpath("echarts").iterdir():
                write_bytes(folder / "assets/echarts" / file.name, file.read_bytes())
        write_text(folder / "assets/labels.css", page_data.label_css(self.schema))
        schema = page_data.schema_payload(self.schema, self.frames)
        write_text(folder / "assets/schema.js", page_data.script("schema", schema))

    def article(self, folder: Path, number: int, article: Article) -> None:
        """The page of one article."""
        document, chosen = article.document, curated(article.annotations)
        language = str(document.meta.get("language") or self.language)
        shown = [a for a in article.annotations if a.status != "skipped"]
        payload = page_data.article_payload(article, shown, self.schema, self.entries, language)
        readings = [
            {
                "annotator": annotation.annotator,
                "status": annotation.status,
                "chosen": annotation is chosen,
                "html": Markup(render(document.text, annotation.spans, self.classes, f"r{index}-")),
            }
            for index, annotation in enumerate(shown)
        ]
        used = {(span.layer, span.label) for annotation in shown for span in annotation.spans}
        meta = document.meta
        listed = [meta.get("source"), meta.get("published"), document.id, meta.get("licence")]
        skipped = [a.annotator for a in article.annotations if a.status == "skipped"]
        listed += [f"skipped by {', '.join(skipped)}"] if skipped else []
        self.page(
            folder,
            "article",
            at=f"articles/{self.files[document.id]}.html",
            document={
                "title": page_data.title_of(article),
                "about": [str(part) for part in listed if part],
            },
            language=language,
            schema_language=self.schema.language,
            readings=readings,
            plain=Markup(render(document.text, (), self.classes, "")) if not readings else "",
            layers=layer_list(self.schema, used),
            frames=[
                {"layer": f.layer, "title": self.title(f.layer)}
                for f in self.frames
                if any(layer == f.layer for layer, _ in used)
            ],
            before=self.href(self.ids[number - 1]) if number else "",
            after=self.href(self.ids[number + 1]) if number + 1 < len(self.ids) else "",
            data=Markup(page_data.dumps(payload)),
        )

    def tables(self) -> list[_Table]:
        """The tables: one for each frame, in their order, then all mentions and all relations."""
        listed = []
        for frame in self.frames:
            ends = " and ".join(name for role, name in frame.named() if role in ("source", "target"))
            words = f"{self.title(frame.layer)}: one row for each {ends} of each mention."
            columns = csv_tables.frame_columns(self.schema, frame)
            listed.append(_Table(self.file(frame), words, columns))
        words = "Every span of every reading, with its attributes."
        listed.append(_Table("mentions", words, csv_tables.mention_columns(self.schema)))
        words = "Every relation, with both its spans."
        return [*listed, _Table("relations", words, csv_tables.RELATION_COLUMNS)]

    def table_page(self, folder: Path, written: Sequence[csv_tables.TableFiles]) -> None:
        """The page of the tables."""
        listed = [
            {"name": f"{table.name}.csv", "stem": table.name, "words": table.words, "rows": files.rows}
            | {"size": f"{amount(round(files.bytes / 1024))} kB"}
            for table, files in zip(self.tables(), written, strict=True)
        ]
        self.page(folder, "tables", files=listed)

    def drawings(self, folder: Path, names: set[str], drawn: Mapping[str, Drawn]) -> None:
        """The pages of timeline and graph."""
        if "timeline" in names:
            dated = [frame for frame in self.frames if frame.dated]
            words = f"What happens, by the layer {' and '.join(self.title(f.layer) for f in dated)}."
            self.page(
                folder,
                "timeline",
                words=words,
                annotators=self.annotators,
                file=f"{self.file(dated[0])}.csv",
                drawn=drawn["timeline"],
            )
        if "graph" in names:
            frames = self.graph_frames()
            self.page(folder, "graph", annotators=self.annotators, frames=frames, drawn=drawn["graph"])

    def labels(self, folder: Path, counts: _Counts) -> None:
        """The schema's labels with their definitions and counts."""
        roles = {name: f"{role} of {f.layer}" for f in self.frames for role, name in f.named()}
        relations = [
            {"code": code, "name": kind.name, "definition": kind.definition, "count": counts.relations[code]}
            | {"role": roles.get(code, "")}
            for code, kind in self.schema.relations.items()
        ]
        layers = layer_list(self.schema, counts=counts.labels)
        self.page(folder, "labels", layers=layers, relations=relations, schema_language=self.schema.language)

    def graph_frames(self) -> list[dict[str, Any]]:
        """What the graph can show, in words; the index is the scripts'."""
        shown = [
            {
                "index": index,
                "layer": frame.layer,
                "words": f"{self.title(frame.layer)}: {frame.source} → {frame.target}",
                "file": f"{self.file(frame)}.csv",
            }
            for index, frame in enumerate(self.frames)
            if frame.source and frame.target
        ]
        if direct := page_data.direct_relations(self.schema):
            shown.append(
                {"index": len(self.frames), "layer": "relation", "words": ", ".join(direct)}
                | {"file": "relations.csv"}
            )
        return shown
