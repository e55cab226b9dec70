"""What a run came to, kept so that a later run can be tested against it: `eval/baseline.json`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from goldwire import __version__, strict_json
from goldwire.errors import GoldwireError, one_of
from goldwire.eval.counts.counts import Counts, Interval, LabelCounts
from goldwire.eval.counts.significance import spread
from goldwire.eval.matching.spans import FloatArray
from goldwire.eval.scoring.pairing import Paired, pair_up, stories, unseen
from goldwire.eval.scoring.results import Scores
from goldwire.eval.scoring.scores import score
from goldwire.files import read_text, sha256, write_text
from goldwire.model import Annotation, Span, pairs

FORMAT = "goldwire baseline 1"
#: Differences up to this are the rounding of floating point.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Baseline:
    """Counts of one part of a run, (documents × labels × tp, fp, fn), and what they rest on.

    `layer` names the part (see `counts_of`), `kind` how it is matched, `run` the folder of reports that it
    comes from. `corpus` is name, version and content hash; `groups` the story of each document, where any has
    one; `hashes` the SHA-256 of each document's text and of the part's reference, where they are known.
    """

    layer: str
    labels: tuple[str, ...]
    documents: tuple[str, ...]
    counts: FloatArray
    f1: float | None
    ci95: Interval | None
    corpus: dict[str, str]
    schema: tuple[str, ...]
    seed: int
    config: dict[str, Any]
    reference: str
    groups: tuple[str, ...] | None = None
    hashes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    kind: str = "exact"
    run: str = ""

    @property
    def total(self) -> Counts:
        """All labels and documents together."""
        return Counts(*(int(value) for value in self.counts.sum(axis=(0, 1))))

    @property
    def corpus_in_words(self) -> str:
        """Name, version and the start of the content hash."""
        return f"{self.corpus['name']} {self.corpus['version']} ({self.corpus['content_hash'][:12]})"

    def of(self, label: str) -> Counts:
        """One label over all documents."""
        if label not in self.labels:
            return Counts()
        return Counts(*(int(value) for value in self.counts[:, self.labels.index(label)].sum(axis=0)))

    def supports(self) -> dict[str, dict[str, float]]:
        """Reference spans by document and label, where there are any."""
        return {
            name: {
                label: cell[0] + cell[2]
                for label, cell in zip(self.labels, row, strict=True)
                if cell[::2].any()
            }
            for name, row in zip(self.documents, self.counts, strict=True)
        }

    def only(self, documents: Collection[str]) -> Baseline:
        """The same, of some documents alone; its interval is not known then."""
        if len(documents) == len(self.documents):
            return self
        places = [index for index, name in enumerate(self.documents) if name in documents]
        counts = self.counts[places]
        return dataclasses.replace(
            self,
            documents=tuple(self.documents[index] for index in places),
            counts=counts,
            f1=Counts(*(int(value) for value in counts.sum(axis=(0, 1)))).f1,
            ci95=None,
            groups=tuple(self.groups[index] for index in places) if self.groups else None,
        )

    def as_label_counts(self) -> LabelCounts:
        """As the tests take it."""
        return LabelCounts(self.labels, self.counts, self.counts)

    def as_json(self) -> dict[str, Any]:
        """The form of `eval/baseline.json`; labels that a document lacks on both sides are left out."""
        total = self.total
        per_document = {
            name: {
                label: [int(value) for value in cell]
                for label, cell in zip(self.labels, row, strict=True)
                if cell.any()
            }
            for name, row in zip(self.documents, self.counts, strict=True)
        }
        figures: dict[str, Any] = {
            "format": FORMAT,
            "reference": self.reference,
            "layer": self.layer,
            "kind": self.kind,
            "micro": {
                "tp": total.tp,
                "fp": total.fp,
                "fn": total.fn,
                "precision": total.precision,
                "recall": total.recall,
                "f1": self.f1,
                "ci95": list(self.ci95) if self.ci95 else None,
            },
            "corpus": self.corpus,
            "schema": list(self.schema),
            "config": self.config,
            "seed": self.seed,
            "goldwire": __version__,
            "documents": per_document,
        }
        if self.hashes:
            figures["hashes"] = {
                kind: {name: self.hashes[name][index] for name in self.documents}
                for index, kind in enumerate(("text", "reference"))
            }
        figures |= {"run": self.run} if self.run else {}
        return figures | ({"stories": list(self.groups)} if self.groups else {})


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline, a line for each document, so that a diff of it can be read."""
    figures = baseline.as_json()
    documents = figures.pop("documents")
    head = json.dumps(figures, ensure_ascii=False, indent=1)[:-2]
    lines = [
        f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(labels, ensure_ascii=False)}"
        for name, labels in documents.items()
    ]
    write_text(path, head + ',\n "documents": {\n' + ",\n".join(lines) + "\n }\n}\n")


