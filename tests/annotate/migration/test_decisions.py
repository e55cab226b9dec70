"""What adjudicators decided goes along with the readings that it was decided of."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from goldwire.annotate.adjudication.decisions import decision_path, folder, own_path, read_file, write_own
from goldwire.annotate.adjudication.project import Adjudicated, adjudicate
from goldwire.annotate.migration.own_marks import migrated_marks
from goldwire.annotate.migration.stored import MigrateReport, migrate_project
from goldwire.annotations.meaning import content
from goldwire.annotations.store import read_annotations
from goldwire.formats.as_project import make_project_of
from goldwire.formats.jsonl import write_jsonl
from goldwire.formats.quotes import read_quotes
from goldwire.model import Annotation, Article, Document, Provenance, Relation, Span
from goldwire.project import Project, example_root, load_project
from goldwire.schemas import load_schema
from goldwire.schemas.changes.plan import Plan, load_plan
from goldwire.seeds import load_seeds
from tests.cli.terminal import called

TEXT = "On coupe la pomme rouge et le sel avec un couteau."
BY = Provenance("human", "marie")
#: Names that a new version has for those of the old one.
RENAMED = [
    {"rename": "label", "name": "TOOL", "to": "UTENSIL"},
    {"rename": "label", "name": "HERB", "to": "PLANT SALT"},
    {"rename": "attribute", "layer": "thing", "name": "state", "to": "cond"},
    {"rename": "value", "layer": "thing", "attribute": "cond", "name": "raw", "to": "fresh"},
    {"rename": "value", "layer": "thing", "attribute": "cond", "name": "fried", "to": "hot"},
    {"rename": "relation", "name": "with", "to": "by_means"},
    {"rename": "layer", "name": "step", "to": "act"},
]
WORDS = {
    "TOOL": "UTENSIL", "HERB": "PLANT SALT", "state": "cond", "raw": "fresh", "fried": "hot",
    "with": "by_means", "step": "act",
}  # fmt: skip


def span(name: str, layer: str, label: str, quote: str, **attributes: str) -> Span:
    """A span of the text."""
    start = TEXT.index(quote)
    return Span(name, layer, label, start, start + len(quote), dict(attributes))


def readings() -> list[Annotation]:
    """Two that differ in a label, an extent, an attribute, spans and relations."""
    anna = (
        span("c", "step", "CUT", "coupe"),
        span("p", "thing", "FOOD", "pomme", state="raw"),
        span("k", "thing", "TOOL", "couteau"),
        span("s", "thing", "HERB", "sel", state="fried"),
        span("r", "thing", "HERB", "rouge"),
    )
    bruno = (
        span("c", "step", "CUT", "coupe"),
        span("p", "thing", "FOOD", "pomme", state="cooked"),
        span("k", "thing", "FOOD", "couteau"),
        span("s", "thing", "HERB", "le sel", state="fried"),
        span("x", "thing", "TOOL", "avec"),
    )
    arrows = {
        "anna": (Relation("with", "c", "k"), Relation("object", "c", "p")),
        "bruno": (Relation("with", "c", "s"),),
    }
    return [
        Annotation("soup", who, "s@1", "submitted", spans=spans, relations=arrows[who], provenance=BY)
        for who, spans in (("anna", anna), ("bruno", bruno))
    ]


class Kitchen:
    """A project whose article two have read, and somebody has adjudicated."""

    def __init__(self, root: Path) -> None:
        write_jsonl(root / "read.jsonl", [Article(Document("soup", TEXT), tuple(readings()))])
        make_project_of(root / "read.jsonl", root / "made", source="jsonl", name="made", language="fr")
        self.project: Project = load_project(root / "made")
        self.schema = load_schema(self.project.schema_path)
        self.file = decision_path(self.project, "soup")
        self.decide()

    def adjudicate(self) -> Adjudicated:
        """The decisions as they are, carried out under the schema as it is."""
        return adjudicate(self.project, by="marie")

    def decide(self, **answers: str) -> None:
        """All items: a value of its own for the attribute, else the first version that there is."""
        while self.adjudicate().outcomes["soup"].open:
            record = yaml.safe_load(self.file.read_text("utf-8"))
            for row in record["decisions"]:
                if not row["decide"]:
                    version = "a" if row.get("a") else "b"
                    row |= {"decide": answers.get(row["kind"], version), "reason": "seen"}
                    if row["kind"] == "attribute":
                        row |= {"decide": "value", "value": "fried"}
            self.file.write_text(yaml.safe_dump(record, sort_keys=False, allow_unicode=True), "utf-8")

    def decided(self) -> int:
        """How many items are decided."""
        return sum(bool(each.decide) for each in read_file(self.file).decisions)

    def renamed(self, names: dict[str, str], *operations: dict[str, Any]) -> Path:
        """The schema's next version, its names replaced; and a plan to it."""

        def now(value: Any) -> Any:
            if isinstance(value, dict):
                return {names.get(key, key): now(each) for key, each in value.items()}
            if isinstance(value, list):
                return (
                    list(dict.fromkeys(map(now, value)))
                    if all(isinstance(v, str) for v in value)
                    else [now(each) for each in value]
                )
            return names.get(value, value) if isinstance(value, str) else value

        data = now(yaml.safe_load(self.project.schema_path.read_text("utf-8")))
        data["version"] = "9.0"
        self.project.schema_path.write_text(
            yaml.safe_dump(data, sort_keys=False, allow_unicode=True), "utf-8"
        )
        plan = self.project.root / "plan.yaml"
        stamps = {"from": self.schema.id, "to": f"{self.schema.name}@9.0"}
        plan.write_text(yaml.safe_dump({**stamps, "operations": list(operations)}), "utf-8")
        return plan

    def migrate(self, plan: Path, *, dry_run: bool = False) -> MigrateReport:
        """By the plan."""
        schema = load_schema(self.project.schema_path)
        return migrate_project(
            self.project, load_plan(plan), schema, load_seeds(self.project), dry_run=dry_run
        )

    def gold(self) -> Any:
        """What the adjudicated annotation says."""
        [gold] = [each for each in read_annotations(self.project) if each.provenance.based_on]
        return content(gold)


