"""Exports of INCEpTION and WebAnno as they write them: whose each file is, and what of it is taken."""

from __future__ import annotations

import shutil
import struct
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from goldwire.cli.eval import command as eval_command
from goldwire.errors import GoldwireError
from goldwire.formats.jsonl import write_jsonl
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.limits import INFLATED
from goldwire.model import Article
from tests.shared import SHARED, needs_shared

cassis = pytest.importorskip("cassis")

TEXTS = {"doc1.txt": "Anna lebt in Berlin.", "doc2.txt": "Bea 😀 kommt aus Bern."}
DKPRO = "de.tudarmstadt.ukp.dkpro.core.api."
CASES = "cases/formats/05-inception-zip"
TSV = (
    f"#FORMAT=WebAnno TSV 3.3\n#T_SP={DKPRO}ner.type.NamedEntity|value\n\n\n#Text=Anna\n1-1\t0-4\tAnna\t*\t\n"
)


def types() -> Any:
    """A type system as INCEpTION exports it: metadata, entities, a layer of the project's own."""
    system = cassis.TypeSystem()
    about = system.create_type(f"{DKPRO}metadata.type.DocumentMetaData", "uima.tcas.DocumentAnnotation")
    entity = system.create_type(f"{DKPRO}ner.type.NamedEntity", "uima.tcas.Annotation")
    system.create_type(f"{DKPRO}ner.type.Person", entity.name)
    for kind, names in ((about, ("documentTitle", "documentId")), (entity, ("value", "identifier"))):
        for name in names:
            system.create_feature(kind, name, "uima.cas.String")
    return system


def cas(
    document: str, annotator: str, *spans: tuple[int, int, str], title: bool = True
) -> tuple[bytes, bytes]:
    """The type system and the XMI of what an annotator marked in one of `TEXTS`."""
    system = types()
    held = cassis.Cas(system, sofa_string=TEXTS[document], document_language="de")
    if title:
        about = system.get_type(f"{DKPRO}metadata.type.DocumentMetaData")
        held.add(about(begin=0, end=4, documentTitle=document, documentId=annotator))
    entity = system.get_type(f"{DKPRO}ner.type.NamedEntity")
    held.add_all([entity(begin=start, end=end, value=value) for start, end, value in spans])
    return system.to_xml().encode(), held.to_xmi().encode()


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip with these files."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def laid_out(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder with these files."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def one_zip(document: str, annotator: str, *spans: tuple[int, int, str], title: bool = True,
            types_name: str = "TypeSystem.xml") -> bytes:  # fmt: skip
    """What a project has for an annotator of a document."""
    system, xmi = cas(document, annotator, *spans, title=title)
    return zipped({types_name: system, f"{annotator}.xmi": xmi})


def project(title: bool = True) -> dict[str, bytes]:
    """A project with two documents, two annotators, one of whom did not do the second, and a curator."""
    anna, berlin, bea, bern = (0, 4, "PER"), (13, 19, "LOC"), (0, 3, "PER"), (16, 20, "LOC")
    return {
        "exportedproject123.json": b'{"name": "p"}',
        "source/doc1.txt": TEXTS["doc1.txt"].encode(),
        "source/doc2.xmi": b"<no/>",
        "log/project-1.log": b"",
        "annotation_ser/doc1.txt/anna.ser": b"\xac\xed\x00\x05",
        "annotation/doc1.txt/webanno11export.zip": one_zip("doc1.txt", "anna", anna, berlin, title=title),
        "annotation/doc1.txt/webanno12export.zip": one_zip("doc1.txt", "ben", anna, title=title),
        "annotation/doc1.txt/webanno13export.zip": one_zip("doc1.txt", "INITIAL_CAS", title=title),
        "annotation/doc2.txt/webanno14export.zip": one_zip("doc2.txt", "anna", bea, bern, title=title),
        "annotation/doc2.txt/webanno15export.zip": one_zip("doc2.txt", "INITIAL_CAS", bea, title=title),
        "curation/doc1.txt/webanno16export.zip": one_zip("doc1.txt", "CURATION_USER", anna, title=title),
    }  # fmt: skip


PROJECT = {
    "doc1.txt": [("anna", "draft", 2), ("ben", "draft", 1), ("CURATION_USER", "adjudicated", 1)],
    "doc2.txt": [("anna", "draft", 2)],
}


