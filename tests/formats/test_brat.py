"""brat as others write it: numbered roles, who annotated, how offsets were counted, odd lines."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from goldwire.cli.corpus import command
from goldwire.errors import GoldwireError
from goldwire.formats.brat.conf import Conf, RoleNames, in_order, read_conf
from goldwire.formats.brat.cut import cut
from goldwire.formats.counting import EVERY, PLAIN, CountedText
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.model import Annotation, Article, Document, Span
from tests.strategies import TEXTS

CONF = "[entities]\nThing\n[events]\nAction\tActs-on*:Thing, Site2?:Thing\n"
CONF += "[relations]\nPart Whole:<ANY>, Piece:<ANY>\n"


def folder(root: Path, files: dict[str, str | bytes]) -> Path:
    """Files by their paths, `\\r\\n` and all."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def read(root: Path, **options: str | bool) -> tuple[list[Article], ConversionOptions]:
    """The articles of a folder, and what was put down on the way."""
    setting = ConversionOptions(**options)  # type: ignore[arg-type]
    return FORMATS["brat"].read(root, setting), setting


def people(articles: list[Article]) -> dict[str, list[str]]:
    """Who annotated which document."""
    return {each.document.id: [a.annotator for a in each.annotations] for each in articles}


def relations(articles: list[Article]) -> list[tuple[str, str, str]]:
    """Each relation with the words at its ends."""
    result = []
    for article in articles:
        for annotation in article.annotations:
            words = {s.id: article.document.text[s.start : s.end] for s in annotation.spans}
            result += [(r.label, words[r.head], words[r.tail]) for r in annotation.relations]
    return result


EVENTS: dict[str, str | bytes] = {
    "a.txt": "Heat the tube and the lid in a bath.",
    "a.ann": "T1\tAction 0 4\tHeat\nT2\tThing 9 13\ttube\nT3\tThing 22 25\tlid\n"
    "E1\tAction:T1 Acts-on:T2 Acts-on2:T3\n",
    "b.txt": "Heat the lid.",
    "b.ann": "T1\tAction 0 4\tHeat\nT2\tThing 9 12\tlid\nE1\tAction:T1 Acts-on2:T2\n",
}


@pytest.mark.parametrize("conf", [{"annotation.conf": CONF}, {}], ids=["declared", "by the corpus"])
def test_a_role_keeps_no_number_that_brat_gave_it(conf: dict[str, str | bytes], tmp_path: Path) -> None:
    """Also where the first of its kind was deleted: the conf says so, or some event elsewhere."""
    articles, _ = read(folder(tmp_path, {**EVENTS, **conf}))
    assert [label for label, _, _ in relations(articles)] == ["Acts-on"] * 3


def test_a_role_keeps_a_number_that_is_its_own(tmp_path: Path) -> None:
    """Declared with it, or never seen without."""
    ann = "T1\tAction 0 4\tHeat\nT2\tThing 9 12\tlid\nE1\tAction:T1 Site2:T2 Arg1:T2\n"
    files: dict[str, str | bytes] = {"b.txt": "Heat the lid.", "b.ann": ann}
    for conf in ({}, {"annotation.conf": CONF}):
        articles, _ = read(folder(tmp_path, {**files, **conf}))
        assert [label for label, _, _ in relations(articles)] == ["Site2", "Arg1"]


@given(
    name=st.text("abÀ-_", min_size=1, max_size=4),
    numbers=st.lists(st.integers(2, 99), max_size=3),
    declared=st.booleans(),
)
def test_numbers_come_off_whatever_is_declared_without(name: str, numbers: list[int], declared: bool) -> None:
    """Of every numbered role, by the conf or by the corpus alone."""
    names = RoleNames({name} if declared else set(), set() if declared else {name})
    assert {names.name(f"{name}{number}", Conf()) for number in numbers} <= {name}
    assert names.name(f"x{name}9", Conf()) == f"x{name}9"


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ("R1\tPart Arg1:T1 Arg2:T2", ("Heat", "lid")),
        ("R1\tPart Arg2:T1 Arg1:T2", ("lid", "Heat")),
        ("R1\tPart Piece:T1 Whole:T2", ("lid", "Heat")),
        ("R1\tPart Whole:T1 Piece:T2", ("Heat", "lid")),
        ("R1\tPart Later:T1 Earlier:T2", ("Heat", "lid")),
    ],
)
def test_a_relation_goes_from_the_first_argument_to_the_second_by_name(
    line: str, ends: tuple[str, str], tmp_path: Path
) -> None:
    """Numbered ones by number, others as the conf orders them, unknown ones as they stand."""
    ann = f"T1\tAction 0 4\tHeat\nT2\tThing 9 12\tlid\n{line}\n"
    files: dict[str, str | bytes] = {"b.txt": "Heat the lid.", "b.ann": ann, "annotation.conf": CONF}
    assert relations(read(folder(tmp_path, files))[0]) == [("Part", *ends)]


