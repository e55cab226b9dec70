"""Versions compared: every change has its kind, counts add up, and the version that is due follows."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from goldwire.annotations.store import write_annotation
from goldwire.cli.corpus import command
from goldwire.corpus.corpus import load_corpus
from goldwire.corpus.dataset.build import build
from goldwire.corpus.publish.write import write_to_pass_on
from goldwire.corpus.versions.changelog import add_entry, due, entry, next_version
from goldwire.corpus.versions.diff import CorpusVersion, Diff, diff
from goldwire.corpus.versions.load import project_version, read_version, read_versions
from goldwire.corpus.versions.page import difference_page, lines
from goldwire.corpus.versions.spans import compare_annotations, placing
from goldwire.errors import GoldwireError
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Annotation, Article, Document, Relation, Span
from goldwire.project import Project
from goldwire.schemas import Schema
from tests.corpus.mini import mini_articles, mini_project, mini_schema
from tests.examples import at_most
from tests.strategies import articles

TEXT = "Le chef du Pentagone, Mark Esper, a parlé mardi à Bagdad de la situation."
CORPORA = st.lists(articles(), max_size=4, unique_by=lambda a: a.document.id)


def span(name: str, label: str, quote: str, layer: str = "thing", **attributes: str) -> Span:
    """A span over the first place of a quote."""
    start = TEXT.index(quote)
    return Span(name, layer, label, start, start + len(quote), dict(attributes))


def marked(*spans: Span, relations: tuple[Relation, ...] = (), text: str = TEXT, name: str = "d") -> Article:
    """One document with one annotation."""
    annotation = Annotation(name, "a", "mini@0.1", "submitted", spans=spans, relations=relations)
    return Article(Document(name, text), (annotation,))


def of(before: list[Article], after: list[Article], *, version: str = "1.2.3", new: str = "") -> Diff:
    """Their comparison."""
    return diff(
        CorpusVersion("old", before, version=version), CorpusVersion("new", after, version=new or version)
    )


def kinds(before: Article, after: Article) -> list[tuple[str, str]]:
    """The changes of spans: kind and the words concerned."""
    found = of([before], [after])
    return [
        (c.kind, "".join(document.context(c.span, old=c.after is None)[1]))
        for document in found.documents
        for c in document.compared.spans
    ]


def test_each_change_of_a_span_has_its_kind() -> None:
    """Moved, relabelled, other attributes, removed, added; ids play no part."""
    before = marked(
        span("1", "A", "Pentagone"),
        span("2", "A", "Mark Esper"),
        span("3", "B", "mardi", date="x"),
        span("4", "B", "situation"),
        span("5", "C", "parlé"),
    )
    after = marked(
        span("x", "A", "chef du Pentagone"),
        span("y", "B", "Mark Esper"),
        span("z", "B", "mardi", date="y"),
        span("w", "C", "parlé"),
        span("v", "A", "Bagdad"),
    )
    assert kinds(before, after) == [
        ("moved", "chef du Pentagone"),
        ("relabelled", "Mark Esper"),
        ("attributes", "mardi"),
        ("added", "Bagdad"),
        ("removed", "situation"),
    ]


def test_the_best_overlap_is_the_same_span() -> None:
    """Of two spans that a moved one might be, the one that shares more with it; order plays no part."""
    before = marked(span("1", "A", "Pentagone, Mark"))
    options = [span("1", "A", "Mark Esper, a"), span("2", "A", "Pentagone")]
    for after in (options, options[::-1]):
        assert kinds(before, marked(*after)) == [("moved", "Pentagone"), ("added", "Mark Esper, a")]


def test_relations_follow_their_spans() -> None:
    """One whose ends moved or were relabelled is the same; one whose end is gone was removed."""
    before = marked(
        span("1", "A", "Mark Esper"),
        span("2", "E", "parlé", "step"),
        span("3", "L", "Bagdad"),
        relations=(Relation("by", "2", "1"), Relation("in", "2", "3")),
    )
    after = marked(
        span("9", "B", "Mark Esper"),
        span("8", "E", "a parlé", "step"),
        relations=(Relation("by", "8", "9"), Relation("on", "8", "9")),
    )
    found = of([before], [after])
    changes = [(r.kind, r.label) for d in found.documents for r in d.compared.relations]
    assert changes == [("removed", "in"), ("added", "on")]
    assert found.relations["by"] == {"before": 1, "after": 1, "added": 0, "removed": 0}


def test_in_a_changed_text_spans_are_followed() -> None:
    """A sentence put before moves no span; what stood in words that are gone is removed."""
    text = "Mardi. " + TEXT.replace("Bagdad", "Bassorah")
    before = marked(span("1", "A", "Mark Esper"), span("2", "L", "Bagdad"))
    start, place = text.index("Mark Esper"), text.index("Bassorah")
    after = marked(
        Span("1", "thing", "A", start, start + 10), Span("2", "thing", "L", place, place + 8), text=text
    )
    assert kinds(before, after) == [("removed", "Bagdad"), ("added", "Bassorah")] or kinds(before, after) == [
        ("added", "Bassorah"),
        ("removed", "Bagdad"),
    ]
    assert of([before], [after]).kinds["text"] == 1


@given(st.text("ab cd\n,é", max_size=60), st.text("ab cd\n,é", max_size=60))
def test_places_lead_to_the_same_character(before: str, after: str) -> None:
    """Wherever an offset is brought, the very character stands there; order is kept."""
    place = placing(before, after)
    found = [(i, place(i)) for i in range(len(before))]
    assert all(after[j] == before[i] for i, j in found if j is not None)
    there = [j for _, j in found if j is not None]
    assert there == sorted(set(there))


@given(CORPORA)
def test_a_version_does_not_differ_from_itself(made: list[Article]) -> None:
    """No change, no version due, whatever the order of the documents."""
    found = of(made, made[::-1])
    assert found.empty
    assert found.documents == []
    assert due(found).level == "none"


@given(CORPORA, CORPORA)
@settings(max_examples=at_most(50))
def test_counts_add_up(one: list[Article], other: list[Article]) -> None:
    """Before, less what was removed, with what was added, is after: spans, relations, documents."""
    found = of(one, other)
    for counts in (*found.spans.values(), *found.relations.values()):
        assert counts["before"] - counts["removed"] + counts["added"] == counts["after"]
    numbers = found.annotations
    assert numbers["before"] - numbers["removed"] + numbers["added"] == numbers["after"]
    assert len(one) - found.kinds["removed"] + found.kinds["added"] == len(other)
    assert found.empty == (
        {a.document.id: (a.document, set(a.annotations_key)) for a in map(Keyed, one)}
        == {a.document.id: (a.document, set(a.annotations_key)) for a in map(Keyed, other)}
        and found.before.schema_ids == found.after.schema_ids
    )
    json.dumps(found.as_dict())
    assert "<script" not in difference_page(found)
    assert all(isinstance(line, str) for line in lines(found, 50))
    assert entry(found, due(found)).startswith("## ")


class Keyed:
    """An article whose annotations can be held against others."""

    def __init__(self, article: Article) -> None:
        self.document = article.document
        self.annotations_key = [repr(annotation) for annotation in article.annotations]


@given(articles(), articles())
def test_comparing_the_other_way_round_mirrors(one: Article, other: Article) -> None:
    """What was added is removed; what moved or was relabelled still is."""
    text = one.document.text
    there = Article(structs.replace(other.document, id=one.document.id, text=text), ())
    kept = [a for a in other.annotations if all(s.end <= len(text) for s in a.spans)]
    there = structs.replace(
        there, annotations=tuple(structs.replace(a, document=one.document.id) for a in kept)
    )
    forth, back = of([one], [there]), of([there], [one])
    names = {"added": "removed", "removed": "added"}
    for layer, counts in forth.spans.items():
        assert {names.get(k, k): v for k, v in counts.items() if k in names} == {
            k: v for k, v in back.spans[layer].items() if k in names
        }


def versions(project: Project) -> None:
    """A git repository with two tagged versions of a project, in a folder below its top."""
    top = project.root.parent

    def git(*arguments: str) -> None:
        name = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *name, *arguments], cwd=top, check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "one")
    git("tag", "v0.1.0")
    annotation = mini_articles()[0].annotations[0]
    write_annotation(project, structs.replace(annotation, spans=annotation.spans[1:], relations=()))
    git("commit", "-qam", "two")


def test_revisions_folders_and_files_are_compared(tmp_path: Path) -> None:
    """A tag, the project as it stands, its built dataset and JSON Lines all give the same."""
    project = mini_project(tmp_path / "top/mini")
    versions(project)
    old = read_version("v0.1.0", project)
    assert list(old.articles) == mini_articles()
    assert old.content_hash != project_version(project).content_hash
    assert diff(old, read_version("HEAD~1", project)).empty
    build(load_corpus(project))
    assert diff(read_version("HEAD", project), read_version(str(project.root), None)).empty
    assert not diff(read_version(str(project.corpus)), project_version(project)).documents
    write_jsonl(tmp_path / "old.jsonl", old.articles)
    one, other = read_versions(str(tmp_path / "old.jsonl"), None, project)
    assert diff(one, other).annotations == diff(old, project_version(project)).annotations


def test_two_files_are_compared_as_what_they_hold(tmp_path: Path) -> None:
    """The comparison of files is that of their articles in memory; faults of the second file are told."""
    one, other = mini_articles(), [mini_articles()[0], marked(name="soupe")]
    write_jsonl(tmp_path / "a.jsonl", one)
    write_jsonl(tmp_path / "b.jsonl", other)
    project = mini_project(tmp_path / "mini")
    sides = read_versions(str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"), project)
    assert [list(side.articles) for side in sides] == [one, other]
    held = [CorpusVersion("", one), CorpusVersion("", other)]
    assert diff(*sides).as_dict()["changes"] == diff(*held).as_dict()["changes"]
    good = (tmp_path / "b.jsonl").read_bytes()
    for bad in (good + b"[1]\n", good + good):
        (tmp_path / "b.jsonl").write_bytes(bad)
        with pytest.raises(GoldwireError, match=r"GW20[78]"):
            read_versions(str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"), project)


def test_what_can_not_be_compared_is_told_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No such revision, no project there, no git, another file: one plain error each."""
    project = mini_project(tmp_path / "top/mini")
    for name in ("v9", "--output=x", "HEAD"):
        with pytest.raises(GoldwireError, match="GW293"):
            read_version(name, project)
    assert not (project.root / "x").exists()
    versions(project)
    with pytest.raises(GoldwireError, match="no git revision"):
        read_version("v9", project)
    (tmp_path / "empty").mkdir()
    (tmp_path / "some.txt").write_text("x", encoding="utf-8")
    for name in ("empty", "some.txt", "none.jsonl"):
        with pytest.raises(GoldwireError, match="GW293"):
            read_version(str(tmp_path / name), project)
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(GoldwireError, match="git can't be run"):
        read_version("v0.1.0", project)


