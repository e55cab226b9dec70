"""WebAnno TSV 3: what INCEpTION's documentation says of it is read, and what is written comes back."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from goldwire.errors import GoldwireError
from goldwire.files import file_name, file_names
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.formats.webanno_tsv.rows import escape_cell, numbered, split_cell, unescape_cell, unescape_text
from goldwire.formats.webanno_tsv.write import value_text
from goldwire.model import Annotation, Article, Document, Span
from goldwire.text import trim
from tests.examples import at_most
from tests.formats.sample import SCHEMA, marks, sample, through
from tests.strategies import articles

FORMAT = "#FORMAT=WebAnno TSV 3.3\n"
NER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
POS = "de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS"
NE = f"{FORMAT}#T_SP={NER}|identifier|value\n\n\n"


def read(tmp_path: Path, content: str, **options: Any) -> tuple[Article, ConversionOptions]:
    """The one article of a file, and what was put down."""
    path = tmp_path / "doc1.tsv"
    path.write_bytes(content.encode())
    setting = ConversionOptions(**options)
    (article,) = FORMATS["webanno_tsv"].read(path, setting)
    return article, setting


def said(article: Article) -> list[tuple[str, ...]]:
    """Layer, label and wording of the spans."""
    text = article.document.text
    return [(s.layer, s.label, text[s.start : s.end]) for a in article.annotations for s in a.spans]


def arrows(article: Article) -> list[tuple[str, str, str]]:
    """Relations with the wording of their ends."""
    text = article.document.text
    (annotation,) = article.annotations
    wording = {span.id: text[span.start : span.end] for span in annotation.spans}
    return [(r.label, wording[r.head], wording[r.tail]) for r in annotation.relations]


def refused(tmp_path: Path, content: str, **options: Any) -> list[str]:
    """The faults of a file, each with its line."""
    with pytest.raises(GoldwireError) as caught:
        read(tmp_path, content, **options)
    return [f"{f.code} {f.where.removeprefix(str(tmp_path))} {f.message}" for f in caught.value.faults]


def test_annotations_over_several_tokens_and_in_stacks_are_one_each(tmp_path: Path) -> None:
    """A number behind the value joins rows, `|` parts annotations, `*` is no value, `_` no annotation."""
    body = (
        "#Text=Ms. Haag rit .\n"
        "1-1\t0-3\tMs.\t*[1]|Q1[2]\tPER[1]|TITLE[2]\t\n"
        "1-2\t4-8\tHaag\t*[1]\tPER[1]\t\n"
        "1-3\t9-12\trit\t_\t_\t\n"
        "1-4\t13-14\t.\t*\t*\t\n"
    )
    article, setting = read(tmp_path, NE + body)
    assert article.document == Document("doc1", "Ms. Haag rit .")
    layer = "NamedEntity"
    assert said(article) == [(layer, "PER", "Ms. Haag"), (layer, "TITLE", "Ms."), (layer, layer, ".")]
    assert [s.attributes for s in article.annotations[0].spans] == [{}, {"identifier": "Q1"}, {}]
    assert (article.annotations[0].annotator, setting.lost) == ("webanno", {})


def test_parts_of_tokens_are_spans_of_their_own(tmp_path: Path) -> None:
    """Parts may overlap, join others over a token's end, and be empty, which no span is."""
    body = (
        "#Text=aaaa bbbb\n"
        "1-1\t0-4\taaaa\t_\t_\t\n1-1.1\t0-3\taaa\t*\tA\t\n1-1.2\t2-4\taa\t*[1]\tB[1]\t\n1-1.3\t4-4\t\t*\tC\t\n"
        "1-2\t5-9\tbbbb\t_\t_\t\n1-2.1\t5-7\tbb\t*[1]\tB[1]\t\n"
    )
    article, setting = read(tmp_path, NE + body)
    assert said(article) == [("NamedEntity", "A", "aaa"), ("NamedEntity", "B", "aa bb")]
    assert setting.lost == {"spans without an extent": [f"webanno/doc1 {NER} 4"]}


