"""Files that others made, or that are broken: read with every mention, or refused with every fault."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.popcorn_data import read_popcorn
from goldwire.errors import GoldwireError
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.model import Article
from goldwire.project import load_project
from goldwire.schemas import load_schema
from tests.formats.sample import SCHEMA, marks, through
from tests.shared import SHARED, needs_shared

ROOT = Path(__file__).parents[3]
FENEC = SHARED / "data/brat-fenec"
HIPE = SHARED / "data/scorer-reference/HIPE-2022-v2.1-letemps-test-fr.tsv"


def read(name: str, path: Path, setting: ConversionOptions | None = None) -> list[Article]:
    """The articles of a file or a folder."""
    return FORMATS[name].read(path, setting or ConversionOptions())


def faults(name: str, path: Path) -> list[str]:
    """Code and place of every fault."""
    with pytest.raises(GoldwireError) as caught:
        read(name, path)
    return [f"{fault.code} {fault.where.removeprefix(str(path.parent))}" for fault in caught.value.faults]


@needs_shared("data/brat-fenec")
def test_every_mention_of_fenec_is_read(tmp_path: Path) -> None:
    """Each T line is a span with its offsets, its type and its text; and so it is after the way back."""
    setting = ConversionOptions()
    held = read("brat", FENEC, setting)
    lines = [
        line.split("\t")
        for path in sorted(FENEC.glob("*.ann"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    wanted = Counter(tuple(line[1].split(" ")) for line in lines)
    spans = [span for article in held for span in article.annotations[0].spans]
    assert Counter((s.label, str(s.start), str(s.end)) for s in spans) == wanted
    assert (len(spans), setting.lost) == (348, {})
    for name, ending in (("brat", ""), ("cas", ""), ("docbin", ".spacy"), ("parquet", ".parquet")):
        again, on_the_way = through(name, held, tmp_path / f"{name}{ending}")
        assert (marks(again), on_the_way.lost) == (marks(held), {})


@pytest.mark.slow
@needs_shared("data/popcorn-fr/train.json")
def test_every_mention_of_popcorn_is_read(tmp_path: Path) -> None:
    """11,675 mentions and 12,716 relations, and all of them after the way through other formats."""
    held = read_popcorn()
    spans = sum(len(article.annotations[0].spans) for article in held)
    relations = sum(len(article.annotations[0].relations) for article in held)
    assert (len(held), spans, relations) == (400, 11_675, 12_716)
    for name, ending, some in (
        ("brat", "", held),
        ("parquet", ".parquet", held),
        ("labelstudio", ".json", held[:100]),
        ("docbin", ".spacy", held[:60]),
        ("cas", "", held[:30]),
    ):
        again, _ = through(name, some, tmp_path / f"{name}{ending}")
        assert marks(again) == marks(some), name


@needs_shared("data/scorer-reference")
def test_hipe_is_read_by_its_columns() -> None:
    """Its 51 documents with their names, a layer for each column of tags."""
    setting = ConversionOptions()
    held = read("conll", HIPE, setting)
    layers = Counter(span.layer for article in held for span in article.annotations[0].spans)
    tags = [line.split("\t") for line in HIPE.read_text(encoding="utf-8").splitlines() if "\t" in line]
    begun = sum(re.match("B-", row[1]) is not None for row in tags[1:])
    assert (len(held), layers["NE-COARSE-LIT"]) == (51, begun)
    assert {"NE-FINE-LIT", "NE-NESTED"} <= layers.keys()
    assert setting.lost == {}
    narrowed = read("conll", HIPE, ConversionOptions(layer="NE-COARSE-LIT"))
    assert {span.layer for article in narrowed for span in article.annotations[0].spans} == {"NE-COARSE-LIT"}


def test_brat_of_others_is_read_with_all_its_lines(tmp_path: Path) -> None:
    """Discontinuous spans, events on one trigger, equivalences, attributes, references and notes."""
    (tmp_path / "a.txt").write_bytes("Anna et Béa Roux ont cuit\r\ndu pain.\n".encode())
    lines = [
        "T1\tPER 0 4;12 16\tAnna Roux",
        "T2\tPER 8 16\tBéa Roux",
        "T3\tCook 21 25\tcuit",
        "T4\tFOOD 30 34\tpain",
        "E1\tCook:T3 Agent:T1 Agent2:T2 Theme:T4",
        "E2\tCook:T3 Agent:E1",
        "R1\tKnows Arg1:T1 Arg2:T2",
        "*\tEquiv T1 T2",
        "A1\tSure E1",
        "M2\tTense E1 past",
        "N1\tReference T4 WD:Q7802\tpain",
        "#1\tAnnotatorNotes T4\tdu pain frais",
        "#2\tAnnotatorNotes R1\tvraiment",
    ]
    (tmp_path / "a.ann").write_text("\n".join(lines) + "\n", encoding="utf-8")
    setting = ConversionOptions(annotator="x", status="submitted")
    (article,) = read("brat", tmp_path, setting)
    (annotation,) = article.annotations
    text = article.document.text
    assert text == "Anna et Béa Roux ont cuit\ndu pain.\n"
    assert [(s.id, s.layer, text[s.start : s.end]) for s in annotation.spans] == [
        ("T1", "entity", "Anna et Béa Roux"),
        ("T2", "entity", "Béa Roux"),
        ("T3", "event", "cuit"),
        ("T4", "entity", "pain"),
        ("E2", "event", "cuit"),
    ]
    assert [(r.label, r.head, r.tail) for r in annotation.relations] == [
        ("Agent", "T3", "T1"),
        ("Agent", "T3", "T2"),
        ("Theme", "T3", "T4"),
        ("Agent", "E2", "T3"),
        ("Knows", "T1", "T2"),
        ("Equiv", "T1", "T2"),
    ]
    assert annotation.spans[2].attributes == {"Sure": True, "Tense": "past"}
    assert annotation.spans[3].attributes == {"reference": "WD:Q7802", "AnnotatorNotes": "du pain frais"}
    assert (annotation.annotator, annotation.status) == ("x", "submitted")
    assert setting.lost == {
        "gaps of discontinuous spans": ["x/a T1"],
        "note of a relation": ["x/a #2"],
    }
    assert setting.changed == {"texts normalised, offsets moved along": ["a"]}


def test_folders_with_the_same_documents_are_annotators(tmp_path: Path) -> None:
    """Two folders that hold one document are two people; folders of different documents are part of ids."""
    for who in ("anna", "béa"):
        (tmp_path / "two" / who).mkdir(parents=True)
        (tmp_path / "two" / who / "a.txt").write_text("Sel", encoding="utf-8")
        (tmp_path / "two" / who / "a.ann").write_text("T1\tX 0 3\tSel\n", encoding="utf-8")
        (tmp_path / "apart" / who).mkdir(parents=True)
        (tmp_path / "apart" / who / f"{who}.txt").write_text("Sel", encoding="utf-8")
    (article,) = read("brat", tmp_path / "two")
    assert [a.annotator for a in article.annotations] == ["anna", "béa"]
    assert [a.document.id for a in read("brat", tmp_path / "apart")] == ["anna/anna", "béa/béa"]


def test_all_faults_of_brat_are_told_at_once(tmp_path: Path) -> None:
    """Each with its file and line."""
    for name in ("a", "b"):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{name}.txt").write_text("Sel fin", encoding="utf-8")
    lines = [
        "T1\tX 0 3\tSel",
        "T1\tX 4 7\tfin",
        "T2\tX 4 9\tfin",
        "T3\tX 4 7\tgros",
        "hm",
        "R1\tL Arg1:T1 Arg2:T8",
    ]
    (tmp_path / "in/a.ann").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "in/b.ann").write_text("E1\tX:T1\nA1\tY T1\n", encoding="utf-8")
    assert sorted(faults("brat", tmp_path / "in")) == [
        "GW273 /in/a.ann:2",
        "GW273 /in/a.ann:5",
        "GW273 /in/a.ann:6",
        "GW273 /in/b.ann:1",
        "GW273 /in/b.ann:2",
        "GW274 /in/a.ann:3",
        "GW274 /in/a.ann:4",
    ]
    (tmp_path / "none").mkdir()
    assert faults("brat", tmp_path / "none") == ["GW275 /none"]


def test_plain_conll_without_names_is_read(tmp_path: Path) -> None:
    """CoNLL-2003's form: the last column is the tag, the others are counted; IOB1 and -DOCSTART-."""
    path = tmp_path / "c.conll"
    path.write_text(
        "-DOCSTART- -X- O O\n\nJean NN I-NP I-PER\nPaul NN I-NP B-PER\ndort VB O O\n\nIci RB O S-LOC\n\n"
        "-DOCSTART- -X- O O\n\nFin NN O O\n",
        encoding="utf-8",
    )
    setting = ConversionOptions()
    first, second = read("conll", path, setting)
    assert (first.document.text, second.document.text) == ("Jean Paul dort\nIci", "Fin")
    spans = first.annotations[0].spans
    assert [(s.layer, s.label, s.start, s.end) for s in spans] == [
        ("entity", "PER", 0, 4),
        ("entity", "PER", 5, 9),
        ("entity", "LOC", 15, 18),
    ]
    assert set(setting.lost) == {"column 2", "column 3"}


