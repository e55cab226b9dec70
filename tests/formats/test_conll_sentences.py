"""Where sentences, documents and spans of a CoNLL file begin and end."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.formats.conll.tags import decode_tags, encode, split_tag
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from tests.formats.test_conll_columns import file, marked, refusal

#: Tags of a sentence: of each token its label, if any.
_SENTENCE = st.lists(st.sampled_from(["", "X", "Y"]), min_size=1, max_size=6)
SENTENCES = st.lists(_SENTENCE, min_size=1, max_size=5)


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", " \t ", "\r", "\u3000"])
@pytest.mark.parametrize("tags", [("B-P", "I-P"), ("I-P", "I-P"), ("P", "P")], ids=["IOB2", "IOB1", "bare"])
def test_a_blank_line_ends_a_span(blank: str, tags: tuple[str, str], tmp_path: Path) -> None:
    """Whatever white space stands on it."""
    begin, go_on = tags
    path = file(tmp_path, f"Anna|{begin}\n{blank}\nMuster|{go_on}\nda|O\n")
    assert marked(path) == [("P", "Anna"), ("P", "Muster")]


@given(sentences=SENTENCES, scheme=st.sampled_from(["iob1", "iob2", "iobes", "io"]))
def test_spans_of_sentences_come_back_and_none_goes_over_an_end(
    sentences: list[list[str]], scheme: str
) -> None:
    """In every scheme each run of a label is a span, cut at the end of its sentence."""
    spans: list[tuple[int, int, str]] = []
    tags: list[str] = []
    breaks: set[int] = set()
    for sentence in sentences:
        start = len(tags)
        breaks.add(start)
        runs = [(i, i, label) for i, label in enumerate(sentence) if label]
        joined: list[tuple[int, int, str]] = []
        for first, last, label in runs:
            if joined and joined[-1][1] == first - 1 and joined[-1][2] == label:
                joined[-1] = (joined[-1][0], last, label)
            else:
                joined.append((first, last, label))
        spans += [(start + first, start + last, label) for first, last, label in joined]
        if scheme == "io":
            tags += [f"I-{label}" if label else "O" for label in sentence]
        else:
            tags += encode(joined, len(sentence), scheme)
    parts = [part for tag in tags if (part := split_tag(tag)) is not None]
    assert list(decode_tags(parts, breaks)) == spans


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("trail", ["", "|", " ", "||"])
def test_what_trails_a_line_is_no_column(end: str, trail: str, tmp_path: Path) -> None:
    """Tabs, blanks and any line end, on some lines or on all."""
    lines = [f"Anna|B-P{trail}", f"lebt|O{trail}", "", f"Bea|B-P{trail}", "da|O"]
    path = file(tmp_path, end.join(lines) + end)
    assert marked(path) == [("P", "Anna"), ("P", "Bea")]


def test_an_empty_last_column_says_outside(tmp_path: Path) -> None:
    """Nothing at all stands there for O in some corpora."""
    path = file(tmp_path, "Anna|B-P\nlebt|\nBea|B-P\nda|O\n")
    assert marked(path) == [("P", "Anna"), ("P", "Bea")]


def test_a_hash_begins_a_token_where_the_columns_fit(tmp_path: Path) -> None:
    """Tweets are full of them; comments are none."""
    path = file(tmp_path, "# text = a b\n#iphone|B-product\n#|O\n#x|O\n# a comment\nAnna|B-P\n")
    (article,) = FORMATS["conll"].read(path, ConversionOptions())
    assert article.document.text == "#iphone # #x Anna"
    assert marked(path) == [("product", "#iphone"), ("P", "Anna")]


def test_a_space_that_does_not_break_is_part_of_a_token(tmp_path: Path) -> None:
    """Only blanks and tabs part columns."""
    (article,) = FORMATS["conll"].read(file(tmp_path, "10\u00a0000 B-NUM\nda O\n"), ConversionOptions())
    assert article.document.text == "10\u00a0000 da"


PARTS = "-DOCSTART- -X- O\n\nAnna B-P\n\n\nBea B-P\nda O\n\n-DOCSTART- -X- O\n\nCleo B-P\n"
NAMED = (
    "# newdoc id = x\n# newpar\n# sent_id = x.1\nAnna B-P\n\n# sent_id = x.2\nBea B-P\nda O\n\n"
    "# newdoc id = y\n# sent_id = y.1\nCleo B-P\n"
)


@pytest.mark.parametrize(
    ("content", "per", "documents"),
    [
        (PARTS, "", {"a-1": "Anna\nBea da", "a-2": "Cleo"}),
        (PARTS, "sentence", {"a-1": "Anna", "a-2": "Bea da", "a-3": "Cleo"}),
        (PARTS, "paragraph", {"a-1": "Anna", "a-2": "Bea da", "a-3": "Cleo"}),
        (PARTS, "file", {"a": "Anna\nBea da\nCleo"}),
        (NAMED, "", {"x": "Anna\nBea da", "y": "Cleo"}),
        (NAMED, "sentence", {"x.1": "Anna", "x.2": "Bea da", "y.1": "Cleo"}),
        (NAMED, "paragraph", {"x-1": "Anna\nBea da", "y-2": "Cleo"}),
        (NAMED, "file", {"a": "Anna\nBea da\nCleo"}),
        ("# newdoc\nAnna B-P\n# newdoc\nBea B-P\n", "", {"a-1": "Anna", "a-2": "Bea"}),
    ],
)
def test_documents_are_the_files_own_or_as_asked(
    content: str, per: str, documents: dict[str, str], tmp_path: Path
) -> None:
    """-DOCSTART-, # newdoc, a sentence, a paragraph or the file; each span is in one of them."""
    articles = FORMATS["conll"].read(file(tmp_path, content), ConversionOptions(document_per=per))
    assert {a.document.id: a.document.text for a in articles} == documents
    assert sum(len(a.annotations[0].spans) for a in articles) == content.count("B-P")


