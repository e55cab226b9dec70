"""Broken input to `corpus convert`: a plain error with its place, exit code 2, and nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from goldwire.errors import GoldwireError
from goldwire.formats.convert import convert
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS

MINI = Path(__file__).parents[1] / "data/mini"
TEXT = "Marie mange une pomme à Paris.\nElle dort.\n"
OWN = '# goldwire {"schema": "a@1", "annotator": "x", "references": {}}\n[entities]\n!x\n\tPER\n'
READABLE = list(FORMATS)


def refused(name: str, source: Path, tmp_path: Path) -> list[str]:
    """The faults of converting `source`; the target, and what stands beside it, stay as they are."""
    target = tmp_path / "target" / "out.jsonl"
    target.parent.mkdir()
    target.write_text("before", encoding="utf-8")
    setting = ConversionOptions(
        project_path=MINI if name == "quotes" else None
    )  # they are of a project's articles
    with pytest.raises(GoldwireError) as caught:
        convert(source, target, source=name, target="jsonl", setting=setting)
    assert [path.name for path in target.parent.iterdir()] == ["out.jsonl"]
    assert target.read_text(encoding="utf-8") == "before"
    assert all(str(source) in fault.where for fault in caught.value.faults)
    return [f"{fault.code} {fault.message} ({fault.hint})" for fault in caught.value.faults]


def taken(name: str, source: Path, **options: Any) -> tuple[list[Any], dict[str, list[str]]]:
    """Layer, label and extent of the spans of all articles, and what was lost."""
    setting = ConversionOptions(**options)
    articles = FORMATS[name].read(source, setting)
    spans = [s for article in articles for a in article.annotations for s in a.spans]
    return [(s.layer, s.label, s.start, s.end) for s in spans], setting.lost


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    """A folder with files, `__` in their names for a dot."""
    made = tmp_path / "in"
    made.mkdir()
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (made / name.replace("__", ".")).write_bytes(data)
    return made


@pytest.mark.parametrize("name", READABLE)
def test_a_folder_without_a_file_of_the_format_is_refused(name: str, tmp_path: Path) -> None:
    """With what lies in it not being looked at."""
    source = folder(tmp_path, picture__png=b"\x89PNG\x00\xff", notes__md="x")
    assert refused(name, source, tmp_path)


@pytest.mark.parametrize("name", READABLE)
def test_a_file_of_other_bytes_is_refused(name: str, tmp_path: Path) -> None:
    """Neither text nor archive."""
    source = folder(tmp_path, some__bin=bytes(range(256)) * 9) / "some.bin"
    assert refused(name, source, tmp_path)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (f"T1\tPER 0 {'9' * 5000}\tMarie\n", "GW273 not a line of standoff"),
        ("T1\tPER ٠ ٥\tMarie\n", "GW273 not a line of standoff"),
        ('T1\tPER 0 5\tMarie\n#1\tgoldwire T1\t{"a": {"b": 3}}\n', "GW273 #1 is no JSON object of attr"),
        ('T1\tPER 0 5\tMarie\n#1\tgoldwire T1\t{"a": "\\ud800"}\n', "GW273 #1 is no JSON object of attr"),
        ("T1\tPER 0 5\tMarie\nT2\tLOC 24", "GW273 not a line of standoff"),
        ("T1\tPER 0 5\tMarie\nN1\tReference T9 W:3\tx\n", "GW273 N1: there is no `T9`"),
    ],
)
def test_lines_that_are_no_standoff_are_refused(lines: str, wanted: str, tmp_path: Path) -> None:
    """Numbers beyond any text, digits of other scripts, notes that hold no attributes, cut lines."""
    source = folder(tmp_path, a__txt=TEXT, a__ann=lines, annotation__conf=OWN)
    [fault] = refused("brat", source, tmp_path)
    assert fault.startswith(wanted)


def test_an_ann_without_its_txt_is_refused(tmp_path: Path) -> None:
    """Its annotations would be lost without a word."""
    source = folder(tmp_path, a__ann="T1\tPER 0 5\tMarie\n", b__txt=TEXT)
    assert refused("brat", source, tmp_path) == [
        "GW275 no a.txt beside it (put the text there, or remove the file)"
    ]


@pytest.mark.parametrize("label", ["XffffffffX", "PXd800X"])
def test_a_number_of_no_character_stays_as_it_stands(label: str, tmp_path: Path) -> None:
    """An escape that goldwire would not have written is no escape."""
    source = folder(tmp_path, a__txt=TEXT, a__ann=f"T1\t{label} 0 5\tMarie\n", annotation__conf=OWN)
    assert taken("brat", source)[0] == [("entity", label, 0, 5)]


def test_registries_in_no_form_are_read_as_those_of_others(tmp_path: Path) -> None:
    """A head that somebody changed loses no reference."""
    conf = OWN.replace('"references": {}', '"references": {"x": 3}')
    ann = "T1\tPER 0 5\tMarie\nN1\tReference T1 W:3\tx\n"
    source = folder(tmp_path, a__txt=TEXT, a__ann=ann, annotation__conf=conf)
    [article] = FORMATS["brat"].read(source, ConversionOptions())
    assert article.annotations[0].spans[0].attributes == {"reference": "W:3"}


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("", "GW277 no token in this file"),
        ("\n\n# a comment\n", "GW277 no token in this file"),
        ("TOKEN\nMarie\n", "GW277 a token without a tag"),
        ("TOKEN\tMISC\nMarie\t_\n", "GW277 no column of tags"),
        ("TOKEN\tner\tner\nMarie\tB-PER\tB-X\n", "GW277 column `ner` stands twice"),
        ("Marie B-PER\nmange O\nPar", "GW276 1 column instead of 2"),
        ("Marie\nmange\n", "GW277 a token without a tag"),
        ("Marie\tB-PER\né\tO\n".encode("latin-1"), "GW903 not UTF-8"),
    ],
)
def test_columns_that_are_missing_or_twice_are_refused(
    content: str | bytes, wanted: str, tmp_path: Path
) -> None:
    """No token, no tags, one name for two columns, a cut line, another encoding."""
    [fault] = refused("conll", folder(tmp_path, a__conll=content) / "a.conll", tmp_path)
    assert fault.startswith(wanted) and not fault.endswith("()")


@pytest.mark.parametrize("layer", ["ner", ""])
def test_columns_that_hold_no_tags_are_counted(layer: str, tmp_path: Path) -> None:
    """Whatever stands in them, and whether or not a layer was asked for."""
    path = folder(tmp_path, a__tsv="\ufeffTOKEN\tner\tpos\r\nMarie\tI-PER\tNOUN\r\n") / "a.tsv"
    assert taken("conll", path, layer=layer) == ([("ner", "PER", 0, 5)], {"column pos": [str(path)]})


def test_a_hash_is_a_token_where_blanks_part_columns(tmp_path: Path) -> None:
    """`# O` has a tag, `# text` has none."""
    path = folder(tmp_path, a__conll="Marie I-PER\n# O\n# text\n# B-X\n") / "a.conll"
    [article] = FORMATS["conll"].read(path, ConversionOptions())
    assert article.document.text == "Marie # #"
    assert [(s.label, s.start) for s in article.annotations[0].spans] == [("PER", 0), ("X", 8)]


def test_what_a_doc_of_others_says_besides_is_counted(tmp_path: Path) -> None:
    """Categories, knowledge bases, tags; and user_data under our name that is not ours is a fault."""
    import spacy
    from spacy.tokens import DocBin, Span

    doc = spacy.blank("fr")("Marie dort .")
    doc.set_ents([Span(doc, 0, 1, "PER", kb_id="Q1")])
    doc.cats = {"x": 1.0}
    doc[1].pos_ = "VERB"
    path = tmp_path / "a.spacy"
    DocBin(attrs=["ENT_IOB", "ENT_TYPE", "ENT_KB_ID", "POS"], docs=[doc]).to_disk(path)
    assert taken("docbin", path) == (
        [("entity", "PER", 0, 5)],
        {"doc.cats": ["a-1"], "token.pos": ["a-1"], "kb_id of a span": ["a-1"]},
    )
    doc.user_data["goldwire"] = [1]
    DocBin(store_user_data=True, docs=[doc]).to_disk(path)
    [fault] = refused("docbin", path, tmp_path)
    assert fault.startswith("GW279")


@pytest.mark.parametrize(
    ("data", "lost"),
    [
        ("{bad", None),
        ("[1]", None),
        ('{"attributes": {"a": {"b": 1}}}', None),
        ('{"label": "\\ud800"}', None),
        ('{"score": 0.5}', {"feature my.Odd:other": ["cas/a 0"]}),
    ],
)
def test_what_a_cas_of_others_holds_is_refused_or_counted(
    data: str, lost: dict[str, list[str]] | None, tmp_path: Path
) -> None:
    """JSON that is not ours in a feature named like ours; a feature that points to another span."""
    cassis = pytest.importorskip("cassis")
    system = cassis.TypeSystem()
    odd = system.create_type("my.Odd", "uima.tcas.Annotation")
    for name in ("goldwire", "id", "label"):
        system.create_feature(odd, name, "uima.cas.String")
    system.create_feature(odd, "other", "my.Odd")
    cas = cassis.Cas(system, sofa_string=TEXT)
    tail = odd(begin=6, end=11, label="y")
    cas.add_all([odd(begin=0, end=5, goldwire=data, other=tail), tail])
    source = folder(tmp_path)
    system.to_xml(source / "TypeSystem.xml")
    cas.to_xmi(source / "a.xmi")
    if lost is None:
        [fault] = refused("cas", source, tmp_path)
        assert fault.startswith("GW280 not as expected")
    else:
        spans, found = taken("cas", source)
        assert (len(spans), found) == (2, lost)


@pytest.mark.parametrize("content", ["{}", '{"a": 1}', "[]", "[1, 2"])
def test_json_of_others_is_no_cas(content: str, tmp_path: Path) -> None:
    """Told without a word about Python."""
    pytest.importorskip("cassis")
    [fault] = refused("cas", folder(tmp_path, a__json=content), tmp_path)
    assert fault.startswith("GW280 no CAS") and "NoneType" not in fault and "object has no" not in fault


def test_without_its_library_a_cas_names_what_to_install(tmp_path: Path) -> None:
    """The module is imported without dkpro-cassis; reading and writing are a plain error."""
    source = folder(tmp_path, a__xmi="<x/>")
    code = (
        "import sys\n"
        "sys.modules['cassis'] = None\n"
        "import goldwire.formats.cas.read\n"
        "from goldwire.cli.main import main\n"
        "sys.argv = ['goldwire', 'corpus', 'convert', *sys.argv[1:]]\n"
        "main()\n"
    )
    lines = tmp_path / "a.jsonl"
    lines.write_text('{"id": "a", "text": "b"}\n', encoding="utf-8")
    for src, dst, way in (
        (source, tmp_path / "o.jsonl", ["--from", "cas", "--to", "jsonl"]),
        (lines, tmp_path / "o", ["--from", "jsonl", "--to", "cas"]),
    ):
        command = [sys.executable, "-c", code, str(src), str(dst), *way]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1 and "GW282" in done.stderr
        assert "sh install.sh cas" in done.stderr
        assert not dst.exists()


@pytest.mark.parametrize("column", ["id", "text", "meta", "annotations"])
def test_parquet_of_another_schema_is_one_fault(column: str, tmp_path: Path) -> None:
    """Not one for each row: the column that is missing, and those that are there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"id": ["a", "b"], "text": ["x", "y"], "meta": ["{}", "{}"], "annotations": [[], []]})
    path = tmp_path / "a.parquet"
    pq.write_table(table.drop_columns([column]), path)
    [fault] = refused("parquet", path, tmp_path)
    assert fault.startswith(f"GW283 no column `{column}` (it has ")


