"""What a corpus holds is counted by layer, label, document, annotator and status."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotations.stats import SpanCounts, count_annotations
from goldwire.cli.corpus import command
from goldwire.model import Article
from tests.corpus.mini import mini_articles, mini_project, mini_schema
from tests.strategies import articles as any_articles


def test_all_annotations_or_the_curated_ones_are_counted() -> None:
    """The labels keep the schema's order, nested spans are counted by layer."""
    every = count_annotations(mini_articles(), mini_schema())
    assert every.labels == {"thing": {"FOOD": 19, "TOOL": 6}, "step": {"CUT": 5, "HEAT": 10}}
    assert every.nested == {"thing": 3, "step": 0}
    assert every.nested_share("thing") == 3 / 25
    assert every.by_annotator["anna"] == {"documents": 2, "thing": 14, "step": 7}
    assert (every.by_status, every.by_kind) == ({"submitted": 4}, {"human": 4})
    chosen = count_annotations(mini_articles(), mini_schema(), only_curated=True)
    assert (chosen.annotations, list(chosen.by_annotator)) == (2, ["bruno"])


@given(st.lists(any_articles(), max_size=4, unique_by=lambda article: article.document.id))
def test_every_span_is_counted_once_in_each_table(articles: list[Article]) -> None:
    """Layers, documents and annotators add up to the same total, which is the number of spans."""
    counts = count_annotations(articles, mini_schema())
    spans = sum(len(a.spans) for article in articles for a in article.annotations)
    assert counts.spans == sum(counts.layers.values()) == spans
    assert sum(n for row in counts.by_document.values() for n in row.values()) == spans
    rows = counts.by_annotator.values()
    assert sum(n for row in rows for key, n in row.items() if key != "documents") == spans
    assert sum(counts.by_status.values()) == counts.annotations
    assert all(0 <= counts.nested_share(layer) <= 1 for layer in counts.layers)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.dictionaries(st.sampled_from("xyz"), st.integers(0, 99))))
)
def test_counts_of_documents_are_a_mapping(rows: list[tuple[str, dict[str, int]]]) -> None:
    """Whatever was put last of a document is there, layers in the order in which they were put."""
    counts = SpanCounts()
    for name, row in rows:
        counts.put(name, row)
    assert list(counts) == list(dict(rows))
    assert counts == dict(rows)
    assert all(list(counts[name]) == list(row) for name, row in dict(rows).items())


def test_counts_of_a_document_are_small() -> None:
    """Of many documents hardly more stays than their ids."""
    tracemalloc.start()
    try:
        counts = SpanCounts()
        for number in range(20_000):
            counts.put(f"document-{number}", {"thing": number, "step": 1, "other": 0})
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 20_000 * 300


def test_without_documents_all_else_is_counted() -> None:
    """The rows of documents are left out where nobody asks for them."""
    every, fewer = count_annotations(mini_articles()), count_annotations(mini_articles(), by_document=False)
    assert every.by_document
    assert fewer.as_json() == every.as_json() | {"by_document": {}}


def test_labels_that_no_schema_names_are_counted_as_found() -> None:
    """Without a schema the labels are those of the annotations; nothing counts as nothing."""
    assert count_annotations(mini_articles()).layers == {"thing": 25, "step": 15}
    assert count_annotations([]).as_json()["spans"] == 0
    assert count_annotations([], mini_schema()).nested_share("thing") == 0.0


def test_the_command_prints_tables_and_writes_json(tmp_path: Path) -> None:
    """`corpus stats --json` holds the figures that are printed."""
    project = mini_project(tmp_path / "mini")
    path = tmp_path / "stats.json"
    arguments = ["stats", "--project", str(project.root), "--json", str(path)]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert "2 documents, 4 annotations, 59 words" in done.stdout
    figures = json.loads(path.read_text(encoding="utf-8"))
    assert figures["layers"] == {"thing": 25, "step": 15}
    assert figures["nested_share"]["thing"] == 0.12
    names = list(figures["by_document"])
    assert len(names) == 2 and not any(name in done.stdout for name in names)
    shown = CliRunner().invoke(command, [*arguments, "--documents"], catch_exceptions=False)
    assert all(name in shown.stdout for name in names)