@pytest.mark.parametrize(
    ("version", "level", "wanted"),
    [
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "patch", "1.2.4"),
        ("1.2.3", "none", "1.2.3"),
        ("0.2.3", "major", "0.3.0"),
        ("0.2.3", "patch", "0.2.4"),
        ("2024-01", "major", ""),
    ],
)
def test_the_next_version_follows_semantic_versioning(version: str, level: str, wanted: str) -> None:
    """Before 1.0.0 a breaking change raises the second number; other forms of version are left alone."""
    assert next_version(version, level) == wanted


def test_the_level_follows_from_what_changed() -> None:
    """Removed or rewritten documents break, new ones extend, corrections correct."""
    one, other = marked(span("1", "A", "Bagdad")), marked(name="e")
    corrected = marked(span("1", "B", "Bagdad"))
    rewritten = marked(text=TEXT + "!")
    titled = Article(structs.replace(one.document, meta={"title": "T"}), one.annotations)
    raised = Article(one.document, (structs.replace(one.annotations[0], status="reviewed"),))
    read = Article(one.document, (*one.annotations, structs.replace(one.annotations[0], annotator="b")))
    cases = {
        "major": [([one, other], [one]), ([one], [rewritten])],
        "minor": [([one], [one, other]), ([one], [raised]), ([one], [read])],
        "patch": [([one], [corrected]), ([one], [titled])],
        "none": [([one], [one])],
    }
    for level, pairs in cases.items():
        for before, after in pairs:
            found = due(of(before, after))
            assert found.level == level, found.reasons
            assert found.enough == (level == "none")
    assert due(of([one], [corrected], new="1.2.4")).enough
    assert not due(of([one], [one, other], new="1.2.9")).enough
    assert due(of([one], [one, other], new="2.0.0")).enough