def test_the_text_is_that_of_the_sentences_and_what_their_tokens_leave_between(tmp_path: Path) -> None:
    """Several `#Text=` lines are one sentence; a gap is a line end and blanks, or nothing."""
    body = (
        "#Sentence.id=a\n#Text=Un\\tdeux\n#Text=trois.\n"
        "1-1\t2-4\tUn\t_\t_\t\n1-2\t5-9\tdeux\t_\t_\t\n1-3\t10-16\ttrois.\t*\tX\t\n\n"
        "#Text=Collé.\n2-1\t16-22\tCollé.\t*\tY\t\n\n"
        "#Text=Loin \\\\ ici\n3-1\t25-29\tLoin\t*\tZ\t\n3-2\t30-31\t\\\t_\t_\t\n3-3\t32-35\tici\t_\t_\t\n"
    )
    article, _ = read(tmp_path, NE + body)
    assert article.document.text == "  Un\tdeux\ntrois.Collé.\n  Loin \\ ici"
    assert [wording for _, _, wording in said(article)] == ["trois.", "Collé.", "Loin"]


@pytest.mark.parametrize(("row", "changed"), [("3-5", False), ("2-4", True)])
def test_offsets_count_utf16_units_unless_the_tokens_bear_out_characters(
    row: str, changed: bool, tmp_path: Path
) -> None:
    """INCEpTION counts 16-bit units; tools in Python often count characters, which is told."""
    emoji = "0-2" if not changed else "0-1"
    body = f"#Text=😀 né\n1-1\t{emoji}\t😀\t_\t_\t\n1-2\t{row}\tné\t*\tX\t\n"
    article, setting = read(tmp_path, NE + body)
    assert said(article) == [("NamedEntity", "X", "né")]
    assert list(setting.changed) == ["offsets that count characters, not UTF-16 units"] * changed


def test_decomposed_letters_and_carriage_returns_are_moved_along(tmp_path: Path) -> None:
    """The text is normalised as everywhere, and the spans lie where they lay."""
    body = "#Text=cafe\u0301\\r\n#Text=noir\n1-1\t0-5\tcafe\u0301\t_\t_\t\n1-2\t7-11\tnoir\t*\tX\t\n"
    article, setting = read(tmp_path, (NE + body).replace("\n", "\r\n"))
    assert article.document.text == "café\nnoir"
    assert said(article) == [("NamedEntity", "X", "noir")]
    assert setting.changed == {"texts normalised, offsets moved along": ["doc1"]}


def test_relations_lead_from_the_row_that_they_name_to_their_own(tmp_path: Path) -> None:
    """By numbers where a row has several annotations; other features of theirs are counted."""
    header = (
        "#T_SP=webanno.custom.Dish|kind\n#T_RL=webanno.custom.With|why|value|BT_webanno.custom.Dish\n\n\n"
    )
    body = (
        "#Text=sel et poivre\n"
        "1-1\t0-3\tsel\tA[1]|B[2]\t_\t_\t_\t\n"
        "1-2\t4-6\tet\t_\t_\t_\t_\t\n"
        "1-3\t7-13\tpoivre\tC\t*|goût\tnear|*\t1-1[2_0]|1-3\t\n"
    )
    article, setting = read(tmp_path, FORMAT + header + body)
    assert arrows(article) == [("near", "sel", "poivre"), ("With", "poivre", "poivre")]
    spans = {span.id: span.label for span in article.annotations[0].spans}
    assert [spans[r.head] for r in article.annotations[0].relations] == ["B", "C"]
    assert setting.lost == {"feature webanno.custom.With:why": ["webanno/doc1 1-3"]}
    assert setting.assumed == ["`kind` holds the labels of Dish (--label-feature names another)"]


