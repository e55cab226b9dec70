"""Datasets without texts: no stretch of a text in any file, and whole again with the user's own copies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import structs

from goldwire.annotations.line import dumps
from goldwire.annotations.store import write_annotation
from goldwire.cli.corpus import command
from goldwire.corpus.corpus import Corpus, load_corpus
from goldwire.corpus.dataset.build import build
from goldwire.corpus.dataset.card import BARE
from goldwire.corpus.publish.without_text import WINDOW, quoted, read_without_texts, rehydrate, windows
from goldwire.corpus.publish.write import write_to_pass_on
from goldwire.corpus.redistribution import redistribution
from goldwire.corpus.split.io import Split, split_path, write_split
from goldwire.corpus.versions.diff import CorpusVersion, diff
from goldwire.errors import GoldwireError
from goldwire.formats.dataset.files import dataset_files
from goldwire.formats.jsonl import read_jsonl
from goldwire.model import Article
from goldwire.project import Project, example_root, load_project
from tests.corpus.mini import mini_project
from tests.examples import at_most
from tests.strategies import articles


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example project's corpus as a dataset, without the texts that may not be passed on."""
    folder = tmp_path_factory.mktemp("bare")
    project = load_project(example_root())
    corpus = load_corpus(project)
    write_to_pass_on(corpus, folder, redistribution(project).allowed(corpus.articles))
    return folder


def texts_kept_back() -> tuple[list[str], list[str]]:
    """The example's texts that may not be passed on, and those that may."""
    project = load_project(example_root())
    rule = redistribution(project)
    back: list[str] = []
    free: list[str] = []
    for article in load_corpus(project).articles:
        (free if rule.allows(article.document) else back).append(article.document.text)
    return back, free