def read_baseline(path: Path) -> Baseline:
    """Read a baseline; raises GW532 where there is none, GW536 where it is not one."""
    hint = "make it with: goldwire eval gate --update, and commit it"
    if not path.exists():
        raise GoldwireError.of("GW532", "there is no baseline to compare with", where=str(path), hint=hint)
    try:
        return parse(read_text(path))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        why = f": {error}" if isinstance(error, strict_json.NotStrict) else ""
        raise GoldwireError.of("GW536", f"not a baseline{why}", where=str(path), hint=hint) from None


def parse(text: str) -> Baseline:
    """A baseline's text; raises what `from_json` raises, also for names that no file can hold."""
    figures = strict_json.loads(text)
    json.dumps(figures, ensure_ascii=False).encode()  # halves of characters are a ValueError
    return from_json(figures)


def from_json(figures: Mapping[str, Any]) -> Baseline:
    """The inverse of `Baseline.as_json`; F1 is derived from the counts.

    Raises ValueError, KeyError, TypeError or OverflowError for another form, for counts below zero, and where
    the stored F1 does not follow from the counts.
    """
    if figures["format"] != FORMAT:
        raise ValueError(figures["format"])
    documents: dict[str, dict[str, list[int]]] = figures["documents"]
    labels = tuple(sorted({label for by_label in documents.values() for label in by_label}))
    counts = np.zeros((len(documents), len(labels), 3))
    for number, by_label in enumerate(documents.values()):
        for label, cell in by_label.items():
            counts[number, labels.index(label)] = cell
    if not (np.isfinite(counts) & (counts >= 0)).all():
        raise ValueError("counts")
    f1 = Counts(*(int(value) for value in counts.sum(axis=(0, 1)))).f1
    micro = figures["micro"]
    if not _same(micro["f1"], f1):
        raise ValueError(micro["f1"])
    ci95 = micro["ci95"]
    groups = figures.get("stories")
    hashed = figures.get("hashes") or {}
    hashes = {
        name: (str(hashed["text"][name]), str(hashed["reference"][name])) for name in documents if hashed
    }
    if groups and len(groups) != len(documents):
        raise ValueError("stories")
    return Baseline(
        layer=str(figures["layer"]),
        labels=labels,
        documents=tuple(documents),
        counts=counts,
        f1=f1,
        ci95=(float(ci95[0]), float(ci95[1])) if ci95 else None,
        corpus={name: str(figures["corpus"][name]) for name in ("name", "version", "content_hash")},
        schema=tuple(figures["schema"]),
        seed=int(figures["seed"]),
        config=dict(figures["config"]),
        reference=str(figures["reference"]),
        groups=tuple(map(str, groups)) if groups else None,
        hashes=hashes,
        kind=str(figures.get("kind", "exact")),
        run=str(figures.get("run", "")),
    )


def _same(stored: float | None, derived: float | None) -> bool:
    """Whether a stored figure is the derived one, but for rounding; nan never is."""
    if stored is None or derived is None:
        return stored is derived
    return abs(stored - derived) <= ROUNDING


@dataclass(frozen=True)
class Measured:
    """A run: in the form of a baseline, its scores, and the documents with both readings.

    `name` is the run's (`ner`, `all`, its layers), `of_project` whether it was on a project's annotations,
    `note` says of how many documents the model was trained on, where there are any.
    """

    as_baseline: Baseline
    scores: Scores
    paired: tuple[Paired, ...]
    name: str = ""
    of_project: bool = False
    note: str = ""


#: What stands for all relations of a run, where no layer is called so.
RELATIONS = "relations"


def counts_of(scores: Scores, part: str) -> tuple[str, LabelCounts] | None:
    """The counts of a part of what was scored, and how it is matched; None where there are none.

    A part is a layer (exact), `relations` (strict), or whole structures as LAYER:KIND (strict, overlap,
    tuples).
    """
    if part in scores.layers:
        return "exact", scores.layers[part]["exact"]
    if part == RELATIONS and scores.relations is not None:
        return "strict", scores.relations
    layer, _, kind = part.rpartition(":")
    found = next((counts for name, counts in scores.structures.get(layer, {}).items() if name == kind), None)
    return None if found is None else (kind, found)


def parts_of(scores: Scores) -> list[str]:
    """All parts that a run can be gated on."""
    whole = [f"{layer}:{kind}" for layer, kinds in scores.structures.items() for kind in kinds]
    return [*scores.layers, *([RELATIONS] if scores.relations is not None else []), *whole]


