"""Schemas and listings from Python: the result has what a command prints, and nothing more is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import goldwire

MINI = Path(__file__).parents[1] / "data/mini"


@pytest.fixture
def project(tmp_path: Path) -> goldwire.Project:
    """The second project, copied."""
    shutil.copytree(MINI, tmp_path / "mini")
    return goldwire.load_project(tmp_path / "mini")


def test_a_project_is_checked_with_its_name_a_file_alone_without(project: goldwire.Project) -> None:
    """Both give the same counts; a name that Label Studio refuses is the project's fault alone."""
    checked = goldwire.check_schema(project)
    assert checked.to_dict() == goldwire.check_schema(project.schema_path).to_dict()
    assert checked.to_pandas()["layer"].tolist() == list(checked.schema.layers)
    assert "<table" in checked._repr_html_()
    config = project.root / "goldwire.toml"
    config.write_text(config.read_text().replace('name = "mini"', 'name = "m"'))
    with pytest.raises(goldwire.UsageError, match="GW915"):
        goldwire.check_schema(project.root)
    assert goldwire.check_schema(project.schema_path).schema.id == checked.schema.id


def test_what_is_stale_is_named_and_left_alone(project: goldwire.Project) -> None:
    """Without a word to write nothing is; then all is written; a file that was touched is stale again."""
    assert set(goldwire.render_schema(project, dry_run=True).files.values()) == {"stale"}
    assert not project.annotate.exists()
    written = goldwire.render_schema(project)
    assert set(written.files.values()) == {"written"}
    assert all((project.root / name).is_file() for name in written.files)
    (project.annotate / "guidelines.md").write_text("mine")
    again = goldwire.render_schema(project, dry_run=True)
    assert [name for name, state in again.files.items() if state == "stale"] == ["annotate/guidelines.md"]
    assert (project.annotate / "guidelines.md").read_text() == "mine"


def test_what_annotations_would_lose_is_counted_where_a_project_is_named(
    project: goldwire.Project, tmp_path: Path
) -> None:
    """A removed label orphans the spans that bear it; of no project nothing is counted."""
    schema = goldwire.load_schema(project)
    [document, *_] = goldwire.read(project)
    layer, labels = next((name, [*layer.labels]) for name, layer in schema.layers.items())
    span = goldwire.Span("s1", layer, labels[0], 0, 4)
    article = goldwire.Article(
        document.document, (goldwire.Annotation(document.document.id, "anna", schema.id, spans=(span,)),)
    )
    goldwire.write([article], project.root, "store")
    other = tmp_path / "other.yaml"
    other.write_text(project.schema_path.read_text().replace(labels[0], "OTHER_LABEL"))
    with_hits = goldwire.diff_schemas(project, other, project)
    without = goldwire.diff_schemas(schema, other)
    assert with_hits.changes == without.changes and with_hits.orphaning > 0
    assert sum(with_hits.to_pandas()["hit"]) >= 1 and without.to_pandas()["hit"].isna().all()


def test_a_schema_of_a_config_is_not_written_over(project: goldwire.Project, tmp_path: Path) -> None:
    """Which language is taken is told; what is there stays, unless it is to go."""
    goldwire.render_schema(project)
    config, out, told = project.annotate / "label_config.xml", project.root / "again.yaml", list[str]()
    made = goldwire.import_schema(config, out, notify=told.append)
    assert made.schema == goldwire.load_schema(out)
    assert told == ["language: fr, as that of the project mini (--language names another)"]
    with pytest.raises(goldwire.SchemaError, match="GW123"):
        goldwire.import_schema(config, out, language="fr")
    assert goldwire.import_schema(config, out, language="en", force=True, notify=told.append).schema.language
    assert len(told) == 1


def test_articles_are_listed_and_removed_by_a_call(project: goldwire.Project) -> None:
    """The listing is a table with sizes in code points; who is removed is gone from it."""
    listing = goldwire.list_articles(project.root)
    texts = {article.document.id: article.document.text for article in goldwire.read(project)}
    assert {each.id: each.characters for each in listing.articles} == {k: len(v) for k, v in texts.items()}
    first, *others = listing.articles
    removal = goldwire.remove_articles(project, first.id, with_annotations=True)
    assert removal.to_dict()["articles"] == (first.id,) and "<table" in removal._repr_html_()
    assert [each.id for each in goldwire.list_articles(project).articles] == [each.id for each in others]


def test_a_file_that_no_schema_rendered_is_put_aside(project: goldwire.Project) -> None:
    """What people wrote under the name of a rendered file is kept, each time under a name of its own; a
    former rendering, of whatever version and language, is written over."""
    own = project.annotate / "guidelines.md"
    own.parent.mkdir()
    for text, kept in (("# Ours\n\nBy hand.\n", "guidelines.md.orig"), ("", "guidelines.md.orig1")):
        own.write_text(text, encoding="utf-8")
        assert goldwire.render_schema(project, dry_run=True).aside == () and own.read_text() == text
        assert goldwire.render_schema(project).aside == (f"annotate/{kept}",)
        assert (project.annotate / kept).read_text(encoding="utf-8") == text
    for name in ("label_config.xml", "guide.html"):
        (project.annotate / name).write_text("<View/>", encoding="utf-8")
    assert goldwire.render_schema(project).aside == (
        "annotate/label_config.xml.orig",
        "annotate/guide.html.orig",
    )
    schema = project.schema_path.read_text(encoding="utf-8")
    for language in ("de", "en", "fr"):
        changed = schema.replace("language: fr", f"language: {language}").replace("0.1", "0.2")
        project.schema_path.write_text(changed, encoding="utf-8")
        rendered = goldwire.render_schema(project)
        assert set(rendered.files.values()) == {"written"} and rendered.aside == ()
