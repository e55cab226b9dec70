"""Other tools' files: read as those tools write them, written for them, each loss told.

`python -m tests.formats.test_others` writes what is expected of the golden files; look at the difference.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs, to_builtins

from goldwire.annotations.line import to_record
from goldwire.errors import GoldwireError
from goldwire.formats import others
from goldwire.formats.counting import PLAIN, SILENT, CountedText, Counting, counted_by_edges
from goldwire.formats.guess import formats_like
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.model import Annotation, Article, Document, Relation, Span, curated
from goldwire.text import normalise
from tests.examples import at_most
from tests.formats.sample import GOLDEN
from tests.strategies import articles

HERE = GOLDEN / "others"
FILES = sorted(file for file in HERE.iterdir() if not file.name.endswith(".expected.json"))
#: What a file needs to be read beside itself.
OPTIONS: dict[str, dict[str, str]] = {"huggingface.jsonl": {"labels": "O,B-COOK,I-COOK,B-FOOD,I-FOOD"}}


def format_of(file: Path) -> str:
    """A golden file is named after its format."""
    return file.stem.partition("-")[0]


def held(file: Path) -> dict[str, Any]:
    """Everything that reading a golden file gives, and what was put down, by number."""
    setting = ConversionOptions(**OPTIONS.get(file.name, {}))  # type: ignore[arg-type]
    read = FORMATS[format_of(file)].read(file, setting)
    figures = {
        "articles": [to_builtins(to_record(article)) for article in read],
        "lost": {kind: len(places) for kind, places in setting.lost.items()},
        "changed": {kind: len(places) for kind, places in setting.changed.items()},
        "assumed": setting.assumed,
    }
    back: dict[str, Any] = json.loads(json.dumps(figures))
    return back


def words(read: list[Article]) -> list[list[tuple[str, str]]]:
    """For each document the labels and words of its spans, whoever marked them."""
    return [
        [(s.label, a.document.text[s.start : s.end]) for each in a.annotations for s in each.spans]
        for a in read
    ]


def read(name: str, path: Path, **options: Any) -> tuple[list[Article], ConversionOptions]:
    """The articles of a file, and what was put down."""
    setting = ConversionOptions(**options)
    return FORMATS[name].read(path, setting), setting


def put(path: Path, *rows: Any) -> Path:
    """Rows as JSON Lines; a text as it is."""
    content = rows[0] if rows and isinstance(rows[0], str) else "".join(json.dumps(r) + "\n" for r in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_a_tool_writes_is_told_by_its_content_and_read(file: Path) -> None:
    """Texts, spans, relations, annotators and statuses; all that is lost, changed or assumed is counted."""
    assert formats_like(file) == [format_of(file)]
    expected = json.loads(file.with_name(f"{file.name}.expected.json").read_text(encoding="utf-8"))
    assert held(file) == expected


def test_every_format_of_others_has_a_golden_file() -> None:
    """The next one cannot come without."""
    names = {module.stem for module in Path(others.__path__[0]).glob("[!_]*.py")}
    assert names == {format_of(file) for file in FILES}


def comparable(article: Article) -> list[Any]:
    """What plain tools hold of an article: its text, labels at extents, relations between these."""
    rows = []
    for annotation in sorted(article.annotations, key=lambda each: each.annotator):
        ends = {span.id: (span.label, span.start, span.end) for span in annotation.spans}
        relations = sorted((r.label, ends[r.head], ends[r.tail]) for r in annotation.relations)
        rows.append((annotation.annotator, sorted(ends.values()), relations))
    return [article.document.id, article.document.text, rows]


@pytest.mark.parametrize("name", ["doccano", "prodigy"])
@settings(max_examples=at_most(60))
@given(article=articles())
def test_what_is_written_for_a_tool_comes_back(name: str, article: Article) -> None:
    """Text, labels, extents, relations and annotators of any article; what has no place was counted."""
    text = article.document.text
    kept = []
    for annotation in article.annotations:  # white space at edges is taken off whatever the format
        spans = tuple(s for s in annotation.spans if text[s.start : s.end] == text[s.start : s.end].strip())
        ids = {span.id for span in spans}
        relations = tuple(r for r in annotation.relations if {r.head, r.tail} <= ids)
        kept.append(structs.replace(annotation, spans=spans, relations=relations))
    article = Article(structs.replace(article.document, meta={}), tuple(kept))
    with tempfile.TemporaryDirectory() as folder:
        setting = ConversionOptions()
        FORMATS[name].write(Path(folder) / "out.jsonl", [article], setting)
        again, _ = read(name, Path(folder) / "out.jsonl")
    expected = comparable(article)
    if not article.annotations and name == "prodigy":
        expected[2] = [("prodigy", [], [])]
    assert comparable(again[0]) == expected
    attributes = sum(len(s.attributes) for a in article.annotations for s in a.spans)
    counted = sum(len(places) for kind, places in setting.lost.items() if kind.startswith("attribute "))
    assert counted == attributes


def test_a_span_within_a_word_comes_back_from_doccano(tmp_path: Path) -> None:
    """Edges of words say nothing of how goldwire itself counted: the line says it, where it may be asked."""
    span = Span("s", "entity", "FOOD", 4, 8)  # in grapheme clusters that would be the second word
    document = Document("d", "x\u0336y\u0336z abcd efg")
    article = Article(document, (Annotation("d", "a", "mini@1", "submitted", spans=(span,)),))
    FORMATS["doccano"].write(tmp_path / "out.jsonl", [article], ConversionOptions())
    [again], _ = read("doccano", tmp_path / "out.jsonl")
    assert comparable(again) == comparable(article)


@pytest.mark.parametrize("name", ["doccano", "prodigy"])
def test_meta_comes_back_from_a_tool(name: str, tmp_path: Path) -> None:
    """Whatever the tool keeps beside its own keys."""
    annotation = Annotation("d", "zoe", "found@0", spans=(Span("s1", "entity", "COOK", 0, 4),))
    article = Article(Document("d", "Anna cuts.", {"source": "kitchen", "page": 3}), (annotation,))
    setting = ConversionOptions()
    FORMATS[name].write(tmp_path / "out.jsonl", [article], setting)
    [again] = read(name, tmp_path / "out.jsonl")[0]
    assert (again.document, setting.lost) == (article.document, {})


def test_relations_for_prodigy_have_their_tokens(tmp_path: Path) -> None:
    """Ends by token and by span, as its pages want them."""
    spans = (Span("a", "entity", "COOK", 0, 4), Span("b", "entity", "FOOD", 10, 21))
    annotation = Annotation(
        "d", "zoe", "s@1", "submitted", spans=spans, relations=(Relation("cuts", "a", "b"),)
    )
    article = Article(Document("d", "Anna cuts green leeks."), (annotation,))
    FORMATS["prodigy"].write(tmp_path / "out.jsonl", [article], ConversionOptions(language="en"))
    line = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert [token["text"] for token in line["tokens"]] == ["Anna", "cuts", "green", "leeks", "."]
    assert [(s["token_start"], s["token_end"]) for s in line["spans"]] == [(0, 0), (2, 3)]
    assert (line["relations"][0]["head"], line["relations"][0]["child"], line["answer"]) == (0, 3, "accept")


def test_doccano_without_relations_is_what_every_span_project_imports(tmp_path: Path) -> None:
    """Offsets and label in one list, counted as its pages count."""
    annotation = Annotation("d", "zoe", "s@1", spans=(Span("a", "entity", "COOK", 2, 6),))
    setting = ConversionOptions()
    FORMATS["doccano"].write(
        tmp_path / "o.jsonl", [Article(Document("d", "🍏 Anna."), (annotation,))], setting
    )
    line = json.loads((tmp_path / "o.jsonl").read_text(encoding="utf-8"))
    assert line["label"] == [[3, 7, "COOK"]]
    assert list(setting.changed) == ["offsets counted in UTF-16 units, as doccano does"]


@pytest.mark.parametrize(
    ("extent", "told"), [([2, 6], False), ([3, 7], True)], ids=["code points", "UTF-16 units"]
)
def test_the_edges_of_words_tell_how_doccano_counted(extent: list[int], told: bool, tmp_path: Path) -> None:
    """Its pages count UTF-16 units, scripts code points; that spans were moved is told."""
    rows = [
        {"id": 1, "text": "🍏 Anna cuts.", "label": [[*extent, "COOK"]]},
        {"id": 2, "text": "x", "label": []},
    ]
    articles_, setting = read("doccano", put(tmp_path / "a.jsonl", *rows))
    assert words(articles_) == [[("COOK", "Anna")], []]
    assert bool(setting.changed) == told


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_doccano_may_count_grapheme_clusters(line_end: str, tmp_path: Path) -> None:
    """A project may take what reads as one character for one: found by the edges of words, moved and told."""
    text = f"👩‍🍳 Anna{line_end}cuts cre\u0300me."
    row = {"id": 1, "text": text, "label": [[2, 6, "COOK"], [7, 11, "STEP"], [12, 17, "FOOD"]]}
    [article], setting = read("doccano", put(tmp_path / "a.jsonl", row))
    assert words([article]) == [[("COOK", "Anna"), ("STEP", "cuts"), ("FOOD", "crème")]]
    told = "offsets moved: counted with grapheme clusters, as doccano counts, and the edges of words allow"
    assert {kind: len(places) for kind, places in setting.changed.items()} == {told: 3}


def test_a_line_may_say_that_it_counts_grapheme_clusters(tmp_path: Path) -> None:
    """Where edges of words show nothing."""
    row = {"id": 1, "text": "👩‍🍳👩‍🍳!", "label": [[1, 2, "COOK"]], "offsets": "grapheme clusters"}
    [article], _ = read("doccano", put(tmp_path / "a.jsonl", row))
    assert words([article]) == [[("COOK", "👩‍🍳")]]
    assert article.document.meta == {}


@given(
    st.lists(
        st.sampled_from(["a", " ", "e\u0301", "\r\n", "👩‍🍳", "🇫🇷", "\u1112\u1161\u11ab", "🍏"]), max_size=9
    ).filter(lambda clusters: "🇫🇷🇫🇷" not in "".join(clusters))
)
def test_an_extent_of_grapheme_clusters_marks_them_whole(clusters: list[str]) -> None:
    """From any cluster to any other, in the normalised text."""
    counted = CountedText("".join(clusters), Counting("grapheme clusters"))
    for start in range(len(clusters) + 1):
        for end in range(start, len(clusters) + 1):
            assert counted.marked(start, end) == normalise("".join(clusters[start:end]))


@given(text=st.text("🍏ab é\n\r", max_size=12), data=st.data())
def test_a_text_that_fits_as_it_stands_is_never_moved(text: str, data: st.DataObject) -> None:
    """Whole words marked in code points stay where they are."""
    raw = f"Zoë {text} end"
    plain = CountedText(raw)
    extents = [(0, 3), (len(raw) - 3, len(raw))]
    assert counted_by_edges([(plain, extents)], [PLAIN, *SILENT]) == PLAIN


def test_old_doccano_exports_have_users(tmp_path: Path) -> None:
    """One with `annotations` by user has an annotation for each; labels are their numbers."""
    spans = [{"label": 3, "start_offset": 0, "end_offset": 4, "user": user} for user in (1, 2)]
    row = {"id": 5, "text": "Anna cuts.", "annotations": spans, "meta": {}}
    [article], _ = read("doccano", put(tmp_path / "a.json", row))
    assert [(a.annotator, [s.label for s in a.spans]) for a in article.annotations] == [
        ("user-1", ["3"]),
        ("user-2", ["3"]),
    ]


@pytest.mark.parametrize("packed", [True, False], ids=["zip", "folder"])
def test_doccano_s_files_are_named_after_annotators(packed: bool, tmp_path: Path) -> None:
    """A project that each annotates alone is a zip with a file for each."""
    row = {"id": 1, "text": "Anna cuts.", "label": [[0, 4, "COOK"]], "Comments": []}
    for who in ("anna", "ben"):
        put(tmp_path / "in" / f"{who}.jsonl", row)
    source = tmp_path / "in"
    if packed:
        source = tmp_path / "in.zip"
        with zipfile.ZipFile(source, "w") as archive:
            for file in sorted((tmp_path / "in").iterdir()):
                archive.write(file, file.name)
    assert formats_like(source) == ["doccano"]
    [article] = read("doccano", source)[0]
    assert [a.annotator for a in article.annotations] == ["anna", "ben"]


def test_prodigy_s_answers_by_one_session_are_one_annotation(tmp_path: Path) -> None:
    """Yes-or-no questions on one text: what was accepted is in it, what was rejected is put aside."""

    def row(start: int, end: int, answer: str) -> dict[str, Any]:
        span = {"start": start, "end": end, "label": "FOOD"}
        return {
            "text": "Salt and leeks.",
            "_input_hash": 1,
            "spans": [span],
            "answer": answer,
            "_session_id": "a",
        }

    path = put(tmp_path / "a.jsonl", row(0, 4, "accept"), row(5, 8, "reject"), row(9, 14, "accept"))
    [article], setting = read("prodigy", path)
    [annotation] = article.annotations
    assert (annotation.annotator, annotation.status) == ("a", "submitted")
    assert words([article]) == [[("FOOD", "Salt"), ("FOOD", "leeks")]]
    assert setting.lost == {"spans of answers that were rejected or ignored": [f"{path}:2"]}
    assert len(setting.quarantine) == 1


def test_prodigy_s_tokens_prove_how_it_was_counted(tmp_path: Path) -> None:
    """Tasks that a browser made count UTF-16 units; spans of token numbers alone get their extents."""
    tokens = [{"text": "🍏", "start": 0, "end": 2, "id": 0}, {"text": "Anna", "start": 3, "end": 7, "id": 1}]
    spans = [{"token_start": 1, "token_end": 1, "label": "COOK"}]
    row = {"text": "🍏 Anna", "tokens": tokens, "spans": spans, "answer": "accept"}
    found, setting = read("prodigy", put(tmp_path / "a.jsonl", row))
    assert words(found) == [[("COOK", "Anna")]]
    assert list(setting.changed) == ["offsets moved: counted with UTF-16 units"]


@pytest.mark.parametrize("names", ["features", "list", "file"])
def test_numbered_tags_are_named_by_features_or_the_option(names: str, tmp_path: Path) -> None:
    """A dataset that `datasets` saved names them itself."""
    tags = ["O", "B-COOK", "I-COOK", "B-FOOD"]
    rows = {"id": ["0", "1"], "tokens": [["Anna", "cuts", "leeks"], ["No"]], "ner_tags": [[1, 0, 3], [0]]}
    options: dict[str, Any] = {}
    path = tmp_path / "rows.parquet"
    if names == "features":
        import datasets

        features = datasets.Features(
            {
                "id": datasets.Value("string"),
                "tokens": datasets.Sequence(datasets.Value("string")),
                "ner_tags": datasets.Sequence(datasets.ClassLabel(names=tags)),
            }
        )
        datasets.Dataset.from_dict(rows, features=features).to_parquet(path)
        assert formats_like(path) == ["huggingface"]
    else:
        path = put(
            tmp_path / "rows.json",
            json.dumps([dict(zip(rows, each, strict=True)) for each in zip(*rows.values(), strict=True)]),
        )
        given_ = ",".join(tags) if names == "list" else str(put(tmp_path / "labels.txt", "\n".join(tags)))
        options = {"labels": given_}
    found, _ = read("huggingface", path, **options)
    assert words(found) == [[("COOK", "Anna"), ("FOOD", "leeks")], []]


def test_texts_of_offsets_lie_beside_the_table(tmp_path: Path) -> None:
    """By the document's name; where there is none, all such documents are named, each once."""
    put(tmp_path / "d1.txt", "🍏 Anna cuts.")
    table = "file,from,to,type,quote\nd1.txt,2,6,COOK,Anna\nd1.txt,7,11,STEP,cuts\n"
    found, setting = read("csv", put(tmp_path / "a.csv", table))
    assert words(found) == [[("COOK", "Anna"), ("STEP", "cuts")]]
    assert setting.assumed[0].startswith(
        "columns: document=file, start=from, end=to, label=type, words=quote ("
    )
    with pytest.raises(GoldwireError, match=r"GW626 .*no text for document `d9`.*d9.txt beside"):
        read("csv", put(tmp_path / "a.csv", table + "d9,0,1,X,x\nd9,2,3,X,x\n"))