def test_the_schema_counts_too() -> None:
    """A label that went breaks, one that came extends, new wording corrects; changed guidelines are told."""
    schema = mini_schema()
    layer = schema.layers["thing"]
    fewer = structs.replace(layer, labels={k: v for k, v in layer.labels.items() if k != "TOOL"})
    label = structs.replace(layer.labels["FOOD"], name="z", definition="z", color="#123456", hotkey="")
    more = structs.replace(layer, labels={**layer.labels, "NEW": label})
    reworded = structs.replace(schema, title="Autre")

    def level(new: Schema, old: Schema = schema) -> tuple[str, list[str]]:
        sides = [CorpusVersion(str(n), [], s, "1.0.0") for n, s in enumerate((old, new))]
        found = due(diff(*sides))
        return found.level, found.reasons

    assert level(structs.replace(schema, layers={**schema.layers, "thing": fewer}))[0] == "major"
    assert level(structs.replace(schema, layers={**schema.layers, "thing": more}))[0] == "minor"
    assert level(reworded) == ("patch", ["changed: schema wording"])
    assert level(structs.replace(schema, name="other"))[0] == "major"
    guided = [CorpusVersion(n, [], schema, "1.0.0", sources={"guidelines": n}) for n in "ab"]
    assert due(diff(*guided)).reasons == ["changed: guidelines"]


