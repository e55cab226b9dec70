"""From an archive to the articles worth labelling: what was asked for, no copies, the same each time."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.archive.selection.choose import Selection, allocated
from goldwire.archive.selection.options import Choice
from goldwire.archive.selection.select import select
from goldwire.errors import GoldwireError
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Annotation, Article, Document, Span
from goldwire.near_duplicates import near_duplicates
from goldwire.project import load_project
from goldwire.seeds import load_seeds
from tests.archive.made import held
from tests.cli.terminal import called
from tests.shared import needs_shared

WORDS = [f"mot{n}" for n in range(600)]
PAPERS = ("Le Monde", "Ouest-France", "La Croix")


def text(seed: int, words: int = 60) -> str:
    """A text like no other."""
    chance = random.Random(seed)
    return " ".join(chance.choice(WORDS) for _ in range(words)) + "."


def article(n: int) -> Article:
    """Half of them of one paper, over three years, every seventh in German, every fifth about an election."""
    source = PAPERS[0] if n % 2 else PAPERS[n % 3]
    body = text(n) + (" Une élection." if n % 5 == 0 else "")
    meta = {"source": source, "published": f"{2022 + n % 3}-05-{n % 28 + 1:02}", "title": f"Titre {n}"}
    return Article(Document(f"a{n}", body, {**meta, "language": "de" if n % 7 == 0 else "fr"}))


def archive(folder: Path, number: int = 300, shards: int = 3) -> Path:
    """So many articles, copies of ten of them, and near copies of another ten."""
    articles = [article(n) for n in range(number)]
    for n in range(10):
        document = articles[n].document
        same = Document(f"copy{n}", document.text.upper() + "\n", document.meta)
        other = articles[n + 10].document
        near = Document(f"near{n}", other.text + " Ajouté hier soir.", other.meta)
        articles += [Article(same), Article(near)]
    random.Random(1).shuffle(articles)
    folder.mkdir(parents=True)
    for shard in range(shards):
        write_jsonl(folder / f"{shard}.jsonl", articles[shard::shards])
    return folder


def chosen(source: Path, out: Path, known: list[Document] | None = None, **options: Any) -> Selection:
    """A selection in this process."""
    return select([str(source)], out, Choice(**options), known=known or [], workers=1)


def rows(out: Path, name: str = "articles") -> list[dict[str, Any]]:
    """What a selection wrote."""
    return [json.loads(line) for line in (out / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def test_never_two_copies(tmp_path: Path) -> None:
    """However many are asked for, no two texts of both pools are copies or near copies of one another or of
    what the project has, and every other article is taken."""
    known = [article(30).document, Document("k", article(31).document.text + " Encore.")]
    out = tmp_path / "out"
    selection = chosen(archive(tmp_path / "in"), out, known, number=1000, test=50)
    label, test = rows(out), rows(out, "test")
    assert (len(label), len(test)) == (248, 50)
    texts = [row["text"] for row in label + test] + [document.text for document in known]
    assert near_duplicates(texts) == []
    assert selection.chosen.left["the same text as another"] == 10
    assert selection.chosen.left["had already"] == 1
    assert selection.chosen.left["a near copy"] == 11
    assert {row["selection_pool"] for row in label} == {"label"}
    assert {row["selection_pool"] for row in test} == {"test"}


def test_the_same_choice_comes_again(tmp_path: Path) -> None:
    """The same archive, options and seed give the same bytes: on two workers, in other shards' order, and by
    the file that repeats it; another seed gives other articles."""
    source = archive(tmp_path / "in")
    options: dict[str, Any] = {"number": 20, "test": 5, "by": ("source",), "at_most": (("year", 8),)}
    chosen(source, tmp_path / "one", **options)
    select([str(source)], tmp_path / "two", Choice(**options), workers=2)
    assert held(tmp_path / "one") == held(tmp_path / "two")
    recipe = tmp_path / "one/selection.json"
    select([str(source)], tmp_path / "three", Choice(), workers=1, repeat=recipe)
    assert held(tmp_path / "one") == held(tmp_path / "three")
    other = archive(tmp_path / "other", shards=5)
    chosen(other, tmp_path / "four", **options)
    assert rows(tmp_path / "four") == rows(tmp_path / "one")
    chosen(source, tmp_path / "five", **options, seed=1)
    assert rows(tmp_path / "five") != rows(tmp_path / "one")
    (source / "0.jsonl").write_bytes((source / "1.jsonl").read_bytes())
    with pytest.raises(GoldwireError) as caught:
        select([str(source)], tmp_path / "six", Choice(), workers=1, repeat=recipe)
    assert caught.value.faults[0].code == "GW956"


def test_only_what_was_asked_for(tmp_path: Path) -> None:
    """Languages, length, dates and keywords are kept to; the test pool is drawn without keywords."""
    source, out = archive(tmp_path / "in"), tmp_path / "out"
    options: dict[str, Any] = {"languages": ("fr",), "since": "2023", "until": "2024-05-10", "least": 60}
    selection = chosen(source, out, number=15, test=30, keywords=("élection", "scrutin"), **options)
    for row in [*rows(out), *rows(out, "test")]:
        assert row["language"] == "fr"
        assert "2023" <= row["published"] <= "2024-05-10"
    assert len(rows(out)) == 15
    assert all("élection" in row["text"] for row in rows(out))
    assert not all("élection" in row["text"] for row in rows(out, "test"))
    assert selection.out["other language (de)"] > 0
    assert selection.unfit.keys() == {"no keyword"}
    assert selection.read == selection.population + selection.out.total() == 320


def test_strata_are_even_and_bounds_kept(tmp_path: Path) -> None:
    """Spread over a field, each of its values gives as many as any other; at most so many of one value."""
    source = archive(tmp_path / "in")
    chosen(source, tmp_path / "even", number=30, test=0, by=("source",))
    assert Counter(row["source"] for row in rows(tmp_path / "even")) == dict.fromkeys(PAPERS, 10)
    chosen(source, tmp_path / "like", number=30, test=0, by=("source",), spread="proportional")
    counts = Counter(row["source"] for row in rows(tmp_path / "like"))
    assert counts["Le Monde"] > counts["La Croix"] > 0
    chosen(source, tmp_path / "most", number=30, test=0, at_most=(("source", 4),))
    assert Counter(row["source"] for row in rows(tmp_path / "most")) == dict.fromkeys(PAPERS, 4)


@given(
    sizes=st.dictionaries(st.integers(0, 9), st.integers(1, 50), max_size=8),
    number=st.integers(0, 100),
    even=st.booleans(),
)
def test_allocation_gives_what_there_is(sizes: dict[int, int], number: int, even: bool) -> None:
    """All that is asked for is given, as far as there is, to no stratum more than it has; even strata differ
    by one at most unless one is exhausted."""
    shares = allocated(sizes, number, even=even)
    assert sum(shares.values()) == min(number, sum(sizes.values()))
    assert all(0 <= shares[cell] <= size for cell, size in sizes.items())
    if even:
        open_ = [shares[cell] for cell, size in sizes.items() if shares[cell] < size]
        assert not open_ or max(shares.values()) - min(open_) <= 1


def test_what_a_model_is_unsure_of_comes_first(tmp_path: Path) -> None:
    """In an archive that a model annotated the articles that it is least sure of are chosen; a field with
    numbers orders as well."""
    articles = []
    for n in range(40):
        document = Document(f"a{n}", text(n), {"score": n, "source": "x"})
        span = Span("s1", "thing", "WORD", 0, 4, score=n / 40)
        articles.append(Article(document, (Annotation(document.id, "m", "mini@0.1", spans=(span,)),)))
    write_jsonl(tmp_path / "in.jsonl", articles)
    options: dict[str, Any] = {"number": 5, "test": 0, "diversity": 0.0}
    chosen(tmp_path / "in.jsonl", tmp_path / "out", order="uncertainty", **options)
    assert [row["id"] for row in rows(tmp_path / "out")] == [f"a{n}" for n in range(5)]
    chosen(tmp_path / "in.jsonl", tmp_path / "out", order="score", **options)
    assert [row["id"] for row in rows(tmp_path / "out")] == [f"a{n}" for n in range(39, 34, -1)]
    with pytest.raises(GoldwireError) as caught:
        chosen(tmp_path / "in.jsonl", tmp_path / "out", order="nothing", **options)
    assert caught.value.faults[0].code == "GW955"
    assert len(rows(tmp_path / "out")) == 5


def test_the_test_pool_is_a_fair_share(tmp_path: Path) -> None:
    """Over many seeds each kind of article is in the test pool as often as in the archive, whatever is
    chosen beside it."""
    source = archive(tmp_path / "in", shards=1)
    german = total = 0
    for seed in range(30):
        options: dict[str, Any] = {"number": 10, "test": 30, "by": ("source",), "diversity": 0.0}
        chosen(source, tmp_path / "out", **options, seed=seed)
        test = rows(tmp_path / "out", "test")
        german += sum(row["language"] == "de" for row in test)
        total += len(test)
    assert total == 900
    assert abs(german / total - 43 / 300) < 0.035  # three standard errors


def test_a_choice_that_can_not_be_met_says_why(tmp_path: Path) -> None:
    """Where nothing is in question the reasons are named, and nothing is written; a folder of somebody
    else's is refused."""
    source = archive(tmp_path / "in")
    wrong: list[dict[str, Any]] = [{"since": "31.5.2024"}, {"until": "2024-13"}, {"least": 9, "most": 3}]
    wrong += [{"keywords": ("a", " ")}, {"by": ("year", "sorce")}, {"at_most": (("section", 2),)}]
    for options in ({"languages": ("it",)}, *wrong):
        with pytest.raises(GoldwireError) as caught:
            chosen(source, tmp_path / "out", **options)
        assert caught.value.faults[0].code == "GW955"
    assert not (tmp_path / "out").exists()
    with pytest.raises(GoldwireError) as caught:
        chosen(source, source)
    assert caught.value.faults[0].code == "GW957"