def test_another_way_to_cut_documents_is_refused(tmp_path: Path) -> None:
    """With those that there are."""
    fault = refusal(file(tmp_path, "Anna B-P\n"), document_per="page")
    assert fault.startswith("GW602") and "paragraph" in fault


def test_lines_of_one_fault_are_one_fault(tmp_path: Path) -> None:
    """With its count and its first places; another cause is another fault."""
    rows = "".join(f"w{n}|O\nodd\n" for n in range(500))
    path = file(tmp_path, f"{rows}Bea|PER!\nCleo|LOC!\n" + "Anna|B-P\nx|O\n" * 500)
    with pytest.raises(GoldwireError) as caught:
        FORMATS["conll"].read(path, ConversionOptions())
    assert [(fault.code, fault.count) for fault in caught.value.faults] == [("GW276", 500), ("GW276", 2)]
    assert "a.conll:2" in str(caught.value) and "500 times, also at" in str(caught.value)
    assert "a.conll:4, " in str(caught.value).partition("\n")[0]


def test_a_broken_line_ends_a_span_and_is_put_aside(tmp_path: Path) -> None:
    """Where the reading is lenient the rest of the document is read."""
    path = file(tmp_path, "Anna|B-P\nodd\nMuster|I-P\nBea|B-P\nBea|?\nCleo|O\nx|O\n")
    setting = ConversionOptions(lenient=True)
    (article,) = FORMATS["conll"].read(path, setting)
    text = article.document.text
    spans = article.annotations[0].spans
    assert [text[s.start : s.end] for s in spans] == ["Anna", "Muster", "Bea"]
    assert [(line["where"], line["item"]) for line in setting.quarantine] == [
        (f"{path}:2", "odd"),
        (f"{path}:5", "Bea\t?"),
    ]


def test_white_space_stands_as_misc_writes_it(tmp_path: Path) -> None:
    """Blanks, tabs and line ends by their escapes; those of Windows are line ends too."""
    path = file(
        tmp_path, "TOKEN|NER|MISC\nAnna|B-P|SpacesAfter=\\s\\t\nMuster|I-P|SpacesAfter=\\r\\n\nda|O|_\n"
    )
    (article,) = FORMATS["conll"].read(path, ConversionOptions())
    assert article.document.text == "Anna \tMuster\nda"
    assert [(s.start, s.end, s.label) for s in article.annotations[0].spans] == [(0, 12, "P")]
