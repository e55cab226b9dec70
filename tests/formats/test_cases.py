"""Situations of real users as they lie in `../shared/cases/formats`: what is read of each, or why it is not.

Exports of INCEpTION and WebAnno are in `test_inception`; what scores and training say of white space at the
edges of spans is in `test_edges`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import DocBin

from goldwire.errors import GoldwireError
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.model import Article
from tests.shared import SHARED, needs_shared

CASES = "cases/formats"
#: Who marked what, as label and words, document by document.
Read = dict[str, dict[str, list[tuple[str, str]]]]


def taken(name: str, path: Path, **options: Any) -> tuple[list[Article], ConversionOptions]:
    """The articles of a path, and what was put down."""
    setting = ConversionOptions(**options)
    return FORMATS[name].read(path, setting), setting


def said(articles: list[Article]) -> Read:
    """Who marked what."""
    return {
        article.document.id: {
            each.annotator: [(s.label, article.document.text[s.start : s.end]) for s in each.spans]
            for each in article.annotations
        }
        for article in articles
    }


def labelled(*pairs: str) -> list[tuple[str, str]]:
    """`PER Anna` as a label and words."""
    return [(label, words) for label, _, words in (pair.partition(" ") for pair in pairs)]


ANNA, BOTH = labelled("PER Anna"), labelled("PER Anna", "LOC Berlin")
MUSTER = labelled("PER Anna Muster", "LOC Berlin")
PEOPLE = labelled("PER Anna", "PER Bea", "PER Klara")
TWO = labelled("person Anna", "person Bea")
ONE_TEXT = {"anna": labelled("X Text"), "ben": labelled("X Text")}

READ: list[tuple[str, str, Read]] = [
    (
        "conll",
        "01-conll-sentence-boundary/in.conll",
        {"in-1": {"conll": labelled("PER Anna Muster", "PER Bea Probe")}},
    ),
    (
        "conll",
        "01-conll-sentence-boundary/in2.conll",
        {"in2-1": {"conll": labelled("PER Anna Muster", "PER I-PER")}},
    ),
    ("conll", "02-conll-index-column/uner.iob2", {"uner-1": {"conll": MUSTER}}),
    (
        "conll",
        "02-conll-index-column/germeval.tsv",
        {
            "germeval-1": {
                "conll": labelled("PER Anna Muster", "LOCpart Nordrhein", "ORG Bayern München", "LOC Bayern")
            }
        },
    ),
    ("conll", "02-conll-index-column/plus.conllup", {"d1": {"conll": BOTH}}),
    (
        "conllu",
        "02-conll-index-column/ud-entity.conllu",
        {"d1": {"conllu": labelled("person Anna Muster")}},
    ),
    ("webanno_tsv", "02-conll-index-column/webanno.tsv", {"webanno": {"webanno": MUSTER}}),
    *(
        ("conll", f"03-conll-blank-lines/{name}.conll", {f"{name}-1": {"conll": TWO}})
        for name in ("tab", "space", "crlf", "nbsp", "trailing-tab", "trailing-space")
    ),
    *(("brat", f"07-brat-crlf/{name}", {"a": {"brat": PEOPLE}}) for name in ("one", "two", "one-notext")),
    (
        "brat",
        "11-brat-batches/two",
        {"batch1/doc-batch1": ONE_TEXT, "batch2/doc-batch2": ONE_TEXT},
    ),
    (
        "brat",
        "11-brat-batches/split",
        {"test/001": {"brat": labelled("X A")}, "train/001": {"brat": labelled("X A")}},
    ),
    (
        "brat",
        "11-brat-batches/bysub",
        {
            "001": {"anna": labelled("X A"), "ben": labelled("X A")},
            "00anna": {"anna": labelled("X Only")},
            "00ben": {"ben": labelled("X Only")},
        },
    ),
    ("brat", "11-brat-batches/bydoc", {"d1": ONE_TEXT, "d2": ONE_TEXT}),
    ("doccano", "13-jsonl-of-others/doccano.jsonl", {"1": {"doccano": BOTH}}),
    ("doccano", "13-jsonl-of-others/doccano-rel.jsonl", {"2547": {"doccano": BOTH}}),
    ("prodigy", "13-jsonl-of-others/prodigy.jsonl", {"prodigy-1": {"ner-anna": BOTH}}),
    ("labelstudio", "13-jsonl-of-others/json-min.json", {"task-1": {"user-1": ANNA}}),
    ("spacy", "13-jsonl-of-others/spacy-train.json", {"spacy-train-1": {"spacy": ANNA}}),
    ("csv", "13-jsonl-of-others/kaggle.csv", {"kaggle-1": {"csv": labelled("per Anna", "geo Berlin")}}),
    ("docbin", "18-docbin/crlf.spacy", {"crlf-1": {"docbin": labelled("PER Anna", "LOC Bern")}}),
    ("docbin", "18-docbin/nfd.spacy", {"nfd-1": {"docbin": labelled("LOC Bern")}}),
    ("docbin", "18-docbin/v2.spacy", {"v2-1": {"docbin": labelled("PER Anna", "LOC Bern")}}),
]


@needs_shared(CASES)
@pytest.mark.parametrize(("name", "path", "expected"), READ, ids=[path for _, path, _ in READ])
def test_what_others_wrote_is_read_to_the_last_span(name: str, path: str, expected: Read) -> None:
    """Documents, annotators, labels and words; nothing is put aside."""
    articles, setting = taken(name, SHARED / CASES / path)
    assert said(articles) == expected
    assert setting.quarantine == []


@needs_shared(CASES)
def test_roles_of_the_whole_corpus_have_one_name() -> None:
    """`Acts-on2` is `Acts-on` where brat gave it the number, whether or not the first one is there."""
    articles, _ = taken("brat", SHARED / CASES / "10-brat-role-numbers/in")
    labels = [r.label for article in articles for a in article.annotations for r in a.relations]
    assert labels == ["Acts-on"] * 3


@needs_shared(CASES)
@pytest.mark.parametrize("path", ["13-jsonl-of-others/doccano-rel.jsonl", "13-jsonl-of-others/prodigy.jsonl"])
def test_relations_of_other_tools_are_read(path: str) -> None:
    """From the person to the place."""
    [article], _ = taken("doccano" if "doccano" in path else "prodigy", SHARED / CASES / path)
    [annotation] = article.annotations
    words = {s.id: article.document.text[s.start : s.end] for s in annotation.spans}
    assert [(r.label, words[r.head], words[r.tail]) for r in annotation.relations] == [
        ("lives_in", "Anna", "Berlin")
    ]


@needs_shared(CASES)
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("02-conll-index-column/ud-entity.conllu", "no column of this CoNLL-U holds tags: MISC has Entity"),
        ("02-conll-index-column/ud-plain.conllu", "no column of this CoNLL-U holds tags"),
        ("02-conll-index-column/webanno.tsv", "this is WebAnno TSV, not CoNLL"),
    ],
)
def test_what_holds_no_tags_is_refused_and_never_read_as_numbers(path: str, message: str) -> None:
    """With what it is, and the way out."""
    with pytest.raises(GoldwireError, match=f"GW600 .*{message}"):
        taken("conll", SHARED / CASES / path)


@needs_shared(CASES)
@pytest.mark.parametrize(
    ("name", "file"), [("jsonl", "data.jsonl"), ("jsonl", "oneblank.jsonl"), ("docbin", "data.spacy")]
)
def test_white_space_comes_off_the_edges_of_names(name: str, file: str) -> None:
    """The names of the trimmed copy are left, with parts of words beside them; all of it is counted."""
    folder = SHARED / CASES / "14-whitespace-spans"
    articles, setting = taken(name, folder / file)
    wanted, _ = taken("jsonl", folder / "trimmed.jsonl")
    for article, clean in zip(articles, wanted, strict=True):
        spans, names = (said([each])[each.document.id]["a"] for each in (article, clean))
        assert all(words == words.strip() for _, words in spans)
        assert not Counter(names) - Counter(spans)
    assert setting.account.spans.trimmed == len(setting.lost["white space at a span's edge"]) > 0


@needs_shared(CASES)
def test_custom_attributes_of_docs_are_counted() -> None:
    """Of a Doc and of a span; the spans are read."""
    articles, setting = taken("docbin", SHARED / CASES / "18-docbin/ext.spacy")
    assert set(labelled("PER Anna", "LOC Bern", "S Anna lebt")) <= set(said(articles)["ext-1"]["docbin"])
    assert {kind: len(places) for kind, places in setting.lost.items()} == {
        "custom attribute `src` of a Doc": 1,
        "custom attribute `neg` of a span": 1,
    }


@pytest.mark.parametrize("raw", ["Re\u0301my rit.", "Rémy\r\nrit."], ids=["decomposed letter", "line end"])
@pytest.mark.parametrize("name", ["docbin", "conll"])
def test_a_text_that_is_normalised_is_changed_and_not_lost(raw: str, name: str, tmp_path: Path) -> None:
    """Its spans lie where they lay, which is told as a change; line ends of CoNLL are none of the text."""
    path = tmp_path / ("a.spacy" if name == "docbin" else "a.conll")
    if name == "docbin":
        doc = spacy.blank("fr").make_doc(raw)
        span = doc.char_span(raw.index("rit"), raw.index("rit") + 3, label="ACT")
        assert span is not None
        doc.set_ents([span])
        DocBin(docs=[doc]).to_disk(path)
    else:
        first, second = raw[:-1].split()
        path.write_text(f"{first} O\n{second} B-ACT\n", encoding="utf-8")
    [article], setting = taken(name, path)
    assert said([article])["a-1"][name] == [("ACT", "rit")]
    assert setting.lost == {}
    moved = name == "docbin" or "\u0301" in raw
    assert list(setting.changed) == ["texts normalised, offsets moved along"] * moved