def test_the_changelog_gets_a_drafted_entry(tmp_path: Path) -> None:
    """The newest stands first; what is there stays; a version that has an entry is refused."""
    path = tmp_path / "CHANGELOG.md"
    path.write_text("# Changelog of mini\n\n## 1.2.3\n\nFirst.\n", encoding="utf-8")
    found = of([marked(span("1", "A", "Bagdad"))], [marked(span("1", "B", "Bagdad")), marked(name="e")])
    text = entry(found, due(found))
    assert text.startswith("## 1.3.0\n\nSince 1.2.3: minor (1 document added).\n")
    assert "- Documents added: `e`." in text
    assert "- `thing` spans 1 → 1: 1 relabelled." in text
    add_entry(path, text)
    whole = path.read_text(encoding="utf-8")
    assert whole.startswith("# Changelog of mini\n\n## 1.3.0\n")
    assert whole.endswith("\n\n## 1.2.3\n\nFirst.\n")
    with pytest.raises(GoldwireError, match="GW299"):
        add_entry(path, text)
    assert path.read_text(encoding="utf-8") == whole
    add_entry(tmp_path / "new.md", text, "mini")
    assert (tmp_path / "new.md").read_text(encoding="utf-8").startswith("# Changelog of mini\n\n## 1.3.0")


def test_the_page_shows_contexts_and_escapes_them() -> None:
    """Old and new words stand marked in their sentence; markup in a text stays text."""
    text = "<script>alert(1)</script> à Bagdad"
    before = marked(Span("1", "thing", "A", 0, 8), text=text)
    after = marked(Span("1", "thing", "A", 0, 10), text=text)
    shown = difference_page(of([before], [after]))
    assert "<script>" not in shown
    assert "<del>&lt;script&gt;</del>alert(1)" in shown
    assert "<ins>&lt;script&gt;al</ins>ert(1)" in shown
    assert "prefers-color-scheme: dark" in shown
    many = of([marked(*[Span(str(i), "thing", "A", i, i + 1) for i in range(60)])], [marked()])
    assert "10 more changes" in difference_page(many, changes=50)
    assert "1 more documents differ" in difference_page(of([], [marked(), marked(name="e")]), shown=1)