def measure(path: Path, *, of: str = "", trained_on: bool = False) -> Measured:
    """What `goldwire train` left: `scores.json` at `path`, `gold.jsonl` and `predictions.jsonl` beside it.

    `of` names the part that counts (see `counts_of`; default: the run's own layer). Counts per document are
    taken from the articles and held against the file; documents that the model was trained on are left out
    then, unless `trained_on` (see `unseen`). Raises GW535 where there is no scores.json, or it says nothing
    of layer or corpus, GW537 where the articles beside it give other figures, GW746 where the run has no such
    part.
    """
    from goldwire.formats.jsonl import read_jsonl

    hint = "run it again: goldwire train ner"
    if not path.exists():
        raise GoldwireError.of("GW535", "there are no scores", where=str(path), hint="goldwire train ner")
    try:
        figures = strict_json.loads(read_text(path))
        part = of or str(figures["layer"])
        layers = [part] if not of else list(figures["layers"])
        micro = _stored(figures, part) if of else figures["layers"][part]["exact"]["micro"]
        corpus = figures["corpus"]
        corpus_identity = {
            "name": str(corpus.get("name", "")),
            "version": str(corpus.get("version", "")),
            "content_hash": str(corpus.get("content_hash") or corpus["sha256"]),
        }
        resamples, seed = int(figures["resamples"]), int(figures["seed"])
        schema, config = tuple(figures["schema"]), dict(figures.get("config", {}))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        twice = isinstance(error, strict_json.NotStrict)
        why = str(error) if twice else "layer, corpus and figures are expected in it"
        message = f"not the scores of a training run: {why}"
        raise GoldwireError.of("GW535", message, where=str(path), hint=hint) from None
    paired = pair_up(
        read_jsonl(path.with_name("gold.jsonl")), read_jsonl(path.with_name("predictions.jsonl"))
    )

    def scored(pairs: Sequence[Paired]) -> Scores:
        readings = [(pairing.gold, pairing.pred) for pairing in pairs]
        groups = stories(pairing.document for pairing in pairs)
        return score(readings, layers=layers, resamples=resamples, seed=seed, groups=groups)

    scores = scored(paired)
    counted = counts_of(scores, part)
    if counted is None or micro is None:
        message = f"the run has no `{part}` to gate"
        raise GoldwireError.of("GW746", message, where=str(path), hint=one_of(parts_of(scores)))
    total = counted[1].total()
    if [total.tp, total.fp, total.fn] != [micro["tp"], micro["fp"], micro["fn"]]:
        message = "gold.jsonl and predictions.jsonl beside it give other figures"
        raise GoldwireError.of("GW537", message, where=str(path), hint=hint)
    (fresh,), note = unseen(paired, trained_on=trained_on)
    if len(fresh) < len(paired):
        paired, scores = fresh, scored(fresh)
    groups = stories(pairing.document for pairing in paired)
    kind, counts = counts_of(scores, part) or counted
    figure = counts.micro()
    baseline = Baseline(
        layer=part,
        kind=kind,
        run=path.resolve().parent.name if of else "",
        labels=counts.labels,
        documents=scores.documents,
        counts=counts.counts,
        f1=figure.counts.f1,
        ci95=figure.ci95,
        corpus=corpus_identity,
        schema=schema,
        seed=seed,
        config=config,
        reference=scores.reference,
        groups=tuple(groups) if groups else None,
        hashes={
            document.id: (sha256(document.text), reference_hash(gold, part, kind))
            for document, gold, _ in paired
        },
    )
    name, of_project = str(figures.get("run", "")), bool(corpus.get("content_hash"))
    return Measured(baseline, scores, tuple(paired), name, of_project, note)


def _stored(figures: Mapping[str, Any], part: str) -> Mapping[str, Any] | None:
    """The micro figures of a part as the run wrote them; None where it wrote none."""
    layer, _, kind = part.rpartition(":")
    found = (
        figures["layers"].get(part, {}).get("exact")
        or (figures.get(RELATIONS) if part == RELATIONS else None)
        or figures.get("structures", {}).get(layer, {}).get(kind)
    )
    return found["micro"] if found else None


def reference_hash(annotation: Annotation, part: str, kind: str = "exact") -> str:
    """The SHA-256 of what the counts of a part rest on, in any order: spans with their labels, and where they
    are more than a layer's, relations with their ends."""
    layer = part if kind == "exact" else part.rpartition(":")[0]
    marks: list[Any] = sorted([span.start, span.end, span.label] for span in annotation.layer(layer))
    if kind != "exact":
        ends = ((r.label, *_end(head), *_end(tail)) for r, head, tail in pairs(annotation))
        marks.append(sorted(map(list, ends)))
    return sha256(json.dumps(marks))


def _end(span: Span) -> tuple[str, int, int, str]:
    return span.layer, span.start, span.end, span.label


def wide(first: Baseline, second: Baseline) -> tuple[Sequence[str], FloatArray, FloatArray]:
    """The labels of both, and the counts of both with these labels, documents in the order of the first."""
    labels = tuple(sorted({*first.labels, *second.labels}))
    places = {name: row for row, name in enumerate(second.documents)}
    order = [places[name] for name in first.documents]
    wider, others = (spread(baseline.as_label_counts(), labels) for baseline in (first, second))
    return labels, wider, others[order]