@pytest.mark.parametrize(
    "options",
    [
        {"diversity": 7},
        {"near": 0},
        {"spread": "odd"},
        {"number": -1},
        {"at_most": {"source": "x"}},
        {"at_most": {"source": True}},
    ],
)
def test_a_file_that_repeats_what_can_not_be_meant_is_refused(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    """Whatever is written into a selection's file by hand: one plain error."""
    source = archive(tmp_path / "in", 30, 1)
    chosen(source, tmp_path / "out", number=2, test=1)
    recipe = json.loads((tmp_path / "out/selection.json").read_text(encoding="utf-8"))
    recipe["choice"] |= options
    (tmp_path / "odd.json").write_text(json.dumps(recipe), encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW955"):
        select([str(source)], tmp_path / "again", Choice(), workers=1, repeat=tmp_path / "odd.json")


def told(folder: Path, values: list[Any], field: str) -> Path:
    """An archive whose articles `d0`, `d1`, … state these values in a field; None states nothing."""
    lines = [
        {"id": f"d{n}", "text": text(n)} | ({field: v} if v is not None else {}) for n, v in enumerate(values)
    ]
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return folder


def test_dates_are_compared_as_dates(tmp_path: Path) -> None:
    """In whatever form they are stated; one that can't be read, or is not as exact as the one asked for, is
    counted and not in question. They make years and months too."""
    inside: list[Any] = ["2024-05-01", "2024-05-01T23:30:00-05:00", "20240501", "2024/5/1", "1.5.2024"]
    inside += ["Mon, 06 May 2024 10:00:00 GMT", "6 May 2024 10:00:00 +0200", 20240501, "2024-05"]
    before = ["2023-12-31", "31.12.1999", "Fri, 31 Dec 1999 10:00:00 GMT", "1999"]
    unsure: list[Any] = ["05/04/2024", "May 5, 2024", 1714900000, "unknown", "2024-13-01", "2024-05-01x"]
    source = told(tmp_path / "in", [*inside, *before, *unsure, "2024", "", None], "date")
    options: dict[str, Any] = {"test": 0, "since": "2024-05", "until": "2025"}
    selection = chosen(source, tmp_path / "out", **options, by=("year", "month"))
    assert {row["id"] for row in rows(tmp_path / "out")} == {f"d{n}" for n in range(len(inside))}
    reasons = ["a date that can't be read for sure (2024-05-31 can)", "other dates"]
    reasons += ["a date that is not as exact as those asked for", "no date stated"]
    assert dict(selection.out) == dict(zip(reasons, [6, 4, 1, 2], strict=True))
    assert [values for values, *_ in selection.chosen.strata] == [("2024", "2024-05")]


def test_a_year_that_is_stated_stands_where_no_date_is(tmp_path: Path) -> None:
    """A column of years is spread by as days are."""
    source = told(tmp_path / "in", [1999, 2001, 2001], "year")
    selection = chosen(source, tmp_path / "out", number=2, test=0, by=("year",))
    assert selection.chosen.strata == [(("1999",), 1, 1, 1), (("2001",), 2, 1, 1)]


def test_metadata_are_known_by_the_names_of_columns(tmp_path: Path) -> None:
    """Where they stand in `meta`, as in other people's JSON Lines and goldwire's own, as beside the text."""
    meta = {"date": "2024-05-01", "lang": "fr", "publisher": "Le Monde"}
    rows_ = [{"id": "in", "text": text(1), "meta": meta}, {"id": "beside", "text": text(2)} | meta]
    for number, row in enumerate(rows_):
        (tmp_path / f"{number}.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    options: dict[str, Any] = {"test": 0, "languages": ("fr",), "since": "2024", "by": ("source", "month")}
    selection = chosen(tmp_path, tmp_path / "out", **options)
    assert selection.chosen.strata == [(("Le Monde", "2024-05"), 2, 2, 2)]


def test_a_language_may_be_stated_in_several_forms(tmp_path: Path) -> None:
    """With a region behind a hyphen or an underscore, in capitals, or as one of a list; others are named."""
    values = ["fr", "fr-CA", "fr_FR", "FR", ["en", "fr"], "fre", "French, as spoken", None]
    source = told(tmp_path / "in", values, "lang")
    selection = chosen(source, tmp_path / "out", test=0, languages=("fr",))
    assert {row["id"] for row in rows(tmp_path / "out")} == {f"d{n}" for n in range(5)}
    assert dict(selection.out) == {"other language (fre)": 1, "other language": 1, "no language stated": 1}


@pytest.mark.parametrize(
    ("keyword", "held"),
    [
        ("aujourd'hui", ["aujourd’hui", "Aujourd'hui"]),
        ("Élyse\u0301e", ["Élysée", "e\u0301lysée", "l’ÉLYSÉE"]),
        ("Jean  Dupont", ["Jean Dupont", "jean\nDupont", "Jean\u00a0Dupont"]),
        ("a.b", ["a.b"]),
        ("[C++]", ["[c++]"]),
        ("乌克兰", ["在乌克兰战"]),
        ("Украина", ["«украина»"]),
        ("أوكرانيا", ["أوكرانيا."]),
    ],
)
def test_a_keyword_is_found_however_it_is_typed(keyword: str, held: list[str], tmp_path: Path) -> None:
    """Whatever its case, apostrophes, white space and way of writing accents, and whatever signs are in it;
    the strata are named as it was asked for."""
    lines = [{"id": f"d{n}", "text": f"{text(n)} {word} mot"} for n, word in enumerate([*held, "axb", "c"])]
    (tmp_path / "a.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    options: dict[str, Any] = {"keywords": ("nulle part", keyword), "by": ("keyword",)}
    selection = chosen(tmp_path / "a.jsonl", tmp_path / "out", test=0, **options)
    assert {row["id"] for row in rows(tmp_path / "out")} == {f"d{n}" for n in range(len(held))}
    assert [values for values, *_ in selection.chosen.strata] == [(keyword,)]


def copies(folder: Path, number: int, others: int) -> Path:
    """So many near copies of one article, which are read most, and so many others."""
    base = text(0).split()
    lines = [
        {
            "id": f"copy{n}",
            "text": " ".join([*base[: n % 50], f"autre{n}", *base[n % 50 + 1 :]]),
            "read": 9000 + n,
        }
        for n in range(number)
    ]
    lines += [{"id": f"other{n}", "text": text(n + 1), "read": n} for n in range(others)]
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_copies_leave_no_place_empty(tmp_path: Path) -> None:
    """Where most of those that come first are near copies, as many as were asked for are chosen from behind
    them, in both pools, and also from strata that were to give none."""
    source = copies(tmp_path / "in", 600, 60)
    by_order = chosen(source, tmp_path / "order", number=30, test=0, order="read", diversity=0.0)
    assert [row["read"] for row in rows(tmp_path / "order")] == [9599, *range(59, 30, -1)]
    assert by_order.is_exhausted
    both = chosen(source, tmp_path / "both", number=25, test=25)
    assert (len(rows(tmp_path / "both")), len(rows(tmp_path / "both", "test"))) == (25, 25)
    assert both.chosen.left["a near copy"] > 400
    strata = chosen(source, tmp_path / "strata", number=12, test=0, by=("read",), order="read")
    assert len(strata.chosen.taken) == 12


def test_a_large_test_pool_leaves_articles_to_label(tmp_path: Path) -> None:
    """However few are to be labelled beside it; where both can't be had, both shortfalls are told."""
    source = archive(tmp_path / "in")
    chosen(source, tmp_path / "few", number=3, test=60)
    assert (len(rows(tmp_path / "few")), len(rows(tmp_path / "few", "test"))) == (3, 60)
    done = called(
        "seeds", "select", source, tmp_path / "all", "--number", "10", "--test", "400", "--workers", "1"
    )
    assert "note: 10 were asked for to label, 0 are taken: the archive has no more that fit" in done.stderr
    assert "note: 400 were asked for to test, 300 are taken" in done.stderr
    assert (
        "10 fewer to label than were asked for, 100 fewer to test"
        in (tmp_path / "all/index.html").read_text()
    )


def test_a_choice_is_repeated_where_it_was_taken(tmp_path: Path) -> None:
    """The project that took what was chosen gets the same by the file, since what it has got since plays no
    part; where an article that it had is gone, the choice can't be repeated, and is refused."""
    source = archive(tmp_path / "in")
    known = [article(n).document for n in range(30, 40)]
    first = chosen(source, tmp_path / "one", known, number=20, test=5)
    again: dict[str, Any] = {"workers": 1, "repeat": tmp_path / "one/selection.json"}
    more = [each.document for each in first.chosen.taken]
    select([str(source)], tmp_path / "two", Choice(), known=[*known, *more], **again)
    assert held(tmp_path / "one") == held(tmp_path / "two")
    for others in (known[1:], [Document("a30", "Autre."), *known[1:]], []):
        with pytest.raises(GoldwireError, match=r"GW956.*`a30`"):
            select([str(source)], tmp_path / "three", Choice(), known=others, **again)


def test_what_was_chosen_is_no_part_of_the_archive(tmp_path: Path) -> None:
    """A selection that lies in the archive's folder changes nothing for the next one."""
    source = archive(tmp_path / "in", 30, 1)
    first = chosen(source, source / "out", number=5, test=2)
    assert chosen(source, source / "out", number=5, test=2).to_dict() == first.to_dict()


def test_what_is_no_number_in_a_table_is_nothing(tmp_path: Path) -> None:
    """Pandas leaves NaN where a number is missing, which no JSON holds: the article is chosen without it."""
    nan = float("nan")
    table = {"id": [1.0, 2.0], "text": [text(1), text(2)], "clicks": [nan, 3.5], "of": [[nan, 1.0], None]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    outcome = chosen(tmp_path / "a.parquet", tmp_path / "out", number=2, test=0, by=("clicks",))
    both = sorted(rows(tmp_path / "out"), key=lambda row: row["id"])
    assert [(row["id"], row.get("clicks"), row.get("of")) for row in both] == [
        ("1", None, [None, 1.0]),
        ("2", 3.5, None),
    ]
    assert [values for values, *_ in outcome.chosen.strata] == [("",), ("3.5",)]


def test_a_number_beyond_all_others_is_none(tmp_path: Path) -> None:
    """A field that is ordered by may hold a number that no float can be: it counts as none."""
    lines = [{"id": f"d{n}", "text": text(n), "clicks": 10**400 if n == 3 else n} for n in range(6)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    outcome = chosen(tmp_path / "a.jsonl", tmp_path / "out", number=3, test=0, order="clicks", diversity=0.0)
    assert [row["id"] for row in rows(tmp_path / "out")] == ["d5", "d4", "d2"]
    assert outcome.unfit["no number as clicks"] == 1


def test_the_page_says_what_and_why_and_escapes_all(tmp_path: Path) -> None:
    """Titles, sources and texts stand in the page as text, whatever is in them."""
    evil = "<script>alert(1)</script>"
    articles = [
        Article(
            Document(f"a{n}{evil}", f"{evil} {text(n)}", {"title": evil, "source": evil, "published": evil})
        )
        for n in range(5)
    ]
    write_jsonl(tmp_path / "in.jsonl", articles)
    chosen(tmp_path / "in.jsonl", tmp_path / "out", number=3, test=1, by=("source",))
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") > 10
    assert "Content-Security-Policy" in page


def test_a_project_takes_what_was_chosen(tmp_path: Path) -> None:
    """What `goldwire seeds select` writes, `goldwire seeds add` takes; chosen again in the project, none of
    it is chosen twice; with `--repeat` no other option is heeded in silence."""
    source = archive(tmp_path / "in")
    home = tmp_path / "home"
    (home / "seeds").mkdir(parents=True)
    config = '[project]\nname = "tests"\nlanguage = "fr"\nschema = "none.yaml"\n'
    (home / "goldwire.toml").write_text(config, encoding="utf-8")
    first = ("seeds", "select", source, "../chosen", "--number", "20", "--test", "5", "--workers", "1")
    done = called(*first, "--by", "year", "--at-most", "source=12", "--json", "../figures.json", cwd=home)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "20 to label, 5 to test" in done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert [figures[key] for key in ("read", "chosen", "test")] == [320, 20, 5]
    added = called("seeds", "add", "../chosen/articles.jsonl", "../chosen/test.jsonl", cwd=home)
    assert added.returncode == 0, added.stderr
    seeds = load_seeds(load_project(home))
    assert Counter(each.meta["selection_pool"] for each in seeds) == {"label": 20, "test": 5}
    done = called("seeds", "select", source, "../again", "--number", "500", "--workers", "1", cwd=home)
    assert done.returncode == 0, done.stderr
    again = {row["id"] for row in [*rows(tmp_path / "again"), *rows(tmp_path / "again", "test")]}
    assert not again & {each.id for each in seeds}
    recipe = ("seeds", "select", source, "../third", "--repeat", "../chosen/selection.json")
    assert called(*recipe, "--number", "3", cwd=home).returncode == 2


@needs_shared("data/wikinews-fr/articles.jsonl")
def test_wikinews_is_an_archive(tmp_path: Path) -> None:
    """Real articles, with columns of their own, are chosen from as they are."""
    source = Path(__file__).parents[2] / "../shared/data/wikinews-fr/articles.jsonl"
    chosen(source, tmp_path / "out", number=10, test=5)
    assert len({row["id"] for row in [*rows(tmp_path / "out"), *rows(tmp_path / "out", "test")]}) == 15