def strings(value: Any) -> Iterator[str]:
    """All strings of a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from strings(list(pair))
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def contents(folder: Path) -> dict[str, list[str]]:
    """Every file's text; of parquet every string in it and in its schema."""
    import pyarrow.parquet as pq

    found: dict[str, list[str]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            found[str(path)] = [*strings(table.to_pylist()), str(table.schema), str(table.schema.metadata)]
        else:
            text = path.read_text(encoding="utf-8")
            found[str(path)] = [text]
            if path.suffix in (".json", ".jsonl"):
                found[str(path)] += [
                    s
                    for line in text.splitlines()
                    if line[:1] == "{" and line[-1:] == "}"
                    for s in strings(json.loads(line))
                ]
    return found


def test_no_stretch_of_any_text_is_in_any_file(example: Path) -> None:
    """Every 20 characters of the example's unfree articles are looked for in all that would be published."""
    back, free = (
        {text[i : i + WINDOW] for text in texts for i in range(len(text) - WINDOW + 1)}
        for texts in texts_kept_back()
    )
    stretches = back - free
    assert len(stretches) > 10_000
    for name, held in contents(example).items():
        for text in held:
            there = {text[i : i + WINDOW] for i in range(len(text) - WINDOW + 1)} & stretches
            assert not there, (name, there)


def test_everything_else_is_still_there(example: Path, tmp_path: Path) -> None:
    """With the very texts, all annotations come back; `datasets` reads the annotations without the words."""
    import pyarrow.parquet as pq

    project = load_project(example_root())
    done = rehydrate(example, project.seeds, tmp_path / "whole.jsonl")
    whole = load_corpus(project).articles
    joined = read_jsonl(tmp_path / "whole.jsonl")
    assert {a.document.id: a.annotations for a in joined} == {a.document.id: a.annotations for a in whole}
    assert done.articles == joined
    found = diff(CorpusVersion("a", whole), CorpusVersion("b", done.articles))
    assert not any(document.compared.spans for document in found.documents)
    table = pq.read_table(*dataset_files(example, BARE)["train"])
    assert "text" not in table.schema.field("spans").type.value_type.names
    rule = redistribution(project)
    assert sum(map(len, table["spans"].to_pylist())) == sum(
        len(a.spans) for w in whole if not rule.allows(w.document) for a in w.annotations
    )


@given(st.lists(articles(), min_size=1, max_size=3, unique_by=lambda a: a.document.id))
@settings(max_examples=at_most(20))
def test_any_corpus_comes_back_whole(tmp_path_factory: pytest.TempPathFactory, made: list[Article]) -> None:
    """Emoji, combining accents, Arabic: what leaves without its text is the same with it."""
    made = [a for a in made if a.document.text.strip()]
    made = list({a.document.text: a for a in made}.values())
    assume(made)
    folder = tmp_path_factory.mktemp("any")
    from goldwire.corpus.publish.without_text import dump_record as line
    from goldwire.corpus.publish.without_text import to_text_free_record

    (folder / "without-texts.jsonl").write_bytes(
        b"\n".join(line(to_text_free_record(a, a.document.meta)) for a in made)
    )
    (folder / "mine.jsonl").write_bytes(
        b"\n".join(dumps(Article(structs.replace(a.document, meta={}))) for a in made)
    )
    done = rehydrate(folder, folder / "mine.jsonl", folder / "out.jsonl")
    assert [a.annotations for a in done.articles] == [a.annotations for a in made]
    assert [a.document.text for a in done.articles] == [a.document.text for a in made]


def test_copies_are_known_by_their_hash_whatever_their_name(example: Path, tmp_path: Path) -> None:
    """Another file name, `\\r\\n` and decomposed accents are the same text; seeds are normalised so too."""
    import unicodedata

    mine = tmp_path / "mine"
    mine.mkdir()
    back, free = texts_kept_back()
    for number, text in enumerate(back):
        text = unicodedata.normalize("NFD", text).replace("\n", "\r\n")
        (mine / f"copy{number}.txt").write_bytes(text.encode())
    done = rehydrate(example, mine, tmp_path / "out.jsonl")
    assert len(done.articles) == len(back) + len(free)


def test_another_text_is_refused_by_name(tmp_path: Path) -> None:
    """One letter more, or no copy: the document is named, nothing is written; --partial leaves it out."""
    project = mini_project(tmp_path / "mini")
    folder = tmp_path / "bare"
    folder.mkdir()
    write_to_pass_on(load_corpus(project), folder)
    mine = tmp_path / "mine"
    mine.mkdir()
    texts = {a.document.id: a.document.text for a in load_corpus(project).articles}
    (mine / "pommes.txt").write_text(texts["pommes"] + "!", encoding="utf-8")
    with pytest.raises(GoldwireError) as caught:
        rehydrate(folder, mine, tmp_path / "out.jsonl")
    first, second = caught.value.faults
    assert (first.code, second.code) == ("GW298", "GW298")
    assert "`pommes` is another text" in first.message
    assert "no copy of `soupe`" in second.message
    assert not (tmp_path / "out.jsonl").exists()
    (mine / "soupe.txt").write_text(texts["soupe"], encoding="utf-8")
    arguments = ["rehydrate", str(folder), str(mine), str(tmp_path / "out.jsonl"), "--partial"]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert "left out, another text: pommes" in done.stderr
    assert [a.document.id for a in read_jsonl(tmp_path / "out.jsonl")] == ["soupe"]


def quoting(tmp_path: Path) -> Corpus:
    """A corpus whose metadata and attributes quote its texts."""
    project = mini_project(tmp_path / "mini")
    corpus = load_corpus(project)
    first = corpus.articles[0]
    quote = first.document.text[3:40]
    annotation = first.annotations[0]
    span = structs.replace(annotation.spans[0], attributes={"why": f"because of «{quote}»"})
    spans = (span, *annotation.spans[1:])
    document = structs.replace(
        first.document,
        meta={**first.document.meta, "title": f"On {quote}", "source": "A paper", "lead": "short"},
    )
    quoted = Article(document, (structs.replace(annotation, spans=spans), *first.annotations[1:]))
    corpus.articles = [quoted, *corpus.articles[1:]]
    return corpus


def test_metadata_and_attributes_that_quote_are_left_out_and_counted(tmp_path: Path) -> None:
    """A title that is the first sentence goes, the source stays, a note that quotes goes."""
    folder = tmp_path / "bare"
    folder.mkdir()
    withheld = write_to_pass_on(quoting(tmp_path), folder)
    assert withheld.meta["title"] >= 1
    assert withheld.meta["lead"] == 1
    assert list(withheld.attributes.values()) == [1]
    first = read_without_texts(folder)[0]
    assert first.meta["source"] == "A paper"
    assert "title" not in first.meta
    assert json.loads((folder / "manifest.json").read_text())["withheld"]["meta"] == withheld.meta


def test_registries_go_along_without_what_quotes(example: Path, tmp_path: Path) -> None:
    """What an id names, and what is taken from it, is in the dataset; of spellings that stand in a text that
    is kept back only those that are no stretch of it. What was left out is counted."""
    project = load_project(example_root())
    known = load_corpus(project).registries["actors"]
    rows = [
        json.loads(line) for line in (example / "registries/actors.jsonl").read_text("utf-8").splitlines()
    ]
    assert {row["id"] for row in rows} <= known.keys() and len(rows) > len(known) - 5
    assert {row["id"]: row.get("country", "") for row in rows} == {
        row["id"]: known[row["id"]].country for row in rows
    }
    assert "Trump" in next(row["names"] for row in rows if row["id"] == "per.donald-trump")
    manifest = json.loads((example / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["withheld"]["registries"] > 0
    assert manifest["files"]["registries/actors.jsonl"]["bytes"] > 0
    card = (example / "README.md").read_text(encoding="utf-8")
    assert "`entity.country`, `entity.sector` are what the entry of its id says" in card
    whole = build(load_corpus(mini_project(tmp_path / "mini")))
    assert not (whole.folder / "registries").exists()


def test_the_card_of_what_is_passed_on_speaks_of_its_own_folder(example: Path) -> None:
    """It is loaded from where it is, and names under which licence each text stands, where that is, and of
    whom the texts are."""
    card = (example / "README.md").read_text(encoding="utf-8")
    assert 'load_dataset(".", split="train")' in card and "corpus/documents" not in card
    line = (
        "29 texts: CC BY 2.5 (https://creativecommons.org/licenses/by/2.5/), of Wikinews, fr.wikinews.org; "
    )
    assert line in card and line in (example / "LICENSE").read_text(encoding="utf-8")
    assert "The 5 whose text may not be passed on are counted in" in card
    row = next(line for line in card.splitlines() if line.startswith("| `wikinews-44290`"))
    assert "| Wikinews, fr.wikinews.org | CC BY 2.5 | 2012-06-22 |" in row


def test_a_changelog_that_quotes_is_refused(tmp_path: Path) -> None:
    """What people wrote is not changed behind their back: the file and the passage are named."""
    project = mini_project(tmp_path / "mini")
    corpus = load_corpus(project)
    project.corpus.mkdir()
    quote = corpus.articles[0].document.text[:30]
    (project.corpus / "CHANGELOG.md").write_text(f"# Changes\n\n«{quote}» was mended.\n", encoding="utf-8")
    (tmp_path / "bare").mkdir()
    with pytest.raises(GoldwireError, match=r"GW295 CHANGELOG\.md: quotes `pommes`"):
        write_to_pass_on(corpus, tmp_path / "bare")


def test_the_split_goes_along(tmp_path: Path) -> None:
    """Sides are files of the dataset without texts too."""
    project = mini_project(tmp_path / "mini")
    write_split(split_path(project), Split("parts", sides={"pommes": "train", "soupe": "test"}))
    folder = tmp_path / "bare"
    folder.mkdir()
    write_to_pass_on(load_corpus(project), folder)
    assert sorted(dataset_files(folder, "annotations")) == ["test", "train"]
    assert (folder / "split.json").is_file()


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    """Each bad line is named; a folder without the file says so."""
    (tmp_path / "without-texts.jsonl").write_text('{"id": "a"}\n[]\n', encoding="utf-8")
    with pytest.raises(GoldwireError) as caught:
        read_without_texts(tmp_path)
    assert [fault.code for fault in caught.value.faults] == ["GW297", "GW297"]
    line = '{"id": "a", "text_sha256": "b", "length": 1}\n'
    for text, said in (("\n", "holds no document"), (line + line, "`a` stands twice")):
        (tmp_path / "without-texts.jsonl").write_text(text, encoding="utf-8")
        with pytest.raises(GoldwireError, match=f"GW297.*{said}"):
            read_without_texts(tmp_path)
    (tmp_path / "none").mkdir()
    with pytest.raises(GoldwireError, match="GW901"):
        read_without_texts(tmp_path / "none")


@given(st.text(min_size=WINDOW, max_size=60), st.data())
def test_any_quoted_stretch_is_found(text: str, data: st.DataObject) -> None:
    """Whatever 20 characters of a text stand inside another string, they are found."""
    start = data.draw(st.integers(0, len(text) - WINDOW))
    string = data.draw(st.text(max_size=10)) + text[start : start + WINDOW] + data.draw(st.text(max_size=10))
    assert quoted({"d": text}, windows([string]))


def publishing(project: Project, *more: str) -> list[str]:
    """The words of a rehearsal of `corpus publish`."""
    return ["publish", "--repo", "a/b", "--project", str(project.root), "--dry-run", *more]


def test_the_command_keeps_the_folder(tmp_path: Path) -> None:
    """`corpus publish --without-texts --out` leaves the dataset."""
    project = mini_project(tmp_path / "mini")
    annotation = load_corpus(project).articles[0].annotations[0]
    write_annotation(project, annotation)
    base = publishing(project, "--out", str(tmp_path / "out"))
    done = CliRunner().invoke(command, [*base, "--without-texts"], catch_exceptions=False)
    assert done.exit_code == 0
    assert {r.id for r in read_without_texts(tmp_path / "out")} == {"pommes", "soupe"}


def in_parts(folder: Path, rule: str = '["cc0-1.0"]') -> Project:
    """The small project, one of its two texts somebody else's; `rule` says which may be passed on."""
    mini_project(folder)
    seeds = folder / "seeds/articles.jsonl"
    lines = seeds.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace('"licence": "cc0-1.0"', '"licence": "belongs to its publisher"')
    seeds.write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = folder / "goldwire.toml"
    old = "redistributable = true"
    config.write_text(
        config.read_text(encoding="utf-8").replace(old, f"redistributable = {rule}"), encoding="utf-8"
    )
    return load_project(folder)


def test_texts_go_by_their_licences(tmp_path: Path) -> None:
    """What may be passed on goes whole, of the rest no stretch; with one's own copies all is there again."""
    import pyarrow.parquet as pq

    project = in_parts(tmp_path / "mini")
    done = CliRunner().invoke(
        command, publishing(project, "--out", str(tmp_path / "out")), catch_exceptions=False
    )
    assert done.exit_code == 0
    folder = tmp_path / "out"
    whole, other = load_corpus(project).articles
    [documents] = dataset_files(folder, "documents")["train"]
    assert pq.read_table(documents)["text"].to_pylist() == [whole.document.text]
    assert [record.id for record in read_without_texts(folder)] == [other.document.id]
    [bare] = dataset_files(folder, "annotations_without_texts")["train"]
    assert set(pq.read_table(bare)["document"].to_pylist()) == {other.document.id}
    text = other.document.text
    stretches = {text[i : i + WINDOW] for i in range(len(text) - WINDOW + 1)}
    for name, held in contents(folder).items():
        assert not [stretch for stretch in stretches if any(stretch in string for string in held)], name
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "**1 of 2 texts may not be passed on.**" in card
    assert "- 1 text: belongs to its publisher; **not** in this dataset, but for hashes." in card
    assert "- 1 text: cc0-1.0 (https://creativecommons.org/publicdomain/zero/1.0/)" in card
    assert "in this dataset." in card
    joined = rehydrate(folder, project.seeds, tmp_path / "whole.jsonl")
    assert {a.document.id: a.document.text for a in joined.articles} == {
        a.document.id: a.document.text for a in (whole, other)
    }
    assert sum(len(a.annotations) for a in joined.articles) == 4


def test_what_may_be_passed_on_has_three_forms(tmp_path: Path) -> None:
    """Neither true, false nor a list of licences is refused; a licence that no text has passes none on."""
    with pytest.raises(GoldwireError, match="GW119"):
        CliRunner().invoke(command, publishing(in_parts(tmp_path / "a", '"yes"')), catch_exceptions=False)
    with pytest.raises(GoldwireError, match="GW296"):
        CliRunner().invoke(command, publishing(in_parts(tmp_path / "b", '["mit"]')), catch_exceptions=False)


def test_a_folder_that_holds_something_is_not_written_over(tmp_path: Path) -> None:
    """A second --out into the same folder is refused before anything is moved; what is there stays whole."""
    project = mini_project(tmp_path / "mini")
    arguments = publishing(project, "--without-texts", "--out")
    assert CliRunner().invoke(command, [*arguments, str(tmp_path / "out")]).exit_code == 0
    held = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    again = CliRunner().invoke(command, [*arguments, str(tmp_path / "out")])
    assert isinstance(again.exception, GoldwireError)
    assert "something is there already" in str(again.exception)
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == held


@given(st.text("abcdeé fgß\n", min_size=60, max_size=80))
def test_a_quote_in_capitals_or_decomposed_is_one(text: str) -> None:
    """The same words in another case, spacing or Unicode form are no other words."""
    import unicodedata

    for other in (text.upper(), unicodedata.normalize("NFD", text), "  ".join(text.split(" "))):
        if len(" ".join(text.split())) >= 2 * WINDOW:
            assert quoted({"d": text}, windows([f"«{other}»"]))