def test_what_a_conf_says_of_arguments_is_read() -> None:
    """Repetition, choices of types, headings, macros, comments and blank lines."""
    text = (
        "[entities]\nA\n[events]\n# Old Gone:A\n!Change\n\tMove\tWho+:<ENTITY>|A, To{1-3}:A,From?:B\n\n"
        "[relations]\n<OVERLAP> Arg1:<ANY>, Arg2:<ANY>, <OVL-TYPE>:<ANY>\nIs-a  Subj:A|B, Obj:A\n"
    )
    conf = read_conf(text)
    assert (conf.roles, conf.ends) == ({"Who", "To", "From"}, {"Is-a": ("Subj", "Obj")})
    assert in_order("Is-a", "Obj:T1", "Subj:T2", conf) == ("T2", "T1")


def marked(*paths: str, text: str = "{}") -> dict[str, str | bytes]:
    """Texts that say their own document, each with one span."""
    files: dict[str, str | bytes] = {}
    for path in paths:
        content = text.format(path)
        files |= {f"{path}.txt": content, f"{path}.ann": f"T1\tX 0 1\t{content[0]}\n"}
    return files


TWO_BATCHES = {
    path + suffix: content
    for who in ("anna", "ben")
    for number in (1, 2)
    for path in [f"{who}/batch{number}/doc"]
    for suffix, content in ((".txt", f"Text {number}."), (".ann", "T1\tX 0 4\tText\n"))
}


def test_the_folders_with_one_text_are_the_annotators(tmp_path: Path) -> None:
    """Those above the batches; what is assumed is told, with the option that says otherwise."""
    articles, setting = read(folder(tmp_path, dict(TWO_BATCHES)))
    assert people(articles) == {"batch1/doc": ["anna", "ben"], "batch2/doc": ["anna", "ben"]}
    [assumed] = setting.assumed
    assert assumed.startswith("folders are annotators: anna, ben (") and "--annotator-from" in assumed


def test_annotators_below_the_batches_are_found_too(tmp_path: Path) -> None:
    """The numbers of documents begin anew in each batch."""
    files: dict[str, str | bytes] = {}
    for batch in ("b1", "b2"):
        for who in ("anna", "ben"):
            files |= {f"{batch}/{who}/1.txt": f"Text {batch}.", f"{batch}/{who}/1.ann": ""}
    assert people(read(folder(tmp_path, files))[0]) == {"b1/1": ["anna", "ben"], "b2/1": ["anna", "ben"]}


def test_folders_with_other_texts_under_one_name_are_sides_of_a_split(tmp_path: Path) -> None:
    """Documents, not annotators, and it is told."""
    articles, setting = read(folder(tmp_path, marked("train/001", "test/001")))
    assert people(articles) == {"test/001": ["brat"], "train/001": ["brat"]}
    assert setting.assumed[0].startswith("folders are part of documents' names: test, train (")


def test_a_folder_a_document_with_a_file_an_annotator(tmp_path: Path) -> None:
    """Told from the texts; for a single document by the option."""
    files: dict[str, str | bytes] = {}
    for document in ("d1", "d2"):
        for who in ("anna", "ben"):
            files |= {f"{document}/{who}.txt": f"Text {document}.", f"{document}/{who}.ann": ""}
    expected = {"d1": ["anna", "ben"], "d2": ["anna", "ben"]}
    articles, setting = read(folder(tmp_path / "two", files))
    assert people(articles) == expected
    assert setting.assumed[0].startswith("files are named after annotators: anna, ben (")
    assert people(read(tmp_path / "two", annotator_from="file")[0]) == expected
    assert people(read(tmp_path / "two" / "d1", annotator_from="file")[0]) == {"d1": ["anna", "ben"]}