@pytest.mark.parametrize("config", ["documents", "annotations"])
def test_a_dataset_needs_both_its_parts(config: str, tmp_path: Path) -> None:
    """Without `annotations` no annotation would be read, and nothing said."""
    from tests.formats.sample import sample

    source = tmp_path / "set"
    FORMATS["parquet"].write(source, sample(), ConversionOptions())
    next((source / config).iterdir()).unlink()
    [fault] = refused("parquet", source, tmp_path)
    assert fault.startswith(f"GW283 no {config}/train-") and "which its manifest lists" in fault


@pytest.mark.parametrize(
    ("key", "metadata"),
    [
        ("goldwire", "[1"),
        ("goldwire", "[1]"),
        ("goldwire", '{"features": 3}'),
        ("huggingface", '{"info": 3}'),
    ],
)
def test_broken_metadata_of_a_dataset_is_told(key: str, metadata: str, tmp_path: Path) -> None:
    """The names of labels stand there: without them numbers would be read as names."""
    import pyarrow.parquet as pq

    from tests.formats.sample import sample

    source = tmp_path / "set"
    FORMATS["parquet"].write(source, sample(), ConversionOptions())
    [file] = (source / "annotations").iterdir()
    pq.write_table(pq.read_table(file).replace_schema_metadata({key: metadata}), file)
    [fault] = refused("parquet", source, tmp_path)
    assert fault.startswith(f"GW283 its metadata `{key}` is broken")


