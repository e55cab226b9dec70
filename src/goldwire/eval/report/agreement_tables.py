"""Agreement as rows of a table: what was found, what it was called, and both at once, told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from goldwire.eval.agreement.coefficients import Coefficients
from goldwire.eval.agreement.kappa import Share
from goldwire.eval.agreement.results import Agreement, Comparison, LayerAgreement, agreement_why
from goldwire.eval.counts.counts import Figure
from goldwire.eval.report.tables import Row
from goldwire.figures import UNDEFINED, amount, interval, number, percent

#: `asks` says whether a figure is about where the readings mark, what they call it, or both at once.
AGREEMENT_COLUMNS = ["layer", "asks", "what", "value", "95 % interval", "n", "note"]
WHERE, WHAT, BOTH, SAME = "where", "what", "both", "who"
#: Rows of a layer that `eval agree` opens with; the others stand behind --all.
MOST = 12
HEADLINES = {
    *("F1, overlap", "F1, exact", "label accuracy, same extent", "κ, same extent", "α, tokens"),
    *("uα", "cuα", "γ", "γ-cat", "F1, strict", "F1, partial"),
}
_METRICS = {"b_cubed": "B³", "ceaf_e": "CEAF-e", "lea": "LEA"}


def agreement_rows(comparison: Comparison) -> Iterator[Row]:
    """Layer, asks, what, value, interval, n, note: detection, labels, attributes, identity, relations."""
    for layer, found in comparison.layers.items():
        for row in _layer_rows(found):
            yield (layer, *row)
    for kind, counts in comparison.relations.items():
        micro = counts.micro()
        yield ("relations", *_agreed(BOTH, f"F1, {kind}", micro, f"{_size(micro)} relations"))
    if "strict" in comparison.relations:
        for label, figure in comparison.relations["strict"].figures().items():
            yield ("relations", *_agreed(BOTH, f"F1, strict, {label}", figure, f"{_size(figure)} relations"))
    for layer, wholes in comparison.structures.items():
        for whole, counts in wholes.items():
            micro = counts.micro()
            yield (layer, *_agreed(BOTH, f"F1, with arguments, {whole}", micro, f"{_size(micro)} spans"))


def opening(rows: Iterable[Row]) -> list[Row]:
    """The headlines of each layer, at most `MOST`: matching, labels, agreement beyond chance, attributes."""
    kept: list[Row] = []
    taken: Counter[str] = Counter()
    for row in rows:
        layer, _, what, *_ = row
        telling = what in HEADLINES or what.startswith("F1, with arguments") or what.endswith(", equal")
        if telling and taken[layer] < MOST:
            taken[layer] += 1
            kept.append(row)
    return kept


def _layer_rows(found: LayerAgreement) -> Iterator[Row]:
    sizes = " and ".join(map(amount, found.spans.values()))
    more = found.coefficients
    yield _agreed(WHERE, "F1, overlap", found.counts["overlap"].micro(), f"{sizes} spans")
    yield _agreed(WHERE, "F1, boundary", found.counts["boundary"].micro(), f"{sizes} spans")
    if more is not None:
        yield _shared(WHERE, "uα, units alone", more.unitizing.binary)
    yield from _label_rows(found, more)
    yield _agreed(BOTH, "F1, exact", found.counts["exact"].micro(), f"{sizes} spans")
    if found.head is not None:
        yield _agreed(BOTH, "F1, head", found.head.micro(), f"{sizes} spans")
    if more is not None:
        for name, title in (("kappa", "κ"), ("fleiss_kappa", "Fleiss’ κ"), ("alpha", "α")):
            yield _shared(BOTH, f"{title}, tokens", more.tokens[name])
        yield _shared(BOTH, "uα", more.unitizing.u_alpha)
        if (gamma := more.gamma) is not None:
            n = f"{amount(gamma.documents)} × {amount(gamma.samples)} samples"
            yield BOTH, "γ", number(gamma.value), interval(gamma.ci95), n, gamma.why
    for label, figure in found.counts["exact"].figures().items():
        yield _agreed(BOTH, f"F1, exact, {label}", figure, f"{_size(figure)} spans")
    for name, one in found.attributes.items():
        yield from _attribute_rows(name, one)
    for name, scopes in found.identity.items():
        for scope, metrics in scopes.items():
            for metric, share in metrics.items():
                yield _shared(SAME, f"{name}, {scope} documents, {_METRICS[metric]}", share)


def _label_rows(found: LayerAgreement, more: Coefficients | None) -> Iterator[Row]:
    titles = {"accuracy": "label accuracy", "kappa": "κ", "fleiss_kappa": "Fleiss’ κ", "alpha": "α"}
    for where, shares in found.labels.items():
        for name, share in shares.items():
            yield _shared(WHAT, f"{titles[name]}, {where.replace('_', ' ')}", share)
    if more is not None:
        yield _shared(WHAT, "cuα", more.unitizing.cu_alpha)
        if (gamma := more.gamma) is not None:
            yield WHAT, "γ-cat", number(gamma.cat), interval(gamma.cat_ci95), "", gamma.cat_why


def _attribute_rows(name: str, one: dict[str, Any]) -> Iterator[Row]:
    n = f"{amount(one['pairs'])} pairs"
    if not one["pairs"]:
        yield WHAT, f"{name}, equal", UNDEFINED, UNDEFINED, n, "no matched span bears it"
        return
    ci95 = (one["ci95"][0], one["ci95"][1]) if one["ci95"] else None
    why = one.get("why", "")
    yield WHAT, f"{name}, equal", number(one["equal"]), interval(ci95), n, "" if ci95 else why
    yield WHAT, f"{name}, κ", number(one["kappa"]), "", n, why if one["kappa"] is None else ""
    for key, title in (("fleiss_kappa", "Fleiss’ κ"), ("alpha", "α")):
        if key in one:
            why = "only one value on equal extents" if one[key] is None else ""
            yield WHAT, f"{name}, {title}", number(one[key]), "", "", why


def agreement_notes(agreement: Agreement) -> list[str]:
    """What the figures leave out, and how the sampled ones were sampled."""
    notes = []
    for layer, found in agreement.pooled.layers.items():
        more = found.coefficients
        if more is None:
            continue
        if more.left_out:
            notes.append(
                f"`{layer}`: {more.left_out} nested interval(s) are left out of κ and α on tokens and of uα"
            )
        gamma = more.gamma
        if gamma is not None and gamma.precision is not None:
            drawn = f"{amount(gamma.samples)} sample(s) of each of {amount(gamma.documents)} document(s)"
            error = f"± {percent(gamma.precision, 1)}"
            notes.append(f"`{layer}`: chance for γ is sampled: {drawn}, expected disorder {error}")
    return notes


def _agreed(asks: str, what: str, found: Figure, n: str) -> Row:
    return asks, what, number(found.counts.f1), interval(found.ci95), n, agreement_why(found)


def _shared(asks: str, what: str, share: Share) -> Row:
    n = f"{amount(share.pairs)} {share.unit.replace('_', ' ')}"
    return asks, what, number(share.value), interval(share.ci95), n, share.why


def _size(found: Figure) -> str:
    return amount(found.counts.predicted + found.counts.support)