def test_slots_are_relations_with_the_role_as_label(tmp_path: Path) -> None:
    """Several with `;`, over sentences, of any layer by number; without a role called like the slot."""
    header = (
        "#T_SP=webanno.custom.Frame|ROLE_webanno.custom.Frame:roles_webanno.custom.FrameRolesLink|"
        "webanno.custom.Lu|ROLE_webanno.custom.Frame:more_webanno.custom.M|uima.tcas.Annotation|FE\n"
        "#T_SP=webanno.custom.Lu|value\n\n\n"
    )
    body = (
        "#Text=Bob vend\n"
        "1-1\t0-3\tBob\t_\t_\t_\t_\t_\tbob\t\n"
        "1-2\t4-8\tvend\tseller;a\\;b\t1-1;2-1[4]\t*\t2-2[5]\tsale\t_\t\n\n"
        "#Text=la montre .\n"
        "2-1\t9-11\tla\t_\t_\t_\t_\t_\tclock[4]\t\n"
        "2-2\t12-18\tmontre\t_\t*\t_\t*\tx[5]\tclock[4]\t\n"
        "2-3\t19-20\t.\tgone\t9-9\t_\t_\t*\t_\t\n"
    )
    article, setting = read(tmp_path, FORMAT + header + body)
    assert arrows(article) == [
        ("seller", "vend", "Bob"),
        ("a;b", "vend", "la montre"),
        ("more", "vend", "montre"),
    ]
    assert setting.lost == {"relations without both ends": ["webanno/doc1 gone 9-9"]}


def test_chains_are_spans_that_each_lead_to_the_next(tmp_path: Path) -> None:
    """Whichever of the two columns comes first; a link of several tokens is one."""
    kind = "de.tudarmstadt.ukp.dkpro.core.api.coref.type.CoreferenceLink"
    rows = [
        ("1-1\t0-2\tHe", "coref->1-1", "pr[1]"),
        ("1-2\t3-7\tshot", "_", "_"),
        ("1-3\t8-11\this", "*->1-2|x->2-1", "nam[1]|*[2]"),
        ("1-4\t12-15\town", "*->1-2", "nam[1]"),
        ("1-5\t16-19\tfoe", "*->2-2", "*[2]"),
    ]
    for first, second in (("referenceRelation", "referenceType"), ("referenceType", "referenceRelation")):
        cells = [(a, b) if first == "referenceRelation" else (b, a) for _, a, b in rows]
        lines = [f"{row[0]}\t{a}\t{b}\t\n" for row, (a, b) in zip(rows, cells, strict=True)]
        header = f"#T_CH={kind}|{first}|{second}\n\n\n#Text=He shot his own foe\n"
        article, setting = read(tmp_path, FORMAT + header + "".join(lines))
        assert said(article) == [
            ("CoreferenceLink", "pr", "He"),
            ("CoreferenceLink", "nam", "his own"),
            ("CoreferenceLink", "CoreferenceLink", "his"),
            ("CoreferenceLink", "CoreferenceLink", "foe"),
        ]
        assert arrows(article) == [("coref", "He", "his own"), ("x", "his", "foe")]
        assert setting.lost == {}


def test_layers_of_the_language_are_left_out_and_said_so_unless_they_are_chosen(tmp_path: Path) -> None:
    """Lost where nothing was chosen, a choice where something was; one of several tokens counts once."""
    header = f"#T_SP={POS}|PosValue|coarseValue\n#T_SP={NER}|identifier|value\n\n\n"
    body = "#Text=a b\n1-1\t0-1\ta\tD[1]\tDET[1]\t*\tX\t\n1-2\t2-3\tb\tD[1]|N\tDET[1]|*\t_\t_\t\n"
    article, setting = read(tmp_path, FORMAT + header + body)
    assert said(article) == [("NamedEntity", "X", "a")]
    assert setting.lost == {"layer POS (--layers POS takes it)": ["webanno/doc1 1-1", "webanno/doc1 1-2"]}
    article, setting = read(tmp_path, FORMAT + header + body, layers="POS", label_feature="POS:coarseValue")
    assert said(article) == [("POS", "DET", "a b"), ("POS", "POS", "b")]
    assert article.annotations[0].spans[1].attributes == {"PosValue": "N"}
    assert (setting.lost, setting.noted) == (
        {},
        {"layer NamedEntity, not among --layers": ["webanno/doc1 1-1"]},
    )
    assert refused(tmp_path, FORMAT + header + body, layers="PoS,NamedEntity", label_feature="kind") == [
        "GW652 --layers no layer `PoS` in any file",
        "GW653 --label-feature no feature `kind` that can be a label in any layer",
    ]