def test_a_label_of_no_number_is_a_fault(tmp_path: Path) -> None:
    """`datasets` writes -1 for a label that is not known: it is not the last one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tests.formats.sample import sample

    source = tmp_path / "set"
    FORMATS["parquet"].write(source, sample(), ConversionOptions())
    [file] = (source / "annotations").iterdir()
    table = pq.read_table(file)
    rows = table.to_pylist()
    rows[0]["spans"][0]["label"] = -1
    pq.write_table(pa.Table.from_pylist(rows, table.schema), file)
    [fault] = refused("parquet", source, tmp_path)
    assert fault.startswith("GW284 not an annotation of goldwire's: IndexError label -1")


def test_what_a_cas_says_of_the_whole_document_is_counted(tmp_path: Path) -> None:
    """Layers at no extent, other views, and links that lead nowhere."""
    cassis = pytest.importorskip("cassis")
    system = cassis.TypeSystem()
    about = system.create_type("my.About", "uima.cas.AnnotationBase")
    system.create_feature(about, "said", "uima.cas.String")
    link = system.create_type("my.Link", "uima.cas.TOP")
    system.create_feature(link, "role", "uima.cas.String")
    system.create_feature(link, "target", "uima.tcas.Annotation")
    mark = system.create_type("my.Mark", "uima.tcas.Annotation")
    system.create_feature(mark, "links", "uima.cas.FSArray", elementType="my.Link")
    cas = cassis.Cas(system, sofa_string=TEXT)
    links = system.get_type("uima.cas.FSArray")(elements=[link(role="who")])
    cas.add_all([about(said="x"), mark(begin=0, end=5, links=links)])
    cas.create_view("other").sofa_string = "x"
    source = folder(tmp_path)
    system.to_xml(source / "TypeSystem.xml")
    cas.to_xmi(source / "a.xmi")
    assert taken("cas", source) == (
        [("Mark", "Mark", 0, 5)],
        {
            "annotations of the whole document": ["cas/a my.About"],
            "other views": ["cas/a other"],
            "relations without both ends": ["cas/a who 0"],
        },
    )


def test_a_column_of_texts_that_are_no_utf_8_is_told(tmp_path: Path) -> None:
    """Arrow takes any bytes for a text until it is read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.array([b"\xeb\xff"]).view(pa.string())
    none = pa.array([[]], pa.list_(pa.string()))
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["a"], "text": texts, "meta": ["{}"], "annotations": none}), path)
    [fault] = refused("parquet", path, tmp_path)
    assert fault.startswith("GW283 no parquet: 'utf-8' codec can't decode")
