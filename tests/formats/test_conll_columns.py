"""Which column of a CoNLL file is the token and which are tags: told by evidence, named, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import goldwire
from goldwire.errors import GoldwireError
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS


def file(folder: Path, content: str, name: str = "a.conll") -> Path:
    """A file with that content, whose `|` are tabs."""
    path = folder / name
    path.write_text(content.replace("|", "\t"), encoding="utf-8", newline="")
    return path


def marked(path: Path, **options: Any) -> list[tuple[str, str]]:
    """Label and wording of all spans of a file."""
    articles = FORMATS["conll"].read(path, ConversionOptions(**options))
    return [
        (span.label, article.document.text[span.start : span.end])
        for article in articles
        for span in article.annotations[0].spans
    ]


def refusal(path: Path, **options: Any) -> str:
    """The one fault of reading a file."""
    with pytest.raises(GoldwireError) as caught:
        FORMATS["conll"].read(path, ConversionOptions(**options))
    (fault,) = caught.value.faults
    return str(fault)


BOTH = [("PER", "Anna Muster"), ("LOC", "Berlin")]


@pytest.mark.parametrize(
    "content",
    [
        "# global.columns = ID FORM UPOS NER\n"
        "1|Anna|N|B-PER\n2|Muster|N|I-PER\n3|lebt|V|O\n4|Berlin|N|B-LOC\n",
        "# global.columns = NER FORM\nB-PER|Anna\nI-PER|Muster\nO|lebt\nB-LOC|Berlin\n",
        "#|http://example.org [2009]\n1|Anna|B-PER|O\n2|Muster|I-PER|O\n3|lebt|O|O\n4|Berlin|B-LOC|O\n",
        "# sent_id = a\n# text = Anna Muster lebt Berlin\n"
        "1|Anna|B-PER|-|x\n2|Muster|I-PER|-|x\n3|lebt|O|-|x\n4|Berlin|B-LOC|-|x\n",
        "1|Anna|_|_|B-PER|_|_|_|_|_\n2|Muster|_|_|I-PER|_|_|_|_|_\n"
        "3|lebt|_|_|O|_|_|_|_|_\n4|Berlin|_|_|B-LOC|_|_|_|_|_\n",
        "TOKEN|NE|MISC\n# hipe2022:document_id = x\n"
        "Anna|B-PER|_\nMuster|I-PER|_\nlebt|O|_\nBerlin|B-LOC|NoSpaceAfter\n",
        "Word Tag\nAnna B-PER\nMuster I-PER\nlebt O\nBerlin B-LOC\n",
        "B-PER|Anna\nI-PER|Muster\nO|lebt\nB-LOC|Berlin\n",
        "Anna|B_PER\nMuster|I_PER\nlebt|O\nBerlin|B_LOC\n",
        "Anna NE I-NP I-PER\nMuster NE I-NP I-PER\nlebt V I-VP O\nBerlin NE I-NP I-LOC\n",
        "Anna anna NE I-NC I-PER\nMuster muster NE I-NC I-PER\nlebt leben V I-VC O\n"
        "Berlin berlin NE I-NC I-LOC\n",
        "Anna|PER\nMuster|PER\nlebt|O\nBerlin|LOC\n",
        "Anna|PER-B\nMuster|PER-I\nlebt|O\nBerlin|LOC-B\n",
        "Anna|B-PER\nMuster|E-PER\nlebt|O\nBerlin|S-LOC\n",
        "Anna|B-PER\nMuster|L-PER\nlebt|O\nBerlin|U-LOC\n",
        "Anna|(PER*\nMuster|*)\nlebt|*\nBerlin|(LOC)\n",
        "Anna|(PER*\nMuster|*PER)\nlebt|*\nBerlin|(LOC*LOC)\n",
        "Anna -X- _ B-PER\nMuster -X- _ I-PER\nlebt -X- _ O\nBerlin -X- _ B-LOC\n",
    ],
    ids=[
        "CoNLL-U Plus",
        "tag before token, by name",
        "GermEval",
        "Universal NER",
        "ten columns",
        "HIPE",
        "a line of names",
        "tag before token",
        "underscores",
        "CoNLL-2003",
        "CoNLL-2003, German",
        "bare types",
        "suffixes",
        "IOBES",
        "BILOU",
        "brackets",
        "brackets with labels",
        "Label Studio",
    ],
)
def test_known_layouts_are_read(content: str, tmp_path: Path) -> None:
    """Names of columns, layouts of known corpora and every way to write tags give the same two spans."""
    assert marked(file(tmp_path, content)) == BOTH


def test_chinese_words_of_b_m_e_s(tmp_path: Path) -> None:
    """M stands for I."""
    content = "王 B-NAME\n小 M-NAME\n明 E-NAME\n去 O\n京 S-LOC\n"
    assert marked(file(tmp_path, content)) == [("NAME", "王 小 明"), ("LOC", "京")]


def test_tags_without_a_label_take_the_layers_name(tmp_path: Path) -> None:
    """Corpora of one type have B, I and O alone."""
    path = file(tmp_path, "heart|B\nfailure|I\nkills|O\n")
    assert marked(path) == [("ENTITY", "heart failure")]
    assert marked(path, layer="disease") == [("DISEASE", "heart failure")]


def test_inner_names_of_germeval_are_of_the_same_layer(tmp_path: Path) -> None:
    """Outer and inner names stand in two columns."""
    path = file(tmp_path, "#|x\n1|Bayern|B-ORG|B-LOC\n2|München|I-ORG|O\n")
    assert marked(path) == [("ORG", "Bayern München"), ("LOC", "Bayern")]
    (article,) = FORMATS["conll"].read(path, ConversionOptions())
    assert {span.layer for span in article.annotations[0].spans} == {"entity"}


def test_conll_2012_is_read_by_its_brackets(tmp_path: Path) -> None:
    """Documents by their parts, words and names where that layout has them, however many columns follow."""
    rows = (
        "bc/x 0 0 Anna NNP (TOP(S(NP* - - - - (PERSON* (ARG0* (1\n"
        "bc/x 0 1 Muster NNP *) - - - - *) *) 1)\n"
        "bc/x 0 2 lives VBZ (VP*)) live 01 1 - * (V*) -\n"
        "\n"
        "bc/x 0 0 Berlin NNP (TOP*) - - - - (GPE) -\n"
    )
    path = file(tmp_path, f"#begin document (bc/x); part 000\n{rows}#end document\n", "a.v4_gold_conll")
    (article,) = FORMATS["conll"].read(path, ConversionOptions())
    assert (article.document.id, article.document.text) == ("bc/x/000", "Anna Muster lives\nBerlin")
    assert marked(path) == [("PERSON", "Anna Muster"), ("GPE", "Berlin")]


def test_a_bracket_without_its_other_is_a_fault(tmp_path: Path) -> None:
    """Opened and never closed in its sentence, or closed and never opened."""
    assert "GW276" in refusal(file(tmp_path, "Anna|(PER*\nMuster|*\n\nlebt|(X)\n"))
    assert "a bracket without its other" in refusal(file(tmp_path, "Anna|*)\nMuster|(PER)\nda|*\n"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("1|Anna|B-PER\n2|lebt|O\n", "the first column counts upwards"),
        ("1|Anna|NE|B-PER\n2|lebt|V|O\n\n1|Bea|NE|O\n", "the first column counts upwards"),
        ("0|B-PER\n1|O\n2|O\n", "the first column counts upwards"),
        ("Anna|B-PER|B-NAME\nlebt|O|O\n", "columns 2, 3 hold tags"),
        ("Anna|NE|_\nlebt|V|_\n", "no column holds tags"),
        ("Anna|NE\nlebt|V\n", "no column holds tags"),
        ("d1|Anna|B-PER\nd1|lebt|O\nd1|in|O\nd1|Bern|O\n", "the first column stays the same, «d1»"),
        ("s1|Anna|B-P\ns1|da|O\n\ns2|Bea|B-P\ns2|da|O\n", "the first column stays the same, «s1»"),
        ("1|Anna|B-P\n1|da|O\n2|Bea|B-P\n2|da|O\n", "the first column holds numbers alone"),
        ("#FORMAT=WebAnno TSV 3.3\n\n1-1|0-4|Anna|PER\n1-2|5-9|lebt|_\n", "this is WebAnno TSV"),
        ("# text = a b\n1|a|_|_|_|_|0|root|_|_\n2|b|_|_|_|_|1|x|_|_\n", "no column of this CoNLL-U"),
    ],
)
def test_what_can_not_be_told_is_refused_with_the_options_that_tell_it(
    content: str, said: str, tmp_path: Path
) -> None:
    """Numbers of tokens, no tag anywhere, several columns of tags: one fault that names the way out."""
    fault = refusal(file(tmp_path, content))
    assert fault.startswith("GW600") and said in fault and "--tag-column" in fault


@pytest.mark.parametrize(
    "options",
    [
        {"token_column": "2", "tag_column": "4"},
        {"tag_column": "4"},
        {"tag_column": "-1"},
        {"token_column": "2"},
    ],
)
def test_columns_can_be_named_by_number(options: dict[str, str], tmp_path: Path) -> None:
    """From 1, or from the last; what is not named is told by evidence."""
    path = file(tmp_path, "1|Anna|NE|B-PER\n2|Muster|NE|I-PER\n3|lebt|V|O\n4|Berlin|NE|B-LOC\n")
    assert marked(path, **options) == BOTH
    (article,) = goldwire.read(path, format="conll", **options)
    assert len(article.annotations[0].spans) == 2


def test_columns_can_be_named_by_name(tmp_path: Path) -> None:
    """As the file names them, in any case; a layer gives the spans' layer then."""
    path = file(tmp_path, "id|text|kind|other\n1|Anna|B-PER|B-X\n2|lebt|O|O\n")
    assert marked(path, tag_column="kind") == marked(path, tag_column="3") == [("PER", "Anna")]
    path = file(tmp_path, "# global.columns = N TEXT NER OTHER\n1|Anna|B-PER|B-X\n2|lebt|O|O\n")
    (article,) = FORMATS["conll"].read(
        path, ConversionOptions(token_column="text", tag_column="NER", layer="name")
    )
    assert [(s.layer, s.label) for s in article.annotations[0].spans] == [("name", "PER")]