def read(path: Path, name: str = "cas", **options: Any) -> tuple[list[Article], ConversionOptions]:
    """The articles of a path, and what was put down."""
    setting = ConversionOptions(**options)
    return FORMATS[name].read(path, setting), setting


def owners(articles: list[Article]) -> dict[str, list[tuple[str, str, int]]]:
    """For each document its annotators, the status of their annotations and the number of their spans."""
    return {
        each.document.id: [(a.annotator, a.status, len(a.spans)) for a in each.annotations]
        for each in articles
    }


def refused(path: Path, name: str = "cas", **options: Any) -> list[str]:
    """The faults of reading a path."""
    with pytest.raises(GoldwireError) as caught:
        read(path, name, **options)
    return [str(fault).replace(str(path), "") for fault in caught.value.faults]


@pytest.mark.parametrize("title", [True, False])
@pytest.mark.parametrize(
    "form", ["zip", "folder", "zip in a folder", "unpacked to the last", "in a folder below"]
)
def test_a_project_is_read_zipped_or_unpacked(form: str, title: bool, tmp_path: Path) -> None:
    """Two annotators of a document are two annotations of it; the curator's is adjudicated."""
    files, path = project(title), tmp_path / "p"
    if form == "zip":
        path = tmp_path / "p.zip"
        path.write_bytes(zipped(files))
    elif form == "zip in a folder":
        laid_out(path, {"p.zip": zipped(files)})
    elif form == "in a folder below":
        laid_out(path / "p", files)
    else:
        laid_out(path, files)
    for inner in sorted(path.rglob("*.zip")) if form == "unpacked to the last" else ():
        zipfile.ZipFile(inner).extractall(inner.with_suffix(""))
        inner.unlink()
    articles, setting = read(path)
    assert owners(articles) == PROJECT
    text = articles[1].document.text
    assert [text[s.start : s.end] for s in articles[1].annotations[0].spans] == ["Bea", "Bern"]
    assert setting.lost == {}
    assert sorted(kind.partition(":")[2].strip() for kind in setting.noted if "passed over" in kind) == [
        "Java's own (.ser)",
        "the project's settings",
        "the project's sources, logs and the like",
    ]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("annotation", {"doc1.txt": PROJECT["doc1.txt"][:2], "doc2.txt": PROJECT["doc2.txt"]}),
        ("annotation/doc1.txt", {"doc1.txt": PROJECT["doc1.txt"][:2]}),
        ("annotation/doc1.txt/webanno12export.zip", {"doc1.txt": PROJECT["doc1.txt"][1:2]}),
        ("curation", {"doc1.txt": PROJECT["doc1.txt"][2:]}),
    ],
)
def test_any_part_of_a_project_is_read(
    inside: str, expected: dict[str, list[tuple[str, str, int]]], tmp_path: Path
) -> None:
    """A folder of it, or the zip of one annotator."""
    articles, _ = read(laid_out(tmp_path, project()) / inside)
    assert owners(articles) == expected


@pytest.mark.parametrize("name", ["typesystem.xml", "TYPESYSTEM.XML", "TypeSystem.xml"])
def test_the_type_system_is_found_however_its_name_is_written(name: str, tmp_path: Path) -> None:
    """Beside the file, in a folder above it, and in a zip."""
    system, xmi = cas("doc1.txt", "anna", (0, 4, "PER"))
    expected = {"doc1.txt": [("anna", "draft", 1)]}
    beside = laid_out(tmp_path / "a", {name: system, "x.xmi": xmi})
    above = laid_out(tmp_path / "b", {name: system, "c/d/x.xmi": xmi})
    packed = laid_out(tmp_path / "c", {"x.zip": zipped({name: system, "x.xmi": xmi})})
    for path in (beside, beside / "x.xmi", above, packed, packed / "x.zip"):
        assert owners(read(path)[0]) == expected


