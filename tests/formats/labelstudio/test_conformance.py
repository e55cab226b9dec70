"""Real exports of Label Studio come in with every span accounted for."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from goldwire.annotations.integrity import article_faults
from goldwire.formats.labelstudio.export import read_labelstudio
from goldwire.formats.labelstudio.naming import Naming
from goldwire.formats.labelstudio.reader import census, read_result
from goldwire.formats.labelstudio.region_text import RegionText
from goldwire.formats.options import ConversionOptions
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.inference.from_label_config import infer
from goldwire.schemas.inference.inferred import Inferred
from tests.shared import SHARED, needs_shared

FOLDER = SHARED / "data/labelstudio-export"
EXPORTS = [FOLDER / f"label_studio_export.{name}.json" for name in ("37df0f5", "fe6460d")]

pytestmark = needs_shared("data/labelstudio-export")


def _tasks(path: Path) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return tasks


def _results(tasks: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    return [(task["data"]["text"], a["result"]) for task in tasks for a in task["annotations"]]


def _inferred(path: Path) -> Inferred:
    """A schema from the labels that an export holds, as its config would have named them."""
    labels = sorted({x for _, result in _results(_tasks(path)) for i in result for x in i["value"]["labels"]})
    listed = "".join(f'<Label value="{label}"/>' for label in labels)
    config = (
        f'<View><Labels name="label" toName="text">{listed}</Labels><Text name="text" value="$text"/></View>'
    )
    return infer(config, name="real", language="no")


def _schema(path: Path, folder: Path) -> Schema:
    file = folder / "schema.yaml"
    file.write_text(_inferred(path).yaml(), encoding="utf-8")
    return load_schema(file)


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.stem)
def test_every_span_of_a_real_export_is_kept_or_told(path: Path, tmp_path: Path) -> None:
    """Kept and quarantined together are all spans, and each kept one marks what its annotator saw marked."""
    naming = Naming(_schema(path, tmp_path), _inferred(path).names)
    kept = quarantined = 0
    total = 0
    for text, result in _results(_tasks(path)):
        total += census(result, naming).spans
        read = read_result(result, RegionText(text), naming)
        kept += len(read.spans)
        quarantined += sum(one.kind == "span" for one in read.quarantined)
        shown = Counter((i["value"]["text"].strip(), i["value"]["labels"][0]) for i in result)
        assert Counter((text[s.start : s.end], s.label) for s in read.spans) == shown
    assert total > 100
    assert kept + quarantined == total
    assert quarantined == 0


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.stem)
def test_a_real_export_is_imported_as_a_file(path: Path, tmp_path: Path) -> None:
    """`--from labelstudio` yields sound articles with every span; predictions and drafts are counted."""
    tasks = _tasks(path)
    setting = ConversionOptions(schema_path=tmp_path / "schema.yaml")
    _schema(path, tmp_path)
    articles = list(read_labelstudio(path, setting))
    assert [fault for article in articles for fault in article_faults(article, str(path))] == []
    spans = sum(len(a.spans) for article in articles for a in article.annotations)
    assert spans == sum(len(result) for _, result in _results(tasks))
    lost = {kind: len(places) for kind, places in setting.lost.items()}
    for kind in ("predictions", "drafts"):
        assert lost.pop(kind, 0) == sum(len(task[kind]) for task in tasks)
    assert set(lost) <= {"white space at a span's edge"}
    assert all(a.provenance.seen_predictions for article in articles for a in article.annotations)