@pytest.mark.parametrize("given", ["9", "0", "-9", "nobody", "1.5", ""])
def test_a_named_column_that_is_not_there_is_refused(given: str, tmp_path: Path) -> None:
    """With those that are."""
    path = file(tmp_path, "Anna|B-PER\nlebt|O\n")
    if given:
        assert refusal(path, tag_column=given).startswith("GW601")
    else:
        assert marked(path, tag_column=given) == [("PER", "Anna")]


def test_a_named_column_may_hold_types_without_any_o(tmp_path: Path) -> None:
    """Whoever names the column needs no evidence."""
    path = file(tmp_path, "Anna|PER\nlebt|_\nBerlin|LOC\n")
    assert "GW600" in refusal(path)
    assert marked(path, tag_column="2") == [("PER", "Anna"), ("LOC", "Berlin")]


def test_other_columns_are_counted(tmp_path: Path) -> None:
    """Not those that hold nothing."""
    setting = ConversionOptions()
    path = file(tmp_path, "# global.columns = ID FORM UPOS DEPS NER\n1|Anna|N|_|B-PER\n2|lebt|V|_|O\n")
    FORMATS["conll"].read(path, setting)
    assert list(setting.lost) == ["column UPOS"]


def test_a_file_without_any_span_is_read_where_o_says_so(tmp_path: Path) -> None:
    """A batch in which nobody found a name is no error."""
    assert marked(file(tmp_path, "Wer|O\nlebt|O\n")) == []