def test_all_faults_of_conll_are_told_at_once(tmp_path: Path) -> None:
    """Lines with too few columns, and what is no tag."""
    path = tmp_path / "c.tsv"
    path.write_text("TOKEN\tner\tMISC\nSel\tB-X\t_\nfin\t_\nici\tI-X\t_\nlà\tX\t_\n", encoding="utf-8")
    assert faults("conll", path) == ["GW276 /c.tsv:3", "GW276 /c.tsv:5"]
    path.write_text("Sel\nfin\n", encoding="utf-8")
    assert faults("conll", path) == ["GW277 /c.tsv"]
    path.write_text("TOKEN\tner\nSel\tO\n", encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"no column of tags `x`.*one of: ner"):
        read("conll", path, ConversionOptions(layer="x"))


def test_docbin_of_others_is_read_and_broken_ones_are_told(tmp_path: Path) -> None:
    """Entities are the layer `entity`, groups their own; bytes that are no DocBin are refused."""
    import spacy
    from spacy.tokens import DocBin

    doc = spacy.blank("fr")("Voir Lyon et Paris")
    lyon, paris = doc.char_span(5, 9, label="LOC"), doc.char_span(13, 18, label="CITY")
    assert lyon is not None and paris is not None
    doc.set_ents([lyon])
    doc.spans["sc"] = [paris]
    DocBin(docs=[doc, spacy.blank("fr")("Rien")]).to_disk(tmp_path / "x.spacy")
    first, second = read("docbin", tmp_path / "x.spacy")
    assert [(s.layer, s.label) for s in first.annotations[0].spans] == [("sc", "CITY"), ("entity", "LOC")]
    assert (second.document.id, second.annotations) == ("x-2", ())
    (tmp_path / "x.spacy").write_bytes(b"no")
    assert faults("docbin", tmp_path / "x.spacy") == ["GW278 /x.spacy"]