@pytest.mark.parametrize("way", ["folder", "parent"])
def test_annotators_who_read_different_documents_are_named_by_the_option(way: str, tmp_path: Path) -> None:
    """No text tells them from sides of a split; with one folder above a file both ways say that one."""
    root = folder(tmp_path / "a", marked("anna/1", "ben/2", "3"))
    assert people(read(root, annotator_from=way)[0]) == {"1": ["anna"], "2": ["ben"], "3": ["brat"]}
    deeper = folder(tmp_path / "b", marked("anna/b1/1", "ben/b1/2"))
    expected = {"folder": {"anna/1": ["b1"], "ben/2": ["b1"]}, "parent": {"b1/1": ["anna"], "b1/2": ["ben"]}}
    assert people(read(deeper, annotator_from=way)[0]) == expected[way]


def test_documents_of_one_annotator_alone_keep_their_names(tmp_path: Path) -> None:
    """Where folders are annotators, what only one of them read is a document all the same."""
    files = marked("anna/00anna", "ben/00ben") | {
        f"{who}/001{suffix}": content
        for who in ("anna", "ben")
        for suffix, content in ((".txt", "A text."), (".ann", ""))
    }
    assert people(read(folder(tmp_path, files))[0]) == {
        "001": ["anna", "ben"],
        "00anna": ["anna"],
        "00ben": ["ben"],
    }


def test_the_option_names_the_part_of_the_path_or_the_annotator(tmp_path: Path) -> None:
    """It goes before what the texts would say."""
    root = folder(tmp_path, dict(TWO_BATCHES))
    assert people(read(root, annotator_from="parent")[0]) == people(read(root)[0])
    assert people(read(root, annotator_from="none")[0]) == {
        f"{who}/batch{number}/doc": ["brat"] for who in ("anna", "ben") for number in (1, 2)
    }
    assert people(read(root, annotator_from="folder")[0]) == people(read(root)[0])
    assert {who for [who] in people(read(root, annotator_from="Zoë")[0]).values()} == {"Zoë"}


def test_annotators_who_did_not_all_read_one_text_are_refused_with_the_way_out(tmp_path: Path) -> None:
    """One text of several was edited for one of them: neither is guessed."""
    root = folder(tmp_path, {**TWO_BATCHES, "ben/batch2/doc.txt": "Text 2, edited."})
    with pytest.raises(GoldwireError, match=r"GW620 .*another text than `batch2/doc`.*--annotator-from"):
        read(root)


#: Words beyond the first plane, marks that join, and line ends of both kinds.
WAYS = [way for way in [PLAIN, *EVERY] if not way.inclusive]


@given(text=TEXTS, way=st.sampled_from(WAYS), crlf=st.booleans(), data=st.data())
def test_offsets_that_the_words_prove_are_found_and_told(
    text: str, way: object, crlf: bool, data: st.DataObject
) -> None:
    """However they were counted, every span lies where its words are."""
    text = f"Anna 🍏\n{text}\nZoé"
    raw = text.replace("\n", "\r\n") if crlf else text
    counted = CountedText(raw, way)  # type: ignore[arg-type]
    reach = range(3 * len(raw) + 9)
    at = {offset: n for n in reach if (offset := counted.offset(n)) is not None and offset >= 0}
    words = [("Anna", text.index("Anna")), ("🍏", text.index("🍏")), ("Zoé", text.rindex("Zoé"))]
    lines = [
        f"T{number}\tX {at[start]} {at[start + len(word)]}\t{word}"
        for number, (word, start) in enumerate(words)
    ]
    with tempfile.TemporaryDirectory() as where:
        mark = "\ufeff" if way.mark else ""  # type: ignore[attr-defined]
        root = folder(Path(where), {"a.txt": mark + raw, "a.ann": "\n".join(lines)})
        [article], setting = read(root)
    found = [article.document.text[s.start : s.end] for s in article.annotations[0].spans]
    assert found == [word for word, _ in words]
    assert all(
        kind.startswith(("offsets moved: counted with", "texts normalised")) for kind in setting.changed
    )


CRLF = "Anna lebt hier.\r\nBea kommt morgen.\r\nKlara auch.\r\n"


