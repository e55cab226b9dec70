"""Scoring files: which annotations are paired, by which schema, beside which agreement."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from goldwire.annotations.spool import ArticleSelection, documents_of
from goldwire.annotations.store import Read, project_articles
from goldwire.corpus.split.io import on_sides, split_path, stored_split
from goldwire.errors import GoldwireError
from goldwire.eval.scoring.alignment import side_by_side
from goldwire.eval.scoring.pairing import Paired, pair_up, stories, unseen_pairs
from goldwire.eval.scoring.score_figures import Scores
from goldwire.eval.scoring.scores import score
from goldwire.files import sha256
from goldwire.formats.edges import padded_note, trimmed_note
from goldwire.model import Article, curated
from goldwire.project import Project, find_project
from goldwire.schemas import Schema, load_schema


def score_articles(
    gold: Sequence[Article],
    pred: Sequence[Article],
    *,
    schema: Schema | None = None,
    agreement_path: Path | None = None,
    layers: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    project: Project | None = None,
    trained_on: bool = False,
    ignore_space: bool = False,
    sides: Sequence[str] = (),
    entities: str | None = None,
) -> tuple[Scores, Sequence[Paired]]:
    """The scores of `pred` against `gold`, with the readers' agreement where it is known, and the pairs.

    Documents are matched as `side_by_side` does. Those that the model was trained on are left out, unless
    `trained_on` (see `unseen_pairs`). Agreement comes from `agreement_path`, else from the readings that
    `gold` holds, else from the `project`. `entities` as in `score`. With `sides` documents on these sides of
    the split of the project here are scored.
    """
    aligned = side_by_side((gold, pred), ("gold", "the prediction"), layers=layers, ignore_space=ignore_space)
    as_read = aligned.sides  # these know what was not kept
    gold, pred = sided(aligned.sides, sides)
    (paired,), note = unseen_pairs(pair_up(gold, pred), trained_on=trained_on)
    scores = score(
        [(pairing.gold, pairing.pred) for pairing in paired],
        layers=layers,
        resamples=resamples,
        seed=seed,
        groups=stories(pairing.document for pairing in paired),
        strict_layers=True,
        schema=project_schema(paired) if schema is None else schema,
        documents=[pairing.document for pairing in paired],
        entities=entities,
    )
    notes = [*aligned.notes, note]
    for whose, articles, annotated in (
        ("the reference", as_read[0], [(document.text, reference) for document, reference, _ in paired]),
        ("the predictions", as_read[1], [(document.text, prediction) for document, _, prediction in paired]),
    ):
        notes += [trimmed_note(articles.lost, whose), padded_note(annotated, whose)]
    scores = dataclasses.replace(scores, warnings=(*filter(None, notes), *scores.warnings))
    scores = with_agreement(scores, paired, gold, agreement_path)
    if scores.agreement is None and project is not None:
        scores = in_project(scores, paired, project, None)
    return scores, paired


def sided(readings: Sequence[Sequence[Article]], sides: Sequence[str]) -> list[Sequence[Article]]:
    """Of each reading the articles on `sides` of the split that the project here keeps; all where no side is
    named.

    Raises GW910 where there is no project, GW430 for a side that its split has not.
    """
    if not sides:
        return list(readings)
    project = find_project()
    split, where = stored_split(project), str(split_path(project))
    chosen: list[Sequence[Article]] = []
    for articles in readings:
        ids = [article.document.id for article in articles]
        wanted, _ = on_sides(split, ids, sides, where)
        chosen.append(ArticleSelection(articles, [place for place, name in enumerate(ids) if name in wanted]))
    return chosen


def with_agreement(
    scores: Scores, paired: Sequence[Paired], readings: Sequence[Article], path: Path | None = None
) -> Scores:
    """The scores beside the agreement in the file, or of the readings; as they are without two readings."""
    if path is None and not any(len(article.annotations) > 1 for article in readings):
        return scores
    from goldwire.eval.agreement.ceiling import ceiling_of, read_ceiling

    agreement = (
        ceiling_of(readings, (pairing.gold for pairing in paired), scores)
        if path is None
        else read_ceiling(path, scores)
    )
    return dataclasses.replace(scores, agreement=agreement)


def project_here() -> Project | None:
    """The project that the working folder lies in, if any."""
    try:
        return find_project()
    except GoldwireError:
        return None


def corpus_stamp(path: Path, gold: Iterable[Article]) -> dict[str, str]:
    """What `gold`, read from `path`, is: name, version and `content_hash` of the corpus of the project here
    where all of it is of that corpus, else the file's name and `sha256`, as `goldwire train --data` says it.

    What can be read once only (a pipe) is hashed as it is written again.
    """
    from goldwire.annotations.line import dumps
    from goldwire.corpus.corpus import load_corpus

    project = project_here()
    if project is not None:
        try:
            corpus = load_corpus(project)
        except GoldwireError:
            corpus = None  # what is wrong with a project says nothing of the files
        if corpus is not None and gold and _of_corpus(gold, corpus.articles):
            return {
                "name": project.name,
                "version": corpus.version,
                "content_hash": corpus.content_hash(),
            }
    if path.is_file():
        with path.open("rb") as stream:
            hashed = hashlib.file_digest(stream, "sha256").hexdigest()
    else:
        hashed = sha256(b"".join(dumps(article) + b"\n" for article in gold))
    return {"name": path.stem, "version": "0.0.0", "sha256": hashed}


def _of_corpus(gold: Iterable[Article], articles: Sequence[Article]) -> bool:
    """Whether all of gold is of these articles."""
    places = {article.document.id: place for place, article in enumerate(articles)}
    return all(
        (place := places.get(article.document.id)) is not None and _same(article, articles[place])
        for article in gold
    )


def _same(article: Article, corpus_article: Article) -> bool:
    """Whether two articles have the same text and the same reference, wherever their files come from."""
    if article.document.text != corpus_article.document.text:
        return False
    mine, theirs = curated(article.annotations), curated(corpus_article.annotations)
    if mine is None or theirs is None:
        return mine is theirs
    content = [(a.annotator, a.schema, a.status, a.spans, a.relations) for a in (mine, theirs)]
    return content[0] == content[1]


def schema_here() -> Schema | None:
    """The schema of the project here, if any."""
    project = project_here()
    return load_schema(project.schema_path) if project is not None and project.schema_path.is_file() else None


def project_schema(paired: Sequence[Paired]) -> Schema | None:
    """The schema of the project here, where all of gold follows it; else None."""
    schema = schema_here()
    follows = schema is not None and all(pairing.gold.schema == schema.id for pairing in paired)
    return schema if follows else None


def in_project(
    scores: Scores, paired: Sequence[Paired], project: Project, path: Path | None, read: Read | None = None
) -> Scores:
    """The scores beside the agreement in the file at `path`, else of the project's stored readings, else in
    its `eval/agreement.json` where that is of these documents; as they are where there is none of these.
    `read` as in `project_readings`."""
    from goldwire.eval.agreement.ceiling import is_about

    readings = project_readings(project, scores, read) if path is None else []
    stored = project.eval / "agreement.json"
    read_twice = any(len(article.annotations) > 1 for article in readings)
    if path is None and not read_twice and stored.is_file() and is_about(stored, scores):
        path = stored
    return with_agreement(scores, paired, readings, path)


def project_readings(project: Project, scores: Scores, read: Read | None = None) -> Sequence[Article]:
    """The project's articles that were scored, with their stored annotations; none where it stores none.

    `read` gives the project's articles where more than this needs them, so that they are read once.
    """
    if not project.annotations.is_dir():
        return []
    wanted, articles = set(scores.documents), read() if read is not None else project_articles(project)
    places = [n for n, document in enumerate(documents_of(articles)) if document.id in wanted]
    return ArticleSelection(articles, places)