def test_inceptions_own_layers_links_and_empty_spans_are_read(tmp_path: Path) -> None:
    """A value is a label, a link a relation, a list an attribute; a span without extent is counted."""
    import cassis

    system = cassis.TypeSystem()
    named = system.create_type(
        "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity", "uima.tcas.Annotation"
    )
    for name, kind in (("value", "uima.cas.String"), ("tags", "uima.cas.StringArray")):
        system.create_feature(named, name, kind)
    link = system.create_type("webanno.custom.EventLink", "uima.cas.TOP")
    system.create_feature(link, "role", "uima.cas.String")
    system.create_feature(link, "target", named)
    event = system.create_type("webanno.custom.Event", "uima.tcas.Annotation")
    system.create_feature(event, "roles", "uima.cas.FSArray", elementType=link)
    cas = cassis.Cas(system, sofa_string="😀 Anna mange", document_language="fr")
    strings = system.get_type("uima.cas.StringArray")(elements=["a", "b"])
    anna = named(begin=2, end=6, value="PER", tags=strings)
    cas.add(anna)
    cas.add(named(begin=3, end=3))
    array = system.get_type("uima.cas.FSArray")(elements=[link(role="agent", target=anna)])
    cas.add(event(begin=7, end=12, roles=array))
    (tmp_path / "in/doc").mkdir(parents=True)
    (tmp_path / "in/TypeSystem.xml").write_text(system.to_xml(), encoding="utf-8")
    cas.to_xmi(tmp_path / "in/doc/admin.xmi")
    assert 'begin="3"' in (tmp_path / "in/doc/admin.xmi").read_text(encoding="utf-8")  # UTF-16 code units
    setting = ConversionOptions()
    (article,) = read("cas", tmp_path / "in", setting)
    (annotation,) = article.annotations
    assert (article.document.id, annotation.annotator) == ("doc", "admin")
    assert [(s.layer, s.label, article.document.text[s.start : s.end]) for s in annotation.spans] == [
        ("NamedEntity", "PER", "Anna"),
        ("Event", "Event", "mange"),
    ]
    assert annotation.spans[0].attributes == {"tags": ["a", "b"]}
    assert [r.label for r in annotation.relations] == ["agent"]
    assert list(setting.lost) == ["spans without an extent"]
    (tmp_path / "in/doc/admin.xmi").write_text("<x", encoding="utf-8")
    (tmp_path / "in/doc/béa.json").write_text("{", encoding="utf-8")
    assert faults("cas", tmp_path / "in") == ["GW280 /in/doc/admin.xmi", "GW280 /in/doc/béa.json"]