def test_the_label_is_the_only_feature_or_the_layers_name(tmp_path: Path) -> None:
    """Which was taken is noted; nothing of several features is lost."""
    header = "#T_SP=webanno.custom.A|kind\n#T_SP=webanno.custom.B|size|colour\n#T_SP=webanno.custom.C|\n\n\n"
    body = "#Text=x\n1-1\t0-1\tx\tsoup\tbig\tred\t*\t\n"
    article, setting = read(tmp_path, FORMAT + header + body)
    assert said(article) == [("A", "soup", "x"), ("B", "B", "x"), ("C", "C", "x")]
    assert article.annotations[0].spans[1].attributes == {"colour": "red", "size": "big"}
    assert setting.assumed == [
        "`kind` holds the labels of A (--label-feature names another)",
        "B has no feature for its label (--label-feature names one: size, colour)",
    ]


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ("a\tO\n", ["GW660 /doc1.tsv:1 no WebAnno TSV 3: it begins `a\tO`"]),
        ("", ["GW660 /doc1.tsv:1 no WebAnno TSV 3: it begins ``"]),
        (
            " # de.x.POS | PosValue\n#id=1\n",
            ["GW660 /doc1.tsv:1 no WebAnno TSV 3: WebAnno TSV 1 or 2: it begins `# de.x.POS | PosValue`"],
        ),
        (
            NE + "#Text=a\n1-1\t0-1\ta\t_\n1-2\tx\n",
            [
                "GW661 /doc1.tsv:6 1 columns after the token, and the header declares 2",
                "GW661 /doc1.tsv:7 no row: 1-1<tab>0-4<tab>TOKEN<tab>… is expected",
            ],
        ),
        (NE + "1-1\t0-1\ta\t_\t_\t\n", ["GW661 /doc1.tsv:5 no row: #Text= before the first row is expected"]),
        (
            f"{FORMAT}#T_RL=webanno.custom.R|value\n\n",
            ["GW661 /doc1.tsv:2 a layer of relations without the column BT_…"],
        ),
        (
            NE + "#Text=abc d\n1-1\t0-3\tabc\t_\t_\t\n1-2\t3-4\td\t_\t_\t\n",
            ["GW662 /doc1.tsv:7 3-4 is to be `d`, but ` ` stands there"],
        ),
        (
            NE + "#Text=😀\n1-1\t0-2\t😀\t_\t_\t\n1-1.1\t1-2\tx\t*\tX\t\n",
            ["GW662 /doc1.tsv:7 1-2 is to be `x`, but half a character stands there"],
        ),
        (
            NE + "#Text=ab\n1-1\t0-2\tab\t_\t_\t\n\n#Text=c\n2-1\t1-2\tc\t_\t_\t\n",
            [
                "GW662 /doc1.tsv:8 the sentence begins at 1, and what is before it ends at 2",
                "GW662 /doc1.tsv:9 1-2 is to be `c`, but `b` stands there",
            ],
        ),
    ],
)
def test_what_breaks_the_form_is_refused_with_its_line(
    content: str, faults: list[str], tmp_path: Path
) -> None:
    """All faults of a file at once."""
    assert refused(tmp_path, content) == faults


def test_bytes_that_are_no_utf8_are_refused(tmp_path: Path) -> None:
    """With where they are."""
    path = tmp_path / "a.tsv"
    path.write_bytes(b"#FORMAT=WebAnno TSV 3.3\n#Text=\xe9\n")
    with pytest.raises(GoldwireError, match=r"GW660 .*no UTF-8 at byte 30"):
        FORMATS["webanno_tsv"].read(path, ConversionOptions())


@given(st.text(alphabet="\\[]|_;*->\t\n\r123ab é😀", max_size=12), st.text(alphabet="\\|;[]*x", max_size=6))
def test_what_a_cell_may_not_hold_is_escaped_and_comes_back(value: str, other: str) -> None:
    """Alone, with a number behind it, and stacked on another value."""
    cell = f"{escape_cell(value)}[7]|{escape_cell(other)}"
    first, second = split_cell(cell, "|")
    assert numbered(first) == (escape_cell(value), 7, 0)
    assert (unescape_cell(numbered(first)[0]), unescape_cell(numbered(second)[0])) == (value, other)
    assert not {"\t", "\n", "\r"} & set(cell)
    assert escape_cell(value) not in ("_", "*")


