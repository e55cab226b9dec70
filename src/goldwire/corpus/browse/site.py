"""Write a corpus as a static site: nothing but files, no network at view time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from goldwire import __version__
from goldwire.corpus.browse import csv_tables, page_data
from goldwire.corpus.browse.argument_roles import Frame, project_frames
from goldwire.corpus.browse.events import Entries, EventGraph, gather, registry_entries
from goldwire.corpus.browse.lists import layer_list, status_in_words
from goldwire.corpus.redistribution import redistribution
from goldwire.figures import amount
from goldwire.files import file_names, write_bytes, write_text
from goldwire.folders import check_ours, replacing
from goldwire.html.templates import page_templates, render_page
from goldwire.model import Article, curated
from goldwire.span_drawing import render

if TYPE_CHECKING:
    from goldwire.corpus.corpus import Corpus

#: The file that says which files of a folder are a site of ours, and may be written anew.
MARKER = "goldwire-site.json"
_ASSETS = ("site.css", "site.js", "table.js", "index.js", "arcs.js", "article.js")
_FRAMED = ("timeline.js", "graph.js")


@dataclass(frozen=True)
class Site:
    """What was written. `files` maps each table to its number of rows."""

    folder: Path
    articles: int
    readings: int
    spans: int
    frames: tuple[Frame, ...]
    files: dict[str, int]
    bytes: int
    local: bool
    draft: bool


def browse(corpus: Corpus, out: Path, *, advance: Callable[[int], None] | None = None) -> Site:
    """Write the site into `out`, whole or not at all; a site that stands there is replaced, file by file.

    `advance` is called with the articles done. Raises GW215 where the folder holds something else, or a
    file that is in the way, GW214 where `[browse]` in goldwire.toml names what the schema lacks.
    """
    out = out.resolve()
    check_ours(out, MARKER, code="GW215", content="a site")
    writer = _Writer(corpus)
    with replacing(out, MARKER, code="GW215") as new_folder:
        site = writer.write(new_folder, advance or (lambda _: None))
        size = sum(path.stat().st_size for path in new_folder.rglob("*") if path.is_file())
    return Site(out, *site, size, writer.local, writer.draft)


class _Writer:
    """One site in the making."""

    def __init__(self, corpus: Corpus) -> None:
        project = corpus.project
        self.corpus, self.schema, self.articles = corpus, corpus.schema, corpus.articles
        self.frames = project_frames(project, self.schema)
        self.entries: Entries = registry_entries(self.schema, project.schema_path.parent)
        self.graph: EventGraph = gather(self.articles, self.schema, self.frames, self.entries)
        files = file_names(a.document.id for a in self.articles)
        self.pages = {name: f"{file}.html" for name, file in files.items()}
        self.hrefs = {name: quote(page) for name, page in self.pages.items()}
        self.annotators = sorted({a.annotator for article in self.articles for a in article.annotations})
        self.local = redistribution(project).withholds(self.articles)
        chosen = [c for article in self.articles if (c := curated(article.annotations)) is not None]
        self.draft = any(annotation.status == "draft" for annotation in chosen)
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
            "schema": self.schema.stamp,
            "content": corpus.content_hash(),
            "pages": listed,
            "status": status_in_words(chosen),
            "draft": self.draft,
            "local": self.local,
        }

    def write(
        self, folder: Path, advance: Callable[[int], None]
    ) -> tuple[int, int, int, tuple[Frame, ...], dict[str, int]]:
        """All files; returns articles, readings, spans, frames and the tables' rows."""
        names = {key for key, _, _ in self.about["pages"]}
        self.assets(folder, bool(names & {"timeline", "graph"}))
        for number, article in enumerate(self.articles):
            self.article(folder, number, article)
            advance(1)
        counts = self.index(folder)
        files = self.tables(folder)
        if names & {"timeline", "graph"}:
            data = page_data.frames_payload(self.articles, self.hrefs, self.frames, self.graph, self.language)
            write_text(folder / "data/frames.js", page_data.script("frames", data))
        if "timeline" in names:
            dated = [frame for frame in self.frames if frame.dated]
            words = f"What happens, by the layer {' and '.join(self.title(f.layer) for f in dated)}."
            self.page(
                folder, "timeline", words=words, annotators=self.annotators, file=f"{self.file(dated[0])}.csv"
            )
        if "graph" in names:
            self.page(folder, "graph", annotators=self.annotators, frames=self.graph_frames())
        self.labels(folder)
        marker = {"name": self.about["name"], "version": self.about["version"], "goldwire": __version__}
        write_text(folder / MARKER, json.dumps({**marker, "content": self.about["content"]}) + "\n")
        spans = sum(len(a.spans) for article in self.articles for a in article.annotations)
        return len(self.articles), counts, spans, tuple(self.frames), files

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
        write_text(folder / path, page)

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
        near = [self.hrefs[a.document.id] for a in self.articles]
        meta = document.meta
        listed = [meta.get("source"), meta.get("published"), document.id, meta.get("licence")]
        skipped = [a.annotator for a in article.annotations if a.status == "skipped"]
        listed += [f"skipped by {', '.join(skipped)}"] if skipped else []
        self.page(
            folder,
            "article",
            at=f"articles/{self.pages[document.id]}",
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
            before=near[number - 1] if number else "",
            after=near[number + 1] if number + 1 < len(near) else "",
            data=Markup(page_data.dumps(payload)),
        )

    def index(self, folder: Path) -> int:
        """The list of articles and what its search reads; returns the number of readings."""
        numbers, annotators = page_data.label_numbers(self.schema), self.annotators
        rows: list[dict[str, Any]] = []
        totals: Counter[str] = Counter()
        for article in self.articles:
            chosen = curated(article.annotations)
            counts = Counter(span.layer for span in chosen.spans) if chosen is not None else Counter[str]()
            totals.update(counts)
            labels = {numbers.get((s.layer, s.label), -1) for a in article.annotations for s in a.spans}
            meta = article.document.meta
            rows.append(
                {
                    "id": article.document.id,
                    "title": page_data.title_of(article),
                    "language": str(meta.get("language") or self.language),
                    "published": str(meta.get("published") or ""),
                    "href": self.hrefs[article.document.id],
                    "labels": " ".join(map(str, sorted(labels))),
                    "annotators": " ".join(str(annotators.index(a.annotator)) for a in article.annotations),
                    "counts": [(layer, counts[layer]) for layer in self.schema.layers],
                    "readings": [(a.annotator, a.status) for a in article.annotations],
                }
            )
        readings = sum(len(article.annotations) for article in self.articles)
        tiles = [("articles", len(self.articles), ""), ("readings", readings, f"by {len(annotators)}")]
        tiles += [(self.title(layer), totals[layer], layer) for layer in self.schema.layers]
        self.page(
            folder, "index", rows=rows, tiles=tiles, layers=layer_list(self.schema), annotators=annotators
        )
        texts = [article.document.text for article in self.articles]
        write_text(folder / "data/texts.js", page_data.script("texts", texts))
        return readings

    def tables(self, folder: Path) -> dict[str, int]:
        """The CSV files, their copies for the page, and the page."""
        tables: list[tuple[str, str, list[str], list[list[csv_tables.Cell]]]] = []
        for frame in self.frames:
            words = "one row for each " + " and ".join(
                name for role, name in frame.named() if role in ("source", "target")
            )
            rows = list(csv_tables.frame_rows(self.articles, self.schema, frame, self.graph))
            columns = csv_tables.frame_columns(self.schema, frame)
            about = f"{self.title(frame.layer)}: {words} of each mention."
            tables.append((self.file(frame), about, columns, rows))
        mentions = list(csv_tables.mention_rows(self.articles, self.schema))
        columns = csv_tables.mention_columns(self.schema)
        tables.append(("mentions", "Every span of every reading, with its attributes.", columns, mentions))
        relations = list(csv_tables.relation_rows(self.articles))
        tables.append(
            ("relations", "Every relation, with both its spans.", csv_tables.RELATION_COLUMNS, relations)
        )
        listed = []
        for name, words, columns, rows in tables:
            data = csv_tables.csv_bytes(columns, rows)
            write_bytes(folder / f"tables/{name}.csv", data)
            script = page_data.dumps({"columns": columns, "rows": rows})
            begin = "(goldwire.tables = goldwire.tables || {})"
            write_text(folder / f"data/table-{name}.js", f"{begin}[{page_data.dumps(name)}] = {script};\n")
            size = f"{amount(round(len(data) / 1024))} kB"
            listed.append(
                {"name": f"{name}.csv", "stem": name, "words": words, "size": size} | {"rows": len(rows)}
            )
        self.page(folder, "tables", files=listed)
        return {name: len(rows) for name, _, _, rows in tables}

    def labels(self, folder: Path) -> None:
        """The schema's labels with their definitions and counts."""
        counts: Counter[tuple[str, str]] = Counter()
        joined: Counter[str] = Counter()
        for article in self.articles:
            chosen = curated(article.annotations)
            if chosen is not None:
                counts.update((span.layer, span.label) for span in chosen.spans)
                joined.update(relation.label for relation in chosen.relations)
        roles = {name: f"{role} of {f.layer}" for f in self.frames for role, name in f.named()}
        relations = [
            {"code": code, "name": kind.name, "definition": kind.definition, "count": joined[code]}
            | {"role": roles.get(code, "")}
            for code, kind in self.schema.relations.items()
        ]
        layers = layer_list(self.schema, counts=counts)
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