@pytest.mark.parametrize("schema", [SCHEMA, load_project(ROOT).schema_path], ids=["mini", "politics"])
def test_inception_takes_the_type_system_for_span_and_relation_layers(schema: Path) -> None:
    """By its own rules (TypeSystemAnalysis): layers are direct subtypes of Annotation; a span layer has
    texts, flags and lists of texts only; a relation layer `Governor` and `Dependent` too, of one type."""
    from goldwire.formats.cas.types import SENTENCE, TOKEN, Types

    loaded = load_schema(schema)
    types = Types(loaded)
    plain = {"uima.cas.String", "uima.cas.Boolean", "uima.cas.StringArray"}
    spans, relations = set(), set()
    for kind in types.system.get_types():
        if kind.supertype.name != "uima.tcas.Annotation" or kind.name in (TOKEN, SENTENCE):
            continue
        if kind.name.startswith("uima.tcas."):
            continue
        assert kind.name.startswith("webanno.custom.")
        ends = {each.name: each.rangeType.name for each in kind.features if each.rangeType.name not in plain}
        if ends:
            assert set(ends) == {"Governor", "Dependent"} and len(set(ends.values())) == 1
            relations.add(kind.name)
        else:
            spans.add(kind.name)
    assert spans == {types.layer(layer) for layer in loaded.layers}
    assert relations == {types.relation}


def test_an_export_without_its_schema_gives_its_labels_as_found(tmp_path: Path) -> None:
    """Layers are the controls, attributes the choices and texts of a region; nothing is refused."""
    path = tmp_path / "export.json"
    path.write_text(
        """[{"id": 1, "data": {"text": "Anna rit"}, "annotations": [{"completed_by": 1, "result": [
        {"id": "a", "type": "labels", "from_name": "my-label", "value": {"start": 0, "end": 4,
        "labels": ["PER"]}},
        {"id": "a", "type": "choices", "from_name": "mood", "value": {"start": 0, "end": 4,
        "choices": ["gai"]}},
        {"id": "b", "type": "labels", "from_name": "act", "value": {"start": 5, "end": 8,
        "labels": ["LAUGH"]}},
        {"type": "relation", "from_id": "b", "to_id": "a", "direction": "right", "labels": []}]}]}]""",
        encoding="utf-8",
    )
    setting = ConversionOptions(project_path=None)
    (article,) = read("labelstudio", path, setting)
    (annotation,) = article.annotations
    assert [(s.layer, s.label, s.attributes) for s in annotation.spans] == [
        ("my_label", "PER", {"mood": "gai"}),
        ("act", "LAUGH", {}),
    ]
    assert ([r.label for r in annotation.relations], setting.lost) == (["related"], {})
    config = tmp_path / "label_config.xml"
    config.write_text(
        '<View><Labels name="my-label" toName="t"><Label value="PER"/></Labels>'
        '<Labels name="act" toName="t"><Label value="LAUGH"/></Labels><Text name="t" value="$text"/></View>',
        encoding="utf-8",
    )
    setting = ConversionOptions(config_path=config)
    (article,) = read("labelstudio", path, setting)
    assert [s.label for s in article.annotations[0].spans] == ["PER", "LAUGH"]
    assert list(setting.lost) == ["attributes: the schema has no attribute `mood`"]


def test_label_studios_own_conll_is_read_with_blanks_in_its_labels(tmp_path: Path) -> None:
    """Its two filling columns are none, and the tag goes to the end of the line."""
    path = tmp_path / "result.conll"
    lines = [
        "-DOCSTART- -X- O",
        "Anna -X- _ B-PER",
        "# -X- _ O",
        "Head -X- _ B-Job title",
        "of -X- _ I-Job title",
    ]
    path.write_text("\n".join([*lines, "", "No -X- _ O", ". -X- _ O", ""]), encoding="utf-8")
    setting = ConversionOptions()
    (article,) = read("conll", path, setting)
    text = article.document.text
    spans = [(span.label, text[span.start : span.end]) for span in article.annotations[0].spans]
    assert (text, spans, setting.lost) == (
        "Anna # Head of\nNo .",
        [("PER", "Anna"), ("Job title", "Head of")],
        {},
    )