@pytest.mark.parametrize(
    ("owner", "file", "expected"),
    [
        ("anna", "x.xmi", ("doc1.txt", "anna")),
        ("doc1.txt", "x.xmi", ("doc1.txt", "cas")),
        ("doc1", "x.xmi", ("doc1.txt", "cas")),
        ("corpus/doc1.txt", "x.xmi", ("doc1.txt", "cas")),
        ("doc1.txt", "d/ben.xmi", ("doc1.txt", "ben")),
        ("anna", "d/ben.xmi", ("doc1.txt", "anna")),
    ],
)
def test_the_metadata_says_whose_an_annotation_is(
    owner: str, file: str, expected: tuple[str, str], tmp_path: Path
) -> None:
    """Where it holds the document's own name in the annotator's place, the path says who annotated."""
    system, xmi = cas("doc1.txt", "ben", (0, 4, "PER"))
    xmi = xmi.replace(b'documentId="ben"', f'documentId="{owner}"'.encode())
    (article,), _ = read(laid_out(tmp_path, {"TypeSystem.xml": system, file: xmi}))
    assert (article.document.id, article.annotations[0].annotator) == expected


def test_where_inception_keeps_names_for_itself_they_are_taken(tmp_path: Path) -> None:
    """Its own metadata name the annotator and the document where DKPro Core's do not."""
    system = types()
    kind = "de.tudarmstadt.ukp.clarin.webanno.api.type.CASMetadata"
    own = system.create_type(kind, "uima.cas.AnnotationBase")
    for name in ("username", "sourceDocumentName"):
        system.create_feature(own, name, "uima.cas.String")
    held = cassis.Cas(system, sofa_string=TEXTS["doc1.txt"])
    held.add(own(username="anna", sourceDocumentName="doc1.txt"))
    files = {"TypeSystem.xml": system.to_xml().encode(), "x.xmi": held.to_xmi().encode()}
    articles, setting = read(laid_out(tmp_path, files))
    assert owners(articles) == {"doc1.txt": [("anna", "draft", 0)]}
    assert setting.lost == {}


def test_documents_of_one_title_are_called_by_their_files(tmp_path: Path) -> None:
    """Another text under the same title is another document, where the paths tell them apart."""
    system, first = cas("doc1.txt", "anna", (0, 4, "PER"))
    second = cas("doc2.txt", "anna")[1].replace(b'documentTitle="doc2.txt"', b'documentTitle="doc1.txt"')
    files = {"TypeSystem.xml": system, "a/anna.xmi": first, "b/anna.xmi": second}
    articles, setting = read(laid_out(tmp_path / "in", files))
    assert list(owners(articles)) == ["a", "b"]
    assert [a.annotations[0].document for a in articles] == ["a", "b"]
    assert len(setting.noted["documents of one title, called by their files"]) == 2
    laid_out(tmp_path / "in", {"a/ben.xmi": second})
    assert "another `a` than in an earlier file" in "".join(refused(tmp_path / "in"))


def test_what_was_there_before_anybody_annotated_is_no_annotator(tmp_path: Path) -> None:
    """Where somebody annotated it is noted; where nobody did, it is all there is."""
    files = project()
    _, setting = read(laid_out(tmp_path / "a", files))
    assert setting.noted["what stood there before anybody annotated (INITIAL_CAS)"] == ["doc2.txt"]
    del files["annotation/doc2.txt/webanno14export.zip"]
    articles, _ = read(laid_out(tmp_path / "b", files))
    assert owners(articles)["doc2.txt"] == [("INITIAL_CAS", "draft", 1)]


def test_a_project_of_tsv_files_is_read_the_same(tmp_path: Path) -> None:
    """Folders say whose they are, zipped or not; CAS is not looked for."""
    rows = TSV.replace("*", "PER").encode()
    files = {
        "exportedproject1.json": b"{}",
        "source/doc1.tsv": b"x",
        "annotation/doc1.txt/anna.tsv": rows,
        "annotation/doc1.txt/ben.zip": zipped({"ben.tsv": rows}),
        "curation/doc1.txt/CURATION_USER.tsv": rows,
    }
    path = tmp_path / "p.zip"
    path.write_bytes(zipped(files))
    expected = [("anna", "draft", 1), ("ben", "draft", 1), ("CURATION_USER", "adjudicated", 1)]
    assert owners(read(path, "webanno_tsv")[0]) == {"doc1.txt": expected}
    assert refused(path) == [
        "GW650 : no UIMA CAS (XMI or JSON) here, but .json, .tsv "
        "(name the export; in INCEpTION choose UIMA CAS (XMI or JSON) as its format)"
    ]  # fmt: skip


