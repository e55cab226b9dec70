"""What one article costs in drags, clicks and keys, marked in Label Studio as it was and as it is.

`python -m benchmarks.keystrokes [PROJECT] [--document ID] [--json FILE]`. Of the article's most trusted
annotation each span, attribute and relation is counted as hands make it; reading and thinking are not. What
"before" and "after" are stands in docs/research-notes/keystrokes.md; `tests/browser/test_keystrokes.py` does
one of each kind in a browser with just so many.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldwire.annotate.sync.suggestions import OFFERED
from goldwire.annotations.candidates import Candidates
from goldwire.annotations.store import project_articles
from goldwire.formats.labelstudio.reader import from_result
from goldwire.formats.labelstudio.result import pickers, to_result
from goldwire.model import Annotation, Document, Relation, Span, curated
from goldwire.project import Project, example_root, load_project
from goldwire.schemas import Attribute, Schema, load_schema
from goldwire.schemas.load import load_registries
from goldwire.schemas.rendering.picks import any_control, picks_of, shown


@dataclass(frozen=True)
class Hands:
    """How often hands do something; a key with Shift or Alt is one key."""

    drags: int = 0
    clicks: int = 0
    keys: int = 0

    def __add__(self, other: Hands) -> Hands:
        return Hands(self.drags + other.drags, self.clicks + other.clicks, self.keys + other.keys)

    @property
    def seconds(self) -> float:
        """By the keystroke-level model (Card, Moran and Newell 1980): a key .28 s, pointing 1.1 s, a mouse
        button .2 s, a hand that goes to the mouse .4 s; a drag points twice."""
        return 0.28 * self.keys + (0.4 + 1.1 + 0.2) * self.clicks + (0.4 + 2.2 + 0.2) * self.drags


MARK = Hands(drags=1, keys=1)
#: Before: the role of an arrow behind a button that shows under the pointer.
NAMED_ARROW = Hands(clicks=5, keys=2)
ARROW = Hands(clicks=2, keys=1)
CHOICE = Hands(clicks=1)


def typed(value: str) -> Hands:
    """Into a field: a click, letters, Enter."""
    return Hands(clicks=1, keys=len(value) + 1)


def letters(options: Mapping[str, str], wanted: str) -> str | None:
    """The fewest letters that bring an option to the front of a search; None where it is not offered."""
    if wanted not in options:
        return None
    shown = {key: title.casefold() for key, title in options.items()}
    for size in range(len(shown[wanted]) + 1):
        for start in range(len(shown[wanted]) - size + 1):
            if start and shown[wanted][start - 1].isalnum():
                continue  # people type how a word begins
            sought = shown[wanted][start : start + size]
            if next(key for key, title in shown.items() if sought in title) == wanted:
                return sought
    return None


def is_silent(relation: Relation, spans: Mapping[str, Span], schema: Schema, text: str) -> bool:
    """Whether an arrow without a role is read as this relation, drawn from either end."""
    wanted = (relation.label, relation.head, relation.tail)
    ends = (spans[relation.head], spans[relation.tail])
    result = to_result(Annotation("", "", schema.id, spans=ends), schema, text)
    for first, second in ((relation.head, relation.tail), (relation.tail, relation.head)):
        arrow = {"type": "relation", "from_id": first, "to_id": second, "direction": "right", "labels": []}
        read = from_result([*result, arrow], text, schema).relations
        if [(each.label, each.head, each.tail) for each in read] == [wanted]:
            return True
    return False


def offered(document: Document, schema: Schema, project: Project) -> dict[str, dict[str, str]]:
    """The options of each picker, those of the article's task among them."""
    registries = load_registries(schema, project.schema_path)
    picks = picks_of(schema, registries)
    options = dict(picks.options)
    for layer, name in picks.from_data:
        candidates = Candidates(schema, registries, project_articles(project))
        entries = registries[schema.layers[layer].attributes[name].registry or ""]
        ids = candidates.standing(document, layer, name, OFFERED)
        options[any_control(layer, name)] = {each: shown(entries[each]) for each in ids}
    return options


def counted(
    annotation: Annotation, document: Document, schema: Schema, project: Project
) -> dict[str, dict[str, Any]]:
    """By kind of mark: how many, and what hands do for them before and after."""
    options, text = offered(document, schema, project), document.text
    rows: dict[str, list[tuple[Hands, Hands]]] = defaultdict(list)
    spans = {span.id: span for span in annotation.spans}
    last = ("", "")
    for span in sorted(annotation.spans, key=lambda each: (each.layer, each.start, each.end)):
        # Escape and the next label's key; another span of the label that is selected takes neither.
        again, last = last == (span.layer, span.label), (span.layer, span.label)
        before, after = MARK, Hands(drags=1) if again else MARK + Hands(keys=1)
        asked = schema.layers[span.layer].attributes
        selected = False
        named = False
        for name, value in span.attributes.items():
            attribute: Attribute = asked[name]
            if attribute.default_for(span.label, span.attributes) == value:
                continue
            if not selected:
                before, selected = before + Hands(clicks=1), True
            if attribute.kind in ("choice", "choices", "flag"):
                each = Hands(clicks=len(value)) if isinstance(value, list) else CHOICE
                before, after = before + each, after + each
            elif attribute.kind == "id" and isinstance(value, str):
                named = True
                picker = next((each for each in pickers(span, name) if each in options), "")
                sought = letters(options.get(picker, {}), value)
                before += typed(value)
                after += typed(value) if sought is None else Hands(keys=len(sought) + 2)
            else:
                before, after = before + typed(str(value)), after + typed(str(value))
        rows[f"{span.layer} {'with' if named else 'without'} id"].append((before, after))
    for relation in annotation.relations:
        silent = is_silent(relation, spans, schema, text)
        rows["relation" if silent else "relation, role picked"].append(
            (NAMED_ARROW, ARROW if silent else NAMED_ARROW)
        )
    figures = {}
    for kind, pairs in sorted(rows.items()):
        before, after = (sum((pair[side] for pair in pairs), Hands()) for side in (0, 1))
        figures[kind] = {"count": len(pairs), "before": before, "after": after}
    return figures


def main() -> None:
    """Print the table, and write the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", nargs="?", type=Path, default=example_root())
    parser.add_argument("--document")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    project = load_project(given.project)
    schema = load_schema(project.schema_path)
    articles = [a for a in project_articles(project) if given.document in (None, a.document.id)]
    annotation = curated(articles[0].annotations)
    if annotation is None:
        raise SystemExit("no annotation")
    figures = counted(annotation, articles[0].document, schema, project)
    print(f"{annotation.document}, {schema.id}: each drags + clicks + keys; all of them in minutes")
    total: Counter[str] = Counter()
    for kind, row in figures.items():
        cells = []
        for side in ("before", "after"):
            hands = row[side]
            each = [f"{part / row['count']:.1f}" for part in (hands.drags, hands.clicks, hands.keys)]
            cells.append(f"{' + '.join(each)}  {hands.seconds / 60:5.1f}")
            total[side] += hands.seconds
        print(f"{kind:24} {row['count']:4}  {cells[0]:26} {cells[1]}")
    print(f"{'all':24}       {total['before'] / 60:20.1f} {total['after'] / 60:26.1f}")
    if given.json:
        rows = {
            kind: {"count": row["count"], **{side: vars(row[side]) for side in ("before", "after")}}
            for kind, row in figures.items()
        }
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