def test_columns_can_be_named(tmp_path: Path) -> None:
    """Where their names say nothing; and what can't be told is asked for, with the names there are."""
    path = put(tmp_path / "a.csv", "w;x;y;z\nAnna cuts.;0;4;COOK\n")
    with pytest.raises(GoldwireError, match=r"GW625 .*start, end, label can't be told from w, x, y, z"):
        read("csv", path)
    found, _ = read("csv", path, columns="text=w,start=x,end=y,label=z")
    assert words(found) == [[("COOK", "Anna")]]
    with pytest.raises(GoldwireError, match=r"GW625 --columns start=q|GW625 .*no column `q`"):
        read("csv", path, columns="start=q")


def test_a_table_may_give_the_last_character_as_the_end(tmp_path: Path) -> None:
    """The words beside the offsets prove it."""
    table = (
        "text,start,end,label,mention\nAnna cuts leeks.,0,3,COOK,Anna\nAnna cuts leeks.,10,14,FOOD,leeks\n"
    )
    found, setting = read("csv", put(tmp_path / "a.csv", table))
    assert words(found) == [[("COOK", "Anna"), ("FOOD", "leeks")]]
    assert list(setting.changed) == ["offsets moved: counted with the last character as the end"]


@pytest.mark.parametrize("units", ["code points", "UTF-16 units", "UTF-8 bytes"])
def test_bioc_counts_over_the_whole_document(units: str, tmp_path: Path) -> None:
    """Passages begin where the file says, in characters or bytes; spans lie where their words are."""
    passages = ["🍏 Zoë.", "Äpfel und Öl."]

    def size(text: str) -> int:
        sizes = (len(text), len(text.encode("utf-16-le")) // 2, len(text.encode()))
        return sizes[("code points", "UTF-16 units", "UTF-8 bytes").index(units)]

    offset, listed = 0, []
    for number, (text, word) in enumerate(zip(passages, ("Zoë", "Öl"), strict=True)):
        location = {"offset": offset + size(text[: text.index(word)]), "length": size(word)}
        annotation = {"id": str(number), "infons": {"type": "X"}, "text": word, "locations": [location]}
        listed.append({"offset": offset, "text": text, "annotations": [annotation]})
        offset += size(text) + 1
    path = put(tmp_path / "a.json", json.dumps({"documents": [{"id": "d", "passages": listed}]}))
    [article] = read("bioc", path)[0]
    assert article.document.text == "\n".join(passages)
    assert words([article]) == [[("X", "Zoë"), ("X", "Öl")]]


def related(article: Article) -> list[tuple[str, str, str]]:
    """The relations of an article's first annotation: label, and the words of head and tail."""
    spans = {s.id: article.document.text[s.start : s.end] for s in article.annotations[0].spans}
    return [(r.label, spans[r.head], spans[r.tail]) for r in article.annotations[0].relations]


@pytest.mark.parametrize("style", ["infons", "records", "nodes"])
def test_relations_between_concepts_join_their_first_mentions(style: str, tmp_path: Path) -> None:
    """As BC5CDR, PubTator 3 and plain nodes name concepts; what no two mentions have is put aside."""
    text = "Salt burns; leeks and salt, leeks again."
    places = [(0, 4, "S"), (12, 17, "L"), (22, 26, "S"), (28, 33, "L")]
    annotations = [
        {
            "id": str(number),
            "infons": {"type": "Food", "identifier": concept},
            "text": text[start:end],
            "locations": [{"offset": start, "length": end - start}],
        }
        for number, (start, end, concept) in enumerate(places)
    ]

    def relation(head: str, tail: str) -> dict[str, Any]:
        ends: dict[str, dict[str, Any]] = {
            "infons": {"head": head, "tail": tail},
            "records": {"r1": {"id": head}, "r2": {"id": tail}},
        }
        nodes = [{"refid": head, "role": ""}, {"refid": tail, "role": ""}] if style == "nodes" else []
        return {"infons": {"type": "spoils", **ends.get(style, {})}, "nodes": nodes}

    passage = {"offset": 0, "text": text, "annotations": annotations}
    document = {"id": "d", "passages": [passage], "relations": [relation("L", "S"), relation("L", "X")]}
    path = put(tmp_path / "a.json", json.dumps({"documents": [document]}))
    [article], setting = read("bioc", path)
    assert related(article) == [("spoils", "leeks", "Salt")]
    assert article.annotations[0].relations[0].head == "1"
    kinds = {kind: len(where) for kind, where in setting.changed.items()}
    assert kinds == {"relations between concepts, kept between the first mention of each": 1}
    assert (setting.account.relations.found, setting.account.relations.kept) == (2, 1)
    assert len(setting.quarantine) == 1


def test_relations_of_bioc_keep_their_ends_and_tell_what_goes(tmp_path: Path) -> None:
    """Two by the ids of annotations, more from the first to each other; roles and infons are counted."""
    text = "Anna salts leeks."
    annotations = [
        {"id": name, "infons": {"type": "X"}, "locations": [{"offset": start, "length": length}]}
        for name, start, length in (("a", 0, 4), ("b", 5, 5), ("c", 11, 5))
    ]
    nodes = [{"refid": name, "role": f"role-{name}"} for name in "abc"]
    relations = [
        {"id": "1", "infons": {"type": "two", "score": "0.9"}, "nodes": nodes[1:]},
        {"id": "2", "infons": {"type": "three"}, "nodes": nodes},
        {"id": "3", "infons": {"type": "of relations"}, "nodes": [{"refid": "1"}, {"refid": "a"}]},
    ]
    passage = {"offset": 0, "text": text, "annotations": annotations, "relations": relations}
    path = put(tmp_path / "a.json", json.dumps({"documents": [{"id": "d", "passages": [passage]}]}))
    [article], setting = read("bioc", path)
    assert related(article) == [
        ("two", "salts", "leeks"),
        ("three", "Anna", "salts"),
        ("three", "Anna", "leeks"),
    ]
    assert {kind: len(places) for kind, places in setting.lost.items()} == {
        "roles in relations": 5,
        "infon of a relation `score`": 1,
        "relations that are not between annotations": 1,
    }
    assert list(setting.changed) == ["relations of more than two, taken from the first to each other"]


def test_relations_of_pubtator_join_the_first_mentions_of_two(tmp_path: Path) -> None:
    """Never a mention of both concepts with itself."""
    lines = ["1|t|Salt and leeks", "1|a|with salt", "1\t0\t4\tSalt\tFood\tS;P", "1\t9\t14\tleeks\tFood\tL"]
    lines += ["1\t20\t24\tsalt\tFood\tS", "1\tspoils\tS\tL", "1\tequals\tP\tS", "1\tequals\tL\tL"]
    [article], setting = read("pubtator", put(tmp_path / "a.pubtator", "\n".join(lines) + "\n"))
    assert related(article) == [("spoils", "Salt", "leeks"), ("equals", "Salt", "salt")]
    assert (setting.account.relations.found, setting.account.relations.kept) == (3, 2)


def test_many_annotations_of_many_sentences_each_find_their_own(tmp_path: Path) -> None:
    """At the passage, not at the sentence, however the sentences are ordered."""
    sentences = [{"offset": at, "text": "Zoë cuts"} for at in (0, 9, 18)]
    locations = [[{"offset": at, "length": 4}] for at in (22, 4, 13)]
    annotations = [{"infons": {"type": "STEP"}, "text": "cuts", "locations": each} for each in locations]
    passage = {"offset": 0, "sentences": sentences, "annotations": annotations}
    path = put(tmp_path / "a.json", json.dumps({"documents": [{"id": "d", "passages": [passage]}]}))
    [article], _ = read("bioc", path)
    assert sorted(s.start for s in article.annotations[0].spans) == [4, 13, 22]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("doccano", '{"text": "Anna", "label": [[0, 9, "X"]]}', "GW623"),
        ("doccano", '{"text": "Anna", "label": [[2, 1, "X"]]}', "GW623"),
        ("doccano", '{"label": [[0, 1, "X"]]}', "GW621"),
        ("doccano", '{"text": "Anna", "label": [[0, "X"]]}', "GW621"),
        ("doccano", '{"id": 1, "text": "A", "label": []}\n{"id": 1, "text": "B", "label": []}\n', "GW622"),
        ("doccano", '{"id": 1, "text": "A", "label": []}\n{"id": 1, "text": "A", "label": []}\n', "GW622"),
        (
            "doccano",
            '{"text": "Anna", "entities": [], "relations": [{"from_id": 1, "to_id": 2, "type": "x"}]}',
            "GW624",
        ),
        ("doccano", '{"text": "Anna", "text": "B", "label": []}', "GW621"),
        ("prodigy", '{"spans": []}', "GW621"),
        ("prodigy", '{"text": "Anna", "spans": [{"label": "X"}], "answer": "accept"}', "GW621"),
        (
            "prodigy",
            '{"text": "Anna", "spans": [{"start": 0, "end": 4, "label": "X", "text": "Ben"}]}',
            "GW623",
        ),
        ("spacy", '[["Anna", {"entities": [[0, 9, "X"]]}]]', "GW623"),
        ("spacy", '[{"a": 1}]', "GW621"),
        ("spacy", '[["Anna", {"entities": [["0", 4, "X"]]}]]', "GW621"),
        ("huggingface", '{"tokens": ["Anna"], "ner_tags": [1]}', "GW627"),
        ("huggingface", '{"tokens": ["Anna"], "ner_tags": ["B-X", "O"]}', "GW621"),
        ("huggingface", '{"a": 1}', "GW621"),
        ("csv", "a,b\n1,2\n", "GW625"),
        ("csv", "text,start,end,label\nAnna,0,x,X\n", "GW621"),
        ("csv", "text,start,end,label\nAnna,0,9,X\n", "GW623"),
        ("csv", "token,tag\nAnna,1\n", "GW621"),
        ("conllu", "1\tAnna\t_\t_\t_\t_\t_\t_\t_\t_\n", "GW628"),
        ("conllu", "1\tAnna\t_\t_\t_\t_\t_\t_\t_\tEntity=(e1-person\n", "GW628"),
        ("conllu", "1\tAnna\t_\t_\t_\t_\t_\t_\t_\tEntity=e1)\n", "GW628"),
        ("conllu", "1\tAnna\t_\n", "GW621"),
        ("bioc", "<collection><document>", "GW621"),
        ("bioc", "<collection></collection>", "GW621"),
        ("bioc", '<!DOCTYPE c [<!ENTITY a "b">]><collection><document/></collection>', "GW621"),
        ("bioc", '{"documents": [{"id": "1"}]}', "GW621"),
        ("pubtator", "1|t|Anna\n1\t0\t4\tBen\tX\n", "GW623"),
        ("pubtator", "Anna\n", "GW621"),
    ],
)
def test_what_is_broken_is_refused_with_its_place(name: str, content: str, code: str, tmp_path: Path) -> None:
    """One plain error that names the file; with `lenient` the part is put aside, if anything is left."""
    path = put(tmp_path / "in.txt", content)
    with pytest.raises(GoldwireError) as caught:
        read(name, path)
    assert caught.value.faults[0].code == code
    assert all(str(path) in fault.where for fault in caught.value.faults)