def linguistic(tmp_path: Path) -> Path:
    """A CAS with parts of speech, a dependency, links in slots, a chain, and a layer of two features."""
    system = types()
    tcas, text = "uima.tcas.Annotation", "uima.cas.String"
    token = system.create_type(f"{DKPRO}segmentation.type.Token", tcas)
    pos = system.create_type(f"{DKPRO}lexmorph.type.pos.POS", tcas)
    noun = system.create_type(f"{DKPRO}lexmorph.type.pos.POS_NOUN", pos.name)
    dependency = system.create_type(f"{DKPRO}syntax.type.dependency.Dependency", tcas)
    tags = system.create_type(f"{DKPRO}metadata.type.TagsetDescription", tcas)
    dish = system.create_type("webanno.custom.Dish", tcas)
    arrow = system.create_type("webanno.custom.With", tcas)
    link = system.create_type(f"{DKPRO}coref.type.CoreferenceLink", tcas)
    chain = system.create_type(f"{DKPRO}coref.type.CoreferenceChain", "uima.cas.AnnotationBase")
    system.create_feature(pos, "PosValue", text)
    for end in ("Governor", "Dependent"):
        system.create_feature(dependency, end, token.name)
        system.create_feature(arrow, end, tcas)
    kinds = system.create_type("my.Kinds", text)
    for kind, name, values in (
        (dependency, "DependencyType", text),
        (dish, "note", text),
        (dish, "kind", kinds.name),
        (arrow, "why", text),
        (arrow, "how", text),
        (link, "referenceType", text),
        (link, "referenceRelation", text),
        (link, "next", link.name),
        (chain, "first", link.name),
    ):
        system.create_feature(kind, name, values)
    held = cassis.Cas(system, sofa_string="sel et poivre")
    salt, pepper = token(begin=0, end=3), token(begin=7, end=13)
    dishes = [dish(begin=0, end=3, kind="SPICE", note="fin"), dish(begin=7, end=13, note="gris")]
    links = [link(begin=0, end=3, referenceType="nom", referenceRelation="iden"), link(begin=7, end=13)]
    links[0].next = links[1]
    person = system.get_type(f"{DKPRO}ner.type.Person")
    held.add_all([
        salt, pepper, noun(begin=0, end=3, PosValue="N"), pos(begin=7, end=13, PosValue="N"),
        dependency(begin=0, end=3, Governor=salt, Dependent=pepper, DependencyType="dep"),
        tags(begin=0, end=13), *dishes, *links, chain(first=links[0]),
        arrow(begin=0, end=3, Governor=dishes[0], Dependent=dishes[1], why="goût"),
        person(begin=0, end=3, identifier="Q1"), person(begin=7, end=13, value="PER"),
    ])  # fmt: skip
    return laid_out(tmp_path, {"TypeSystem.xml": system.to_xml().encode(), "d/a.xmi": held.to_xmi().encode()})


def test_layers_of_the_language_are_left_out_and_said_so(tmp_path: Path) -> None:
    """Subtypes count with their layer; tokens and descriptions of tagsets are no annotations."""
    (article,), setting = read(linguistic(tmp_path))
    (annotation,) = article.annotations
    assert [(s.layer, s.label, s.start, s.attributes) for s in annotation.spans] == [
        ("Dish", "SPICE", 0, {"note": "fin"}),
        ("Dish", "Dish", 7, {"note": "gris"}),
        ("CoreferenceLink", "nom", 0, {}),
        ("CoreferenceLink", "CoreferenceLink", 7, {}),
        ("NamedEntity", "Person", 0, {"identifier": "Q1"}),
        ("NamedEntity", "PER", 7, {}),
    ]
    assert [(r.label, r.head, r.tail) for r in annotation.relations] == [
        ("With", "s1", "s2"),
        ("iden", "s3", "s4"),
    ]
    assert setting.lost == {
        "layer POS (--layers POS takes it)": ["a/d 0", "a/d 7"],
        "layer Dependency (--layers Dependency takes it)": ["a/d 0"],
        "feature webanno.custom.With:why": ["a/d 0"],
    }
    assert (setting.noted, setting.assumed) == (
        {},
        [
            "`kind` holds the labels of Dish (--label-feature names another)",
            "With has no feature for its label (--label-feature names one: why, how)",
        ],
    )