@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize("once", [True, False])
def test_line_ends_of_two_characters_counted_as_one_are_told(words: bool, once: bool, tmp_path: Path) -> None:
    """By the words beside the offsets, or, where there are none, by the edges of words in the text."""
    text = CRLF.replace("\r\n", "\n") if once else CRLF
    lines = []
    for number, word in enumerate(("Anna", "Bea", "Klara")):
        start = text.index(word)
        lines.append(f"T{number}\tPER {start} {start + len(word)}" + (f"\t{word}" if words else ""))
    root = folder(tmp_path, {"a.txt": CRLF, "a.ann": "\n".join(lines)})
    [article], setting = read(root)
    found = [article.document.text[s.start : s.end] for s in article.annotations[0].spans]
    assert found == ["Anna", "Bea", "Klara"]
    told = [kind for kind in setting.changed if kind.startswith("offsets")]
    assert told == (
        ["offsets moved: counted with line ends as \\n" + ("" if words else ", as the edges of words tell")]
        if once
        else []
    )


def test_a_part_of_a_word_marked_without_words_stays_where_it_is(tmp_path: Path) -> None:
    """One such span may be meant so, though another way of counting would have it begin with a word."""
    text = "Schul-\nhof und\nHaustür\n"
    start = text.index("tür")
    root = folder(tmp_path, {"a.txt": text, "a.ann": f"T1\tX {start} {start + 3}"})
    [article], setting = read(root)
    assert [article.document.text[s.start : s.end] for s in article.annotations[0].spans] == ["tür"]
    assert setting.changed == {}


TWEETS = "👩‍🍳 Anna 🍏\r\ncuts leeks\r\n \r\nRe\u0301my 🍏🍏 rests"


def tweets(root: Path, line_end: int = 2) -> Path:
    """Two tweets in one text, marked in UTF-16 units: the further on, the more an offset is ahead."""

    def units(word: str) -> str:
        text = TWEETS.replace("\r\n", "\r\n" if line_end == 2 else "\n")
        start = len(text[: text.index(word)].encode("utf-16-le")) // 2
        return f"{start} {start + len(word)}\t{word}\n"

    ann = [
        f"T{n} Thing ".replace(" ", "\t", 1) + units(word)
        for n, word in enumerate(("Anna", "leeks", "rests"))
    ]
    lines = ["R1\tcuts Arg1:T0 Arg2:T1\n", "R2\tsees Arg1:T2 Arg2:T1\n", "A1\tsure T2\n"]
    return folder(root, {"a.txt": TWEETS, "a.ann": "".join([*ann, *lines])})


@pytest.mark.parametrize("line_end", [1, 2])
def test_a_text_of_many_tweets_is_counted_over_all_of_them(line_end: int, tmp_path: Path) -> None:
    """Emoji of all tweets before move a span; line ends counted once or twice besides."""
    [article], setting = read(tweets(tmp_path, line_end))
    text = article.document.text
    assert [text[s.start : s.end] for s in article.annotations[0].spans] == ["Anna", "leeks", "rests"]
    [told] = [kind for kind in setting.changed if "UTF-16 units" in kind]
    assert len(setting.changed[told]) == 3


@pytest.mark.parametrize(
    ("per", "texts"),
    [
        ("sentence", ["👩‍🍳 Anna 🍏", "cuts leeks", "Rémy 🍏🍏 rests"]),
        ("paragraph", ["👩‍🍳 Anna 🍏\ncuts leeks", "Rémy 🍏🍏 rests"]),
        ("file", ["👩‍🍳 Anna 🍏\ncuts leeks\n \nRémy 🍏🍏 rests"]),
    ],
)
def test_many_tweets_of_one_text_can_be_a_document_each(per: str, texts: list[str], tmp_path: Path) -> None:
    """At each line or at blank lines; relations from one into another are put aside and counted."""
    articles, setting = read(tweets(tmp_path), document_per=per)
    assert [each.document.text for each in articles] == texts
    assert [each.document.id for each in articles] == (
        ["a"] if per == "file" else [f"a-{n + 1}" for n in range(len(texts))]
    )
    words = [a.document.text[s.start : s.end] for a in articles for s in a.annotations[0].spans]
    assert words == ["Anna", "leeks", "rests"]
    kept = {"sentence": 0, "paragraph": 1, "file": 2}[per]
    account = setting.account
    assert (account.relations.found, account.relations.kept) == (2, kept)
    assert (account.spans.kept, account.attributes.kept, len(setting.quarantine)) == (3, 1, 2 - kept)