def test_bad_lines_are_put_aside_when_asked(tmp_path: Path) -> None:
    """The rest is read; each is kept as it came, and counted."""
    good = {"id": 1, "text": "Anna cuts.", "label": [[0, 4, "COOK"], [0, 40, "COOK"]]}
    path = put(tmp_path / "a.jsonl", json.dumps(good) + '\n{"text": 3}\n{broken\n')
    found, setting = read("doccano", path, lenient=True)
    assert words(found) == [[("COOK", "Anna")]]
    assert [line["where"] for line in setting.quarantine] == [f"{path}:2", f"{path}:3", f"{path}:1"]
    assert sum(len(places) for places in setting.lost.values()) == 3


def test_a_zip_that_is_no_honest_file_is_refused(tmp_path: Path) -> None:
    """What inflates without bound, and what holds nothing of the format."""
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jsonl", b"0" * (65 << 20))
    with pytest.raises(GoldwireError, match=r"GW621 .*unpacked it is larger"):
        read("doccano", bomb)
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("a.png", b"x")
    with pytest.raises(GoldwireError, match=r"GW621 .*no file of doccano's in this zip"):
        read("doccano", tmp_path / "none.zip")


@given(
    tags=st.lists(st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y"]), min_size=1, max_size=8),
    forms=st.lists(st.text("ab🍏é", min_size=1, max_size=3), min_size=8, max_size=8),
)
def test_rows_of_tokens_mark_what_their_tags_say(tags: list[str], forms: list[str]) -> None:
    """As names, as numbers and as a table of tokens: the same spans."""
    tokens = forms[: len(tags)]
    names = ["O", "B-X", "I-X", "B-Y", "I-Y"]
    with tempfile.TemporaryDirectory() as folder:
        named = put(Path(folder) / "a.jsonl", {"tokens": tokens, "ner_tags": tags})
        numbers = put(
            Path(folder) / "b.jsonl", {"tokens": tokens, "ner_tags": [names.index(tag) for tag in tags]}
        )
        table = "".join(f"{token}\t{tag}\n" for token, tag in zip(tokens, tags, strict=True))
        rows = put(Path(folder) / "c.tsv", "token\ttag\n" + table)
        found = [
            read("huggingface", named)[0],
            read("huggingface", numbers, labels=",".join(names))[0],
            read("csv", rows)[0],
        ]
    assert words(found[0]) == words(found[1]) == words(found[2])
    assert sum(len(each) for each in words(found[0])) >= sum(tag.startswith("B-") for tag in tags)


def test_tags_may_be_labels_alone(tmp_path: Path) -> None:
    """As Few-NERD has them, as names or as numbers; neighbours of one label are one span then."""
    rows = [{"tokens": ["Anna", "Karenina", "met", "Leo"], "ner_tags": ["person", "person", "O", "person"]}]
    found, _ = read("huggingface", put(tmp_path / "a.jsonl", *rows))
    assert words(found) == [[("person", "Anna Karenina"), ("person", "Leo")]]
    numbered = [{**rows[0], "ner_tags": [1, 1, 0, 1]}]
    again, _ = read("huggingface", put(tmp_path / "b.jsonl", *numbered), labels="O,person,place")
    assert words(again) == words(found)


def test_a_schema_says_which_layer_a_label_is_of(tmp_path: Path) -> None:
    """These tools know labels alone."""
    from tests.formats.sample import SCHEMA

    row = {"id": 1, "text": "Couper", "label": [[0, 6, "CUT"]]}
    [article] = read("doccano", put(tmp_path / "a.jsonl", row), schema_path=SCHEMA)[0]
    best = curated(article.annotations)
    assert best is not None and best.spans[0].layer == "step" and best.schema == "mini@0.1"


def test_one_way_of_counting_is_told_as_such() -> None:
    """For a message; the plain one says nothing."""
    assert str(Counting("UTF-8 bytes", True, "\\n", True)) == (
        "UTF-8 bytes, the last character as the end, line ends as \\n, the byte order mark"
    )
    assert str(PLAIN) == ""


if __name__ == "__main__":
    for golden in FILES:
        text = json.dumps(held(golden), ensure_ascii=False, indent=1) + "\n"
        golden.with_name(f"{golden.name}.expected.json").write_text(text, encoding="utf-8")