@pytest.fixture
def kitchen(tmp_path: Path) -> Kitchen:
    """It."""
    return Kitchen(tmp_path)


def test_decisions_bear_the_new_names(kitchen: Kitchen) -> None:
    """Of labels, layers, attributes, values and relations: nothing is open, and carried out anew they come to
    the migrated annotation."""
    decided = kitchen.decided()
    assert decided >= 6
    plan = kitchen.renamed(WORDS, *RENAMED)
    assert kitchen.migrate(plan, dry_run=True).decisions == {"carried": decided, "settled": 0, "opened": 0}
    report = kitchen.migrate(plan)
    assert report.decisions == {"carried": decided, "settled": 0, "opened": 0}
    migrated = kitchen.gold()
    assert not kitchen.adjudicate().outcomes["soup"].open
    assert kitchen.gold() == migrated and kitchen.decided() == decided
    text = kitchen.file.read_text("utf-8")
    assert "PLANT SALT" in text and "relation by_means act CUT" in text and "value: hot" in text


def test_what_readers_agree_in_now_needs_no_decision(kitchen: Kitchen) -> None:
    """Two labels that were told apart by hand are one."""
    decided = kitchen.decided()
    names = {"TOOL": "FOOD"}
    schema = yaml.safe_load(kitchen.project.schema_path.read_text("utf-8"))
    del schema["layers"]["thing"]["labels"]["TOOL"]
    kitchen.project.schema_path.write_text(yaml.safe_dump(schema, sort_keys=False), "utf-8")
    report = kitchen.migrate(kitchen.renamed(names, {"merge": ["TOOL"], "to": "FOOD"}))
    assert report.decisions["settled"] >= 1 and report.decisions["opened"] == 0
    assert sum(report.decisions.values()) == decided
    migrated = kitchen.gold()
    assert not kitchen.adjudicate().outcomes["soup"].open and kitchen.gold() == migrated