def test_multiword_tokens_are_as_the_text_has_them(tmp_path: Path) -> None:
    """`im` stands for two words: it is one token with the tags of its words; what no text has is no token."""
    rows = ["1|Anna|B-PER", "2-3|im|_", "2|in|O", "3|dem|B-LOC", "3.1|x|_", "4|Dorf|I-LOC"]
    rows += ["", "1|Bea|B-PER", "2|da|O"]
    content = "# global.columns = ID FORM NER\n" + "\n".join(rows) + "\n"
    path = file(tmp_path, content)
    setting = ConversionOptions()
    (article,) = FORMATS["conll"].read(path, setting)
    assert article.document.text == "Anna im Dorf\nBea da"
    assert marked(path) == [("PER", "Anna"), ("LOC", "im Dorf"), ("PER", "Bea")]
    assert list(setting.lost) == ["tokens that no text has (8.1)"]


@pytest.mark.parametrize("row", ["#|O|SpaceAfter=No", "#|O|_", "# |O|_", "#x|O|_"])
def test_a_token_that_is_a_number_sign_is_no_comment(row: str, tmp_path: Path) -> None:
    """Where the columns fit and one holds a tag, though it is not the last."""
    path = file(tmp_path, f"TOKEN|thing|MISC\nAnna|B-PER|_\n{row}\n")
    (article,) = FORMATS["conll"].read(path, ConversionOptions())
    assert article.document.text.split() == ["Anna", row.partition("|")[0].strip()]