def test_layers_and_features_of_labels_are_chosen(tmp_path: Path) -> None:
    """By short or whole names; what is not chosen is noted and not lost; unknown ones are refused."""
    path = linguistic(tmp_path)
    (article,), setting = read(
        path, layers=f"Dish, webanno.custom.With,{DKPRO}lexmorph.type.pos.POS",
        label_feature="Dish:note,With:why",
    )  # fmt: skip
    (annotation,) = article.annotations
    assert [(s.layer, s.label) for s in annotation.spans] == [
        ("POS", "N"), ("POS", "N"), ("Dish", "fin"), ("Dish", "gris"),
    ]  # fmt: skip
    assert [relation.label for relation in annotation.relations] == ["goût"]
    assert setting.lost == {}
    assert set(setting.noted) == {
        "layer Dependency, not among --layers",
        "layer CoreferenceLink, not among --layers",
        "layer NamedEntity, not among --layers",
    }
    (article,), _ = read(path, layers="Token,Dependency")
    assert [(r.label, r.head, r.tail) for r in article.annotations[0].relations] == [("dep", "s1", "s2")]
    faults = refused(path, layers="Dishes", label_feature="Dish:sort")
    assert faults[0].startswith("GW652 --layers: no layer `Dishes` in any file (one of: ")
    assert faults[1] == (
        "GW653 --label-feature: no feature `sort` that can be a label in Dish (one of: Dish:kind, Dish:note)"
    )


def test_two_layers_of_one_name_stay_two(tmp_path: Path) -> None:
    """The second bears its package."""
    system = types()
    mine = system.create_type("webanno.custom.NamedEntity", "uima.tcas.Annotation")
    held = cassis.Cas(system, sofa_string="Anna")
    held.add_all([mine(begin=0, end=4), system.get_type(f"{DKPRO}ner.type.NamedEntity")(begin=0, end=4)])
    files = {"TypeSystem.xml": system.to_xml().encode(), "a.xmi": held.to_xmi().encode()}
    (article,), _ = read(laid_out(tmp_path, files))
    layers = [span.layer for span in article.annotations[0].spans]
    assert layers == ["NamedEntity", f"{DKPRO}ner.type.NamedEntity"]


def test_agreement_is_counted_on_a_project_as_it_was_exported(tmp_path: Path) -> None:
    """Two annotators, without the curator; the document that one of them left out is none of theirs."""
    path = tmp_path / "p.zip"
    path.write_bytes(zipped(project()))
    articles, _ = read(path)
    lines = tmp_path / "p.jsonl"
    write_jsonl(lines, articles)
    done = CliRunner().invoke(
        eval_command, ["agree", str(lines), "--no-gamma", "--json", str(tmp_path / "a")]
    )
    assert done.exit_code == 0, done.output
    assert "anna and ben · 1 document" in done.output
    assert "2 and 1 spans" in done.output


#: What is said of each zip that no honest program writes.
SAID = {
    "bomb": "/a.xmi: the zip inflates beyond what an honest one of its size holds",
    "half": "/a.xmi: the zip inflates beyond what an honest one of its size holds",
    "deep": "/a.zip/a.zip/a.zip: more than 3 zips, one in the other",
    "out": ": `../a.xmi` leads out of the zip",
    "windows": "leads out of the zip",
    "damaged": "/a.xmi: can't be unpacked",
    "locked": "/a.xmi: can't be unpacked",
    "cut": ": no zip, or cut off",
    "cut inside": "/b.zip: no zip",
}