def test_the_command_prints_draws_and_drafts(tmp_path: Path) -> None:
    """`corpus diff TAG` compares with the project as it stands, writes page, figures and entry."""
    project = mini_project(tmp_path / "top/mini")
    versions(project)
    out = [str(tmp_path / name) for name in ("d.html", "d.json", "C.md")]
    options = ["--html", out[0], "--json", out[1], "--changelog", out[2]]
    arguments = ["diff", "v0.1.0", "--project", str(project.root), *options]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert "annotations 4 → 4: 1 changed" in done.stdout
    assert "due: patch, 0.1.1: 1 annotation corrected" in done.stdout
    assert "raise [corpus] version to 0.1.1" in done.stderr
    assert json.loads(Path(out[1]).read_text())["due"] == "patch"
    assert "## 0.1.1" in Path(out[2]).read_text()
    one = CliRunner().invoke(command, [*arguments[:4], "--annotator", "anna"], catch_exceptions=False)
    assert "removed" in one.stdout


def test_a_side_without_annotation_is_empty() -> None:
    """A document that nobody has annotated yet gains all its spans."""
    found = compare_annotations(None, marked(span("1", "A", "Bagdad")).annotations[0])
    assert [change.kind for change in found.spans] == ["added"]
    assert compare_annotations(None, None).spans == []


def test_names_and_links_that_lead_nowhere_are_no_traceback(tmp_path: Path) -> None:
    """A name too long for a file, none, a dataset without texts: GW293; a link out of the project is left."""
    project = mini_project(tmp_path / "top/mini")
    (project.root / "out").symlink_to("/etc/hostname")
    (project.root / "up").symlink_to("../../elsewhere")
    versions(project)
    assert list(read_version("v0.1.0", project).articles) == mini_articles()
    for name in ("x" * 5000, ""):
        with pytest.raises(GoldwireError, match="GW293"):
            read_version(name, project)
    (tmp_path / "s").mkdir()
    write_to_pass_on(load_corpus(project), tmp_path / "s")
    with pytest.raises(GoldwireError, match="holds no texts"):
        read_version(str(tmp_path / "s"), project)


def test_an_annotator_that_nobody_knows_is_told(tmp_path: Path) -> None:
    """Comparing two times nothing would say that nothing differs."""
    project = mini_project(tmp_path / "mini")
    write_jsonl(tmp_path / "a.jsonl", mini_articles())
    with pytest.raises(GoldwireError, match="one of: anna"):
        read_versions(str(tmp_path / "a.jsonl"), None, project, "nobody")


def test_a_side_without_annotations_has_no_other_schema() -> None:
    """Documents that nobody has annotated yet are no break of the schema; their readings are an addition."""
    bare = [Article(marked().document, ())]
    found = due(of(bare, [marked(span("1", "A", "Bagdad"))]))
    assert found.level == "minor"
    assert not any("schema" in reason for reason in found.reasons)
    assert of(bare, bare).empty


def test_what_a_terminal_does_not_show_is_counted() -> None:
    """Twelve lines, and how many more there are."""
    found = of([], [marked(name=f"d{n:02}") for n in range(15)])
    shown = list(lines(found, 12))
    assert (len(shown), shown[-1]) == (13, "… 3 more: --html FILE or --json FILE")
    assert len(list(lines(found, 15))) == 15


def test_no_difference_makes_no_entry(tmp_path: Path) -> None:
    """A changelog says what changed; nothing is nothing to put down."""
    project = mini_project(tmp_path / "mini")
    arguments = ["diff", str(project.root), "--project", str(project.root), "--changelog"]
    done = CliRunner().invoke(command, [*arguments, str(tmp_path / "C.md")], catch_exceptions=False)
    assert "nothing differs" in done.stderr
    assert not (tmp_path / "C.md").exists()