def test_relations_are_told_apart_one_by_one(kitchen: Kitchen) -> None:
    """One of a name is taken out, another is called otherwise: their decisions are settled and carried."""
    text = kitchen.project.schema_path.read_text("utf-8")
    data = yaml.safe_load(text)
    data["relations"]["by_means"] = data["relations"]["with"]
    kitchen.project.schema_path.write_text(yaml.safe_dump(data, sort_keys=False), "utf-8")

    def of(*quotes: str) -> dict[str, Any]:
        ends = [{"document": "soup", "quote": TEXT.replace(quote, f"[{quote}]")} for quote in quotes]
        return {"arrows": [{"head": ends[0], "tail": ends[1]}]}

    decided = kitchen.decided()
    report = kitchen.migrate(
        kitchen.renamed(
            {},
            {"rename": "relation", "name": "with", "to": "by_means", **of("coupe", "couteau")},
            {"remove": "relation", "name": "object", **of("coupe", "pomme")},
        )
    )
    assert report.decisions == {"carried": decided - 1, "settled": 1, "opened": 0}
    migrated = kitchen.gold()
    assert not kitchen.adjudicate().outcomes["soup"].open and kitchen.gold() == migrated
    assert "relation by_means" in kitchen.file.read_text("utf-8")


def test_an_item_that_asks_something_else_is_open_again(kitchen: Kitchen) -> None:
    """The span of one side is taken out: what was a question of labels is one of standing at all. The
    decision is kept aside."""
    quote = TEXT.replace("couteau", "[couteau]")
    plan = kitchen.renamed(
        {}, {"remove": "span", "spans": [{"document": "soup", "quote": quote, "label": "FOOD"}]}
    )
    report = kitchen.migrate(plan)
    assert report.decisions["opened"] >= 1
    [left] = [each for each in read_file(kitchen.file).superseded if each.kind == "label"]
    assert left.decide == "a" and left.reason == "seen"
    assert [item.kind for item in kitchen.adjudicate().outcomes["soup"].open] == ["missed"]


def test_own_marks_go_along_or_are_named(kitchen: Kitchen, tmp_path: Path) -> None:
    """Those from Label Studio by the same steps; a file by hand with labels that are gone is named."""
    own = Annotation("soup", "marie", kitchen.schema.id, spans=(span("o", "thing", "TOOL", "un"),))
    write_own(kitchen.project, "soup", own)
    kitchen.adjudicate()
    hand = own_path(kitchen.project, "soup", "yaml")
    plan = kitchen.renamed(WORDS, *RENAMED)
    hand.write_text(
        "document: soup\nannotator: marie\nschema: x\npassages:\n- text: On coupe\n  step:\n"
        "  - {id: a, label: CUT, quote: coupe}\n", "utf-8",
    )  # fmt: skip
    shown = called("schema", "migrate", plan, "--project", kitchen.project.root)
    assert shown.returncode == 0 and "decisions carried along" in shown.stdout
    assert hand.relative_to(kitchen.project.root).as_posix() in " ".join(shown.stderr.split())
    hand.unlink()
    assert "UTENSIL" in own_path(kitchen.project, "soup").read_text("utf-8")
    assert not kitchen.adjudicate().outcomes["soup"].open