def test_up_to_version_3_1_texts_are_escaped_as_java_does() -> None:
    """Characters beyond the first plane as two."""
    assert unescape_text("\\u00e9 \\ud83d\\ude00\\\\n", (3, 1)) == "é 😀\\n"
    assert unescape_text("\\u00e9", (3, 2)) == "u00e9"


def in_the_format(article: Article) -> Article:
    """What the format holds of an article: spans without white space at their edges, values as texts."""
    text, annotations = article.document.text, []
    annotators = file_names(each.annotator for each in article.annotations)
    for annotation in article.annotations:
        spans = []
        for span in annotation.spans:
            start, end = trim(text, span.start, span.end)
            attributes = {key: value_text(value) for key, value in span.attributes.items()}
            if start < end:
                spans.append(structs.replace(span, start=start, end=end, attributes=attributes))
        ids = {span.id for span in spans}
        relations = tuple(r for r in annotation.relations if {r.head, r.tail} <= ids)
        name = annotators[annotation.annotator]
        annotations.append(
            structs.replace(annotation, annotator=name, spans=tuple(spans), relations=relations)
        )
    document = structs.replace(article.document, id=file_name(article.document.id))
    return Article(document, tuple(annotations))


@settings(max_examples=at_most(40))
@given(article=articles())
def test_any_article_comes_back(article: Article) -> None:
    """Text to the character, nested, crossing, stacked and equal spans, attributes as texts, relations."""
    with tempfile.TemporaryDirectory() as folder:
        again, setting = through("webanno_tsv", [article], Path(folder) / "out")
    kept = in_the_format(article)
    assert marks(again) == marks([kept])
    of_kept = [
        value
        for before, after in zip(article.annotations, kept.annotations, strict=True)
        for span in before.spans
        if span.id in {each.id for each in after.spans}
        for value in span.attributes.values()
    ]
    assert ("values written as text" in setting.changed) == any(not isinstance(v, str) for v in of_kept)


def test_with_a_schema_flags_and_choices_are_what_they_were(tmp_path: Path) -> None:
    """The format holds texts; the schema says which of them stand for more."""
    schema = tmp_path / "s.yaml"
    text = SCHEMA.read_text(encoding="utf-8")
    schema.write_text(
        text.replace("    attributes:\n", "    attributes:\n      sure: {title: sûr, kind: flag}\n"
        "      how: {title: comment, kind: choices, values: {a: {title: a}, b: {title: b}}}\n", 1),
        encoding="utf-8",
    )  # fmt: skip
    held = sample()[:1]
    (first, second) = held[0].annotations
    span = structs.replace(first.spans[2], attributes={"sure": True, "how": ["a", "b"]})
    annotation = structs.replace(first, spans=(span,), relations=())
    held = [Article(held[0].document, (annotation, second))]
    setting = ConversionOptions(schema_path=schema)
    FORMATS["webanno_tsv"].write(tmp_path / "out", held, setting)
    assert list(setting.changed) == ["values written as text"]
    (again,) = FORMATS["webanno_tsv"].read(tmp_path / "out", ConversionOptions(schema_path=schema))
    assert again.annotations[0].spans[0].attributes == {"sure": True, "how": ["a", "b"]}


def test_names_of_any_characters_come_back(tmp_path: Path) -> None:
    """Layers, labels, attributes and relations that no header could hold as they are."""
    spans = (
        Span("a", "class", "1 é|x", 0, 4, {"a.b|c": "[1]", "id": "*"}),
        Span("b", "a-b", "O\tp", 5, 8, {"label": "_"}),
    )
    annotation = Annotation("d", "x", "found@0", spans=spans)
    held = [Article(Document("d", "Anna rit"), (annotation,))]
    again, setting = through("webanno_tsv", held, tmp_path / "out")
    assert marks(again) == marks(held)
    assert (setting.lost, setting.changed) == ({}, {})
