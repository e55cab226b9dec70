"""What a run came to, kept so that a later run can be tested against it: `eval/baseline.json`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from goldwire import __version__, strict_json
from goldwire.errors import GoldwireError
from goldwire.eval.counts.bootstrap import Interval
from goldwire.eval.counts.counts import LabelCounts, MatchCounts
from goldwire.eval.matching.spans import FloatArray
from goldwire.eval.scoring.notes import scored_on
from goldwire.files import read_text, write_text

FORMAT = "goldwire baseline 1"
#: Differences up to this are the rounding of floating point.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Baseline:
    """Counts of one part of a run, (documents × labels × tp, fp, fn), and what they rest on.

    `layer` names the part (see `counts_of`), `kind` how it is matched, `run` the folder of reports that it
    comes from. `corpus` is name, version and content hash; `groups` the story of each document, where any has
    one; `hashes` the SHA-256 of each document's text and of the part's reference, where they are known;
    `test` the side or the file that they are of, empty where articles were left out in turn. `room` says of a
    run how many predictions each document's text can hold; a baseline's file does not keep it.
    """

    layer: str
    labels: tuple[str, ...]
    documents: tuple[str, ...]
    counts: FloatArray
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
    test: Mapping[str, str] = field(default_factory=dict)
    room: Mapping[str, int] = field(default_factory=dict)

    @property
    def label_counts(self) -> LabelCounts:
        """As figures are derived from it, and as the tests take it."""
        return LabelCounts(self.labels, self.counts, self.counts)

    @property
    def total(self) -> MatchCounts:
        """All labels and documents together."""
        return self.label_counts.total()

    @property
    def f1(self) -> float | None:
        """Micro F1."""
        return self.total.f1

    @property
    def corpus_in_words(self) -> str:
        """Name, version and the start of the content hash."""
        return f"{self.corpus['name']} {self.corpus['version']} ({self.corpus['content_hash'][:12]})"

    @property
    def scored_on(self) -> str:
        """How many articles it rests on, and of which test set: `9 articles of the side test`."""
        return scored_on(len(self.documents), self.test)

    def of(self, label: str) -> MatchCounts:
        """One label over all documents."""
        return self.label_counts.of(label) if label in self.labels else MatchCounts()

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

    def predicted(self) -> dict[str, int]:
        """Predictions by document, all labels together."""
        counts = self.counts[:, :, :2].sum(axis=(1, 2))
        return {name: int(count) for name, count in zip(self.documents, counts, strict=True)}

    def only(self, documents: Sequence[str]) -> Baseline:
        """The same, of some documents alone and in their order; its interval is not known then."""
        place_of = {name: place for place, name in enumerate(self.documents)}
        places = [place_of[name] for name in documents]
        return dataclasses.replace(
            self,
            documents=tuple(documents),
            counts=self.counts[places],
            ci95=None,
            groups=tuple(self.groups[index] for index in places) if self.groups else None,
        )

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
                "f1": total.f1,
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
        figures |= {"test": dict(self.test)} if self.test else {}
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
        return _parse(read_text(path))
    except _OTHER_FORM as error:
        why = f": {error}" if isinstance(error, strict_json.NotStrict) else ""
        raise GoldwireError.of("GW536", f"not a baseline{why}", where=str(path), hint=hint) from None


def parsed(text: str) -> Baseline | None:
    """A baseline's text; None where it is of another form."""
    try:
        return _parse(text)
    except _OTHER_FORM:
        return None


_OTHER_FORM = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)


def _parse(text: str) -> Baseline:
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
    ci95 = figures["micro"]["ci95"]
    groups = figures.get("stories")
    hashed = figures.get("hashes") or {}
    hashes = {
        name: (str(hashed["text"][name]), str(hashed["reference"][name])) for name in documents if hashed
    }
    if groups and len(groups) != len(documents):
        raise ValueError("stories")
    baseline = Baseline(
        layer=str(figures["layer"]),
        labels=labels,
        documents=tuple(documents),
        counts=counts,
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
        test=recorded_test_set(figures),
    )
    if not _same(figures["micro"]["f1"], baseline.f1):
        raise ValueError("micro")
    return baseline


def recorded_test_set(figures: Mapping[str, Any]) -> dict[str, str]:
    """The file, and the side where it is one, of the test set that a run's figures are of; empty for none."""
    test = figures.get("test") or {}
    return {name: str(test[name]) for name in ("file", "side") if name in test}


def _same(stored: float | None, derived: float | None) -> bool:
    """Whether a stored figure is the derived one, but for rounding; nan never is."""
    if stored is None or derived is None:
        return stored is derived
    return abs(stored - derived) <= ROUNDING