def test_a_span_over_two_tweets_is_put_aside(tmp_path: Path) -> None:
    """With its relations; what else there is stays."""
    ann = "T1\tThing 0 8\tAnna Ben\nT2\tThing 5 8\tBen\nR1\tsees Arg1:T1 Arg2:T2\n"
    articles, setting = read(folder(tmp_path, {"a.txt": "Anna\nBen", "a.ann": ann}), document_per="sentence")
    assert [[s.id for s in a.annotations[0].spans] for a in articles] == [[], ["T2"]]
    assert (setting.account.spans.found, setting.account.spans.kept) == (2, 1)
    assert [line["kind"].partition(":")[0] for line in setting.quarantine] == ["spans", "relations"]


def test_another_way_to_cut_a_text_is_refused(tmp_path: Path) -> None:
    """With those that there are."""
    with pytest.raises(GoldwireError, match=r"GW602 .*file, paragraph, sentence"):
        read(tweets(tmp_path), document_per="page")


@given(
    st.lists(st.tuples(st.text("ab 🍏\n", max_size=4), st.integers(0, 3), st.integers(1, 4)), max_size=8),
    st.sampled_from(["sentence", "paragraph"]),
)
def test_whatever_is_cut_nothing_is_lost_untold(marks: list[tuple[str, int, int]], per: str) -> None:
    """Each span lies with its words in one part, or is put aside."""
    text = "".join(piece for piece, _, _ in marks)
    spans = [
        Span(f"T{n}", "entity", "X", start, min(start + length, len(text)))
        for n, (_, start, length) in enumerate(marks)
        if start < len(text)
    ]
    setting = ConversionOptions()
    article = Article(Document("d", text), (Annotation("d", "a", "s@1", spans=tuple(spans)),))
    parts = list(cut(article, per, setting))
    assert "".join("".join(part.document.text.split()) for part in parts) == "".join(text.split())
    words = {s.id: p.document.text[s.start : s.end] for p in parts for s in p.annotations[0].spans}
    aside = {line["item"]["id"] for line in setting.quarantine}
    for span in spans:
        assert (words.get(span.id) == text[span.start : span.end]) != (span.id in aside)


def test_spans_that_no_counting_explains_are_named(tmp_path: Path) -> None:
    """Only those, with the counting that the others have."""
    ann = "T1\tPER 0 4\tAnna\nT2\tPER 16 19\tBea\nT3\tPER 34 39\tKlara\nT4\tPER 20 25\tMaria\n"
    with pytest.raises(GoldwireError) as caught:
        read(folder(tmp_path, {"a.txt": CRLF, "a.ann": ann}))
    [fault] = caught.value.faults
    assert (fault.code, fault.where.rpartition(":")[2]) == ("GW274", "4")
    assert "«Maria»" in fault.message and "line ends as \\n" in fault.hint


ODD = (
    "T1\tPER 0 4\tAnna\n"
    "N1\tReference T1 UMLS\tC123\n"
    "N2\tReference T9 W:3\tx\n"
    "N3\tReference T1 W:7\tAnna\n"
    "T2\tPER 90 94\tBea\n"
    "E1\tMove:T2 Who:T1\n"
)


def test_odd_lines_are_put_aside_when_asked(tmp_path: Path) -> None:
    """Each counted and kept as it came; the rest is read. Unasked, the folder is refused."""
    root = folder(tmp_path, {"a.txt": CRLF, "a.ann": ODD})
    with pytest.raises(GoldwireError):
        read(root)
    [article], setting = read(root, lenient=True)
    assert [(s.label, s.attributes) for s in article.annotations[0].spans] == [("PER", {"reference": "W:7"})]
    assert [line["item"] for line in setting.quarantine] == [ODD.splitlines()[n] for n in (1, 4, 5, 2)]
    places = [line["where"].rpartition(":")[2] for line in setting.quarantine]
    assert (places, sum(map(len, setting.lost.values()))) == (["2", "5", "6", "3"], 4)


def test_the_command_tells_what_was_assumed(tmp_path: Path) -> None:
    """On standard error; nothing where the option said it."""
    root = folder(tmp_path / "in", dict(TWO_BATCHES))
    to = ("convert", str(root), str(tmp_path / "o.jsonl"), "--from", "brat", "--to", "jsonl")
    done = CliRunner().invoke(command, to)
    assert (done.exit_code, "assumed: folders are annotators: anna, ben" in done.stderr) == (0, True)
    done = CliRunner().invoke(command, [*to, "--annotator-from", "parent"])
    assert (done.exit_code, "assumed" in done.stderr) == (0, False)