def test_own_marks_by_hand_are_rewritten_by_the_steps(kitchen: Kitchen) -> None:
    """Labels, layers, attributes, values and relations: adjudicated anew they say what the migration made of
    the annotation that rests on them. What the steps took out of them is on record."""
    hand = own_path(kitchen.project, "soup", "yaml")
    hand.write_text(
        f"# what both missed\ndocument: soup\nannotator: marie\nschema: {kitchen.schema.id}\npassages:\n"
        "- text: On coupe la pomme rouge\n"
        "  thing:\n  - {id: u, label: TOOL, quote: On, state: raw}\n"
        "  - {id: o, label: FOOD, quote: o, n: 2}\n"
        "  step:\n  - {id: e, label: CUT, quote: coupe la, with: u}\n",
        "utf-8",
    )
    kitchen.adjudicate()
    drop = {"remove": "span", "spans": [{"document": "soup", "quote": TEXT.replace("pomme", "p[o]mme")}]}
    report = kitchen.migrate(kitchen.renamed(WORDS, drop, *RENAMED))
    assert report.unread == () and not report.decisions["opened"]
    migrated = kitchen.gold()
    text = hand.read_text("utf-8")
    assert text.startswith("# what both missed\n") and "schema: " + kitchen.schema.name + "@9.0" in text
    assert "label: UTENSIL" in text and "cond: fresh" in text and "by_means: u" in text and "act:" in text
    assert "id: o" not in text
    removed = (kitchen.project.root / report.removed_file).read_text("utf-8")
    assert '"own": true' in removed
    assert not kitchen.adjudicate().outcomes["soup"].open and kitchen.gold() == migrated


def test_files_of_quotes_come_back_as_they_were(tmp_path: Path) -> None:
    """All that the example has of them, by a plan without steps: every span, its id, values and relations."""
    example = load_project(example_root())
    schema = load_schema(example.schema_path)
    later = msgspec.structs.replace(schema, version="9.0")
    stamps = {"from": schema.id, "to": later.id, "operations": []}
    plan = msgspec.convert(stamps, Plan)
    documents = {document.id: document for document in load_seeds(example)}
    paths = [*example.annotate.glob("readings/*/*.yaml"), *folder(example).glob("*.own.yaml")]
    assert len(paths) > 60
    for path in paths:
        before = read_quotes(path, documents.values(), schema)
        (tmp_path / "own.yaml").write_text(
            migrated_marks(path, plan, later, documents[before.document])[0], encoding="utf-8"
        )
        after = read_quotes(tmp_path / "own.yaml", documents.values(), later)
        assert [span.id for span in after.spans] == [span.id for span in before.spans], path
        assert content(after) == content(before), path


def test_a_relation_that_steps_add_is_decided(kitchen: Kitchen) -> None:
    """Somebody decided that it does not stand, the new version says that it does: nothing takes it out."""
    record = yaml.safe_load(kitchen.file.read_text("utf-8"))
    for row in record["decisions"]:
        if row["key"].startswith("relation object"):
            row["decide"] = "neither"
    kitchen.file.write_text(yaml.safe_dump(record, sort_keys=False, allow_unicode=True), "utf-8")
    kitchen.adjudicate()
    head, tail = (
        {"document": "soup", "quote": TEXT.replace(word, f"[{word}]")} for word in ("coupe", "pomme")
    )
    step = {"add": "relation", "name": "object", "arrows": [{"head": head, "tail": tail}]}
    assert kitchen.migrate(kitchen.renamed({}, step)).decisions["settled"] == 1
    migrated = kitchen.gold()
    assert "object" in repr(migrated)
    assert not kitchen.adjudicate().outcomes["soup"].open and kitchen.gold() == migrated


def test_a_migration_that_was_cut_off_carries_decisions_once(kitchen: Kitchen, tmp_path: Path) -> None:
    """Killed after the decisions and before the annotations, it goes on and leaves the decisions alone."""
    plan = kitchen.renamed(WORDS, *RENAMED)
    shutil.copytree(kitchen.project.annotations, tmp_path / "old")
    kitchen.migrate(plan)
    held = kitchen.file.read_bytes()
    shutil.rmtree(kitchen.project.annotations)
    shutil.copytree(tmp_path / "old", kitchen.project.annotations)
    report = kitchen.migrate(plan)
    assert report.migrated == 3 and kitchen.file.read_bytes() == held
    assert sorted(path.name for path in folder(kitchen.project).iterdir()) == ["soup.yaml"]
