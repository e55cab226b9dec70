"""Who was compared, and what their history says of the figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from goldwire.model import Annotation


def describe(annotations: Sequence[Annotation]) -> list[dict[str, Any]]:
    """What is known of each annotator."""
    by_name: dict[str, list[Annotation]] = {}
    for annotation in annotations:
        by_name.setdefault(annotation.annotator, []).append(annotation)
    return [
        {
            "name": name,
            "kinds": sorted({a.provenance.kind for a in theirs}),
            "made_by": sorted({f"{a.provenance.name} {a.provenance.version}".strip() for a in theirs} - {""}),
            "statuses": sorted({a.status for a in theirs}),
            "schemas": sorted({a.schema for a in theirs}),
            "documents": len(theirs),
            "seen_predictions": any(a.provenance.seen_predictions for a in theirs),
        }
        for name, theirs in sorted(by_name.items())
    ]


def in_words(described: Sequence[dict[str, Any]]) -> str:
    """One sentence or two on who was compared, so that neither machines nor what nobody knows are taken for
    people."""
    unknown = [a for a in described if "unknown" in a["kinds"]]
    machines = [a for a in described if not {"human", "unknown"} & set(a["kinds"])]
    people = [a for a in described if a["kinds"] == ["human"]]
    number = "two" if len(described) == 2 else str(len(described))
    listed = ", ".join(f"{a['name']} ({', '.join(a['statuses'])})" for a in described)
    if unknown:
        names = ", ".join(a["name"] for a in unknown)
        tail = (
            f"Whether a person or a machine made those of {names} is not recorded: this can't be called "
            "agreement between people."
        )
        who = "unknown annotators" if len(unknown) == len(described) else "known and unknown annotators"
        return f"Agreement between {number} readings by {who}: {listed}. {tail}"
    if len(machines) == len(described):
        tail = "No person has marked anything here: it says nothing of how far people agree."
        return f"Agreement between {number} machine-drafted readings: {listed}. {tail}"
    if len(people) == len(described):
        return f"Agreement between {number} human annotators: {listed}."
    tail = "Machines took part: this is not agreement between people."
    return f"Agreement between {number} readings by people and machines: {listed}. {tail}"


def reading_warnings(described: Sequence[dict[str, Any]]) -> list[str]:
    """What in the readings' own history speaks against calling it agreement."""
    warnings = [
        f"{a['name']} was shown predictions: read these figures as an edit rate, not as agreement"
        for a in described
        if a["seen_predictions"]
    ]
    schemas = sorted({schema for a in described for schema in a["schemas"]})
    if len(schemas) > 1:
        warnings.append(f"the readings follow different schemas: {', '.join(schemas)}")
    return warnings