@cache
def bombs() -> dict[str, bytes]:
    """These zips. Those that inflate are made where they are needed, not where tests are collected."""
    bomb = zipped({"a.xmi": bytes(INFLATED + 1)})
    deep = zipped({"a.xmi": b"<a/>"})
    whole = zipped({"a.xmi": b"<a/>"})
    for _ in range(3):
        deep = zipped({"a.zip": deep})
    half = zipped({f"{n}.zip": zipped({"a.xmi": bytes(INFLATED // 2 + 1)}) for n in range(2)})
    damaged = bytearray(zipped({"a.xmi": bytes(range(256)) * 9}))
    damaged[40:60] = bytes(20)
    locked = bytearray(zipped({"a.xmi": b"<a/>"}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = locked.index(signature) + at
        locked[start : start + 2] = struct.pack("<H", 1)
    return {
        "bomb": bomb,
        "half": half,
        "deep": deep,
        "out": zipped({"../a.xmi": b"<a/>"}),
        "windows": zipped({"..\\..\\a.xmi": b"<a/>"}),
        "damaged": bytes(damaged),
        "locked": bytes(locked),
        "cut": whole[: len(whole) // 2],
        "cut inside": zipped({"b.zip": whole[: len(whole) // 2]}),
    }


@pytest.mark.parametrize("name", SAID)
def test_a_hostile_zip_is_refused_by_name(name: str, tmp_path: Path) -> None:
    """Sizes, depth, names that lead out, damage and passwords; nothing is written on disk."""
    path = tmp_path / "p.zip"
    path.write_bytes(bombs()[name])
    (fault,) = refused(path)
    assert fault.startswith("GW651") and SAID[name] in fault
    assert [each.name for each in tmp_path.iterdir()] == ["p.zip"]


def test_what_file_managers_leave_in_zips_is_passed_over(tmp_path: Path) -> None:
    """Folders of macOS, and its files beside each file."""
    system, xmi = cas("doc1.txt", "anna", (0, 4, "PER"))
    apple = b"\x00\x05\x16\x07" + bytes(60)
    files = {
        "TypeSystem.xml": system,
        "a/anna.xmi": xmi,
        "a/._anna.xmi": apple,
        "__MACOSX/a/._anna.xmi": apple,
    }
    path = tmp_path / "p.zip"
    path.write_bytes(zipped(files))
    assert owners(read(path)[0]) == {"doc1.txt": [("anna", "draft", 1)]}


@pytest.mark.slow
def test_characters_of_a_long_text_are_read(tmp_path: Path) -> None:
    """Beyond ten million, where the XML library stops by itself."""
    system = types()
    held = cassis.Cas(system, sofa_string="Anna …")
    held.add(system.get_type(f"{DKPRO}ner.type.NamedEntity")(begin=0, end=4, value="PER"))
    written = held.to_xmi().replace("…", "x" * 10_500_000)
    files = {"TypeSystem.xml": system.to_xml().encode(), "a.xmi": written.encode()}
    (article,), _ = read(laid_out(tmp_path, files))
    assert len(article.document.text) == 10_500_005


@needs_shared(CASES)
@pytest.mark.parametrize(
    ("inside", "annotators"),
    [("project", "anna ben"), ("unpacked", "anna ben"), ("unpacked/annotation", "anna ben"),
     ("webanno", "anna ben"), ("project/annotation", "anna ben")],
)  # fmt: skip
def test_exports_as_they_lie_in_public_are_read(inside: str, annotators: str, tmp_path: Path) -> None:
    """Two documents, four annotations, six spans."""
    path = shutil.copytree(SHARED / CASES / inside, tmp_path / "in")
    articles, _ = read(path)
    assert {document: [a[0] for a in held] for document, held in owners(articles).items()} == {
        "doc1.txt": annotators.split(),
        "doc2.txt": annotators.split(),
    }
    assert sum(len(a.spans) for article in articles for a in article.annotations) == 6


@needs_shared(CASES)
def test_a_cas_of_dkpro_core_gives_its_entities(tmp_path: Path) -> None:
    """Without tokens, sentences, parts of speech, lemmas and dependencies."""
    (article,), setting = read(shutil.copytree(SHARED / CASES / "dkpro", tmp_path / "in"))
    assert [(s.layer, s.label) for s in article.annotations[0].spans] == [
        ("NamedEntity", "PER"),
        ("NamedEntity", "LOC"),
    ]
    assert {kind.split()[1]: len(places) for kind, places in setting.lost.items()} == {
        "POS": 5,
        "Lemma": 5,
        "Dependency": 3,
    }


def test_a_lenient_reading_takes_what_can_be_read(tmp_path: Path) -> None:
    """A file that is broken is put aside with what is wrong with it, and the others are taken."""
    files = project()
    files["annotation/doc2.txt/webanno14export.zip"] = zipped({"TypeSystem.xml": b"<x>", "anna.xmi": b"<x"})
    path = tmp_path / "p.zip"
    path.write_bytes(zipped(files))
    (fault,) = refused(path)
    assert fault.startswith("GW280 /annotation/doc2.txt/webanno14export.zip/anna.xmi: no CAS")
    articles, setting = read(path, lenient=True)
    assert owners(articles)["doc1.txt"] == PROJECT["doc1.txt"]
    assert len(setting.quarantine) == 1
