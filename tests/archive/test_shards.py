"""Shards are found wherever they lie, and read a batch at a time."""

from __future__ import annotations

import gzip
import json
from ftplib import error_perm
from pathlib import Path
from tarfile import TarError
from zipfile import BadZipFile

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.exceptions import FSTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from goldwire.archive.output import output_at
from goldwire.archive.reading import BYTES, LONGEST, row_batches
from goldwire.archive.rows import RefusedRow, article_batches, articles_of_rows
from goldwire.archive.shards import Shard, find_shards
from goldwire.errors import GoldwireError
from goldwire.model import Article
from tests.archive.made import archive


def read(shard: Shard) -> list[str]:
    """The ids of a shard's articles; what is refused as `!`."""
    return [
        "!" if isinstance(each, RefusedRow) else each.article.document.id
        for batch in article_batches(shard, {}, per_part=1000)
        for each in articles_of_rows(batch)
    ]


def code(*addresses: object) -> str:
    """The code of the error that reading the archive ends in."""
    with pytest.raises(GoldwireError) as caught:
        for shard in find_shards([str(address) for address in addresses]):
            read(shard)
    return caught.value.faults[0].code


def test_folders_files_and_globs_hold_the_same_shards(tmp_path: Path) -> None:
    """A folder, a pattern and the files one by one are the same archive, in the order of names; what begins
    with `_` or `.` or is of another kind is no data."""
    folder = archive(tmp_path / "all")
    for name in ("_manifest.jsonl", ".hidden.jsonl", "README.md"):
        (folder / name).write_text("x", encoding="utf-8")
    files = sorted(str(folder / name) for name in ("a.jsonl", "b.jsonl.gz", "c.parquet"))
    by_file = [shard.address for shard in find_shards(files)]
    assert by_file == files
    assert [shard.address for shard in find_shards([str(folder)])] == files
    assert [shard.address for shard in find_shards([f"{folder}/*"])] == files
    assert [shard.name for shard in find_shards([str(tmp_path)])] == [
        "all/a.jsonl",
        "all/b.jsonl.gz",
        "all/c.parquet",
    ]
    assert len(find_shards([str(folder), *files])) == 3


def test_a_shard_is_named_alike_wherever_its_folder_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From inside its folder, by name or by a pattern, it bears the name that it has from outside."""
    archive(tmp_path / "all")
    monkeypatch.chdir(tmp_path / "all")
    for addresses in (["a.jsonl", "b.jsonl.gz", "c.parquet"], ["*"], ["."], ["[a-c].*"]):
        assert [shard.name for shard in find_shards(addresses)] == ["a.jsonl", "b.jsonl.gz", "c.parquet"]


def test_every_form_holds_articles(tmp_path: Path) -> None:
    """JSON Lines, packed or not, and parquet are read; columns of other names are known, ids are texts."""
    a, b, c = find_shards([str(archive(tmp_path / "all"))])
    assert read(a) == [f"d{n}" for n in range(23)]
    assert read(b) == [str(n) for n in range(11)]
    assert read(c) == [f"d{n}" for n in range(100, 107)]
    (batch,) = article_batches(b, {}, per_part=1000)
    (_, _, article) = next(each for each in articles_of_rows(batch) if not isinstance(each, RefusedRow))
    assert (article.document.text, article.document.meta["title"]) == ("Texte numéro 0.", "T")


def test_shards_elsewhere_are_read_by_fsspec(tmp_path: Path) -> None:
    """An address of any file system that fsspec knows is one more way to the same shards."""
    data = (archive(tmp_path / "all") / "a.jsonl").read_bytes()
    files = fsspec.filesystem("memory")
    files.pipe("/news/2024/a.jsonl", data)
    try:
        for address in ("memory://news", "memory://news/2024/*.jsonl", "memory://news/2024/a.jsonl"):
            (shard,) = find_shards([address])
            assert (read(shard), shard.size) == ([f"d{n}" for n in range(23)], len(data))
    finally:
        files.rm("/news", recursive=True)
    (local,) = find_shards([f"file://{tmp_path}/all/a.jsonl"])
    assert len(read(local)) == 23


@given(per_part=st.integers(1, 30), rows=st.integers(1, 30))
def test_batches_hold_every_row_once_and_keep_to_their_part(per_part: int, rows: int) -> None:
    """However a shard is cut, its rows are those of the file in their order, no batch crosses a part's end,
    and the last batch says that it is."""
    files = fsspec.filesystem("memory")
    lines = b"".join(b'{"id": "%d", "text": "t"}\n\n' % n for n in range(23))
    files.pipe("/cut/a.jsonl", lines)
    (shard,) = find_shards(["memory://cut/a.jsonl"])
    cut = list(row_batches(shard, per_part=per_part, rows=rows))
    numbers = [number for batch in cut for number, _ in batch.lines]
    assert numbers == list(range(1, 46, 2))
    place = 0
    for batch in cut:
        assert {(place + index) // per_part for index in range(len(batch.lines))} == {batch.part}
        place += len(batch.lines)
    assert [batch.is_last for batch in cut] == [False] * (len(cut) - 1) + [True]


def test_lists_of_views_are_the_texts_that_they_hold(tmp_path: Path) -> None:
    """Views in lists, as newer writers have them, can't be cast from dictionaries; nothing is lost."""
    tags = pa.array([["war", "peace"], ["war"]], pa.list_(pa.string_view()))
    table = pa.table({"id": ["a", "b"], "text": ["One.", "Two."], "tags": tags})
    pq.write_table(table, tmp_path / "a.parquet")
    (shard,) = find_shards([str(tmp_path / "a.parquet")])
    placed = [each for batch in article_batches(shard, {}, per_part=1000) for each in articles_of_rows(batch)]
    held = [each.article.document.meta["tags"] for each in placed if not isinstance(each, RefusedRow)]
    assert held == [["war", "peace"], ["war"]]


@pytest.mark.parametrize("is_repeated", [True, False])
def test_a_batch_of_parquet_holds_few_bytes(is_repeated: bool, tmp_path: Path) -> None:
    """However long articles are, and however small a dictionary makes them: they come in their order, a
    batch at a time; one alone that is longer than any may be is put aside."""
    lengths = [2, 3 << 20, 3 << 20, 5 << 20, 10, LONGEST + 1, 7]
    texts = ["ab" * (size // 2) if is_repeated else "a" + "é" * (size // 2) for size in lengths]
    table = pa.table({"id": [f"d{n}" for n in range(len(texts))], "text": texts})
    pq.write_table(table, tmp_path / "a.parquet", compression="none", use_dictionary=is_repeated)
    (shard,) = find_shards([str(tmp_path / "a.parquet")])
    read_batches = list(row_batches(shard, per_part=1000))
    for batch in read_batches:
        assert batch.table is None or len(batch.table) == 1 or batch.table.nbytes < BYTES + 1000
    assert sum(len(batch.lines) for batch in read_batches) == 1
    assert read(shard) == ["d0", "d1", "d2", "d3", "d4", "!", "d6"]


def test_what_is_damaged_or_not_there_is_one_plain_error(tmp_path: Path) -> None:
    """A missing address, a file that is no shard, one that is cut off, a broken gzip, no parquet: each has
    its code."""
    whole = (archive(tmp_path / "all") / "a.jsonl").read_bytes()
    packed = gzip.compress(whole)
    table = (tmp_path / "all/c.parquet").read_bytes()
    bad = {
        "cut.jsonl": whole[:-9],
        "cut.jsonl.gz": packed[:-40],
        "none.jsonl.gz": whole,
        "flipped.jsonl.gz": packed[:100] + bytes(40) + packed[140:],
        "cut.parquet": table[:-50],
        "none.parquet": whole,
    }
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
        assert code(tmp_path / name) == "GW950", name
    assert code(tmp_path / "nowhere") == "GW940"
    assert code(tmp_path / "nowhere*") == "GW940"
    (tmp_path / "empty").mkdir()
    assert code(tmp_path / "empty") == "GW940"
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    assert code(tmp_path / "notes.txt") == "GW942"
    assert code("nosuch://bucket/x") == "GW941"


@pytest.mark.parametrize(
    "address",
    [
        "nosuch://bucket/x.jsonl", "simplecache::nosuch://x.jsonl", "github://x/y.jsonl", "reference://x",
        "jlab://x/y", "generic://x", "dir://x", "hf://a", "hf://datasets/x", "zip://a.jsonl::broken.zip",
        "tar://a.jsonl::broken.zip", "zip://a.jsonl::none.zip", "ftp://127.0.0.1:1/x.jsonl",
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_one_plain_error(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its file system raises: to read it, and to write there."""
    (tmp_path / "broken.zip").write_text("no archive", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert code(address) in ("GW940", "GW941", "GW943")
    with pytest.raises(GoldwireError) as refused:
        output_at(address).sizes()
    assert refused.value.faults[0].code in ("GW904", "GW941", "GW943")
    assert "\n" not in str(refused.value)


class Failing(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """A file system that raises what it is told to, wherever it is asked."""

    protocol = "failing"
    raised: Exception = OSError()

    def _fail(self, *_: object, **__: object) -> None:
        raise self.raised

    info = ls = isfile = isdir = find = glob = _open = cat_file = pipe_file = put_file = _fail


@pytest.mark.parametrize(
    "raised",
    [
        PermissionError("no rights"), FileNotFoundError("no such bucket"), TimeoutError("timed out"),
        FSTimeoutError("timed out"), NotImplementedError(), ValueError("no\nbucket"), KeyError("bucket"),
        error_perm("530 login"), BadZipFile("no zip"), TarError("no tar"), ImportError("no library"),
    ],
    ids=repr,
)  # fmt: skip
def test_what_a_file_system_raises_is_one_plain_error(raised: Exception) -> None:
    """No rights, no bucket, no answer in time, nothing that it can do: for reading and for writing."""
    fsspec.register_implementation("failing", Failing, clobber=True)
    Failing.raised = raised
    assert code("failing://bucket/a.jsonl") == "GW943"
    folder = output_at("failing://bucket/out")

    def write() -> None:
        with folder.writing("a.jsonl") as stream:
            stream.write(b"x")

    def enter() -> None:
        with folder.alone():
            pass

    for asked in (lambda: folder.read("x"), write, lambda: folder.append("x", b"y"), enter, folder.sizes):
        if asked is enter and isinstance(raised, FileNotFoundError):
            continue  # no lock is there yet
        with pytest.raises(GoldwireError) as refused:
            asked()
        assert refused.value.faults[0].code == "GW904" and "\n" not in str(refused.value)


def test_rows_that_are_no_article_are_told_apart(tmp_path: Path) -> None:
    """What is no JSON, no object, without text or id, or markup is refused at its place; the rest is read."""
    rows = ['{"id": "a", "text": "Un.", "x": 1}', "{nothing", "[1]", '{"id": "b"}', '{"text": "Deux."}']
    rows += ['{"id": "c", "text": "<!doctype html><p>x</p>"}', '{"id": "d", "text": "Trois."}']
    (tmp_path / "a.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (shard,) = find_shards([str(tmp_path / "a.jsonl")])
    assert read(shard) == ["a", "!", "!", "!", "!", "!", "d"]
    (batch,) = article_batches(shard, {}, per_part=10)
    refused = [each for each in articles_of_rows(batch) if isinstance(each, RefusedRow)]
    assert [each.faults[0].code for each in refused] == ["GW951"] * 4 + ["GW287"]
    assert refused[0].where == f"{tmp_path}/a.jsonl:2"
    assert refused[0].row == "{nothing"


@given(st.text(max_size=12), st.data())
def test_a_line_at_the_end_is_one_when_it_is_whole(text: str, data: st.DataObject) -> None:
    """Without a line end too; where it is cut off anywhere, the shard is, whatever is in it."""
    line = json.dumps({"id": "z", "text": f"T{text}", "more": [{"a": None}]}, ensure_ascii=False).encode()
    first = b'{"id": "a", "text": "Un."}\n'
    files = fsspec.filesystem("memory")
    files.pipe("/end/a.jsonl", first + line)
    [shard] = find_shards(["memory://end/a.jsonl"])
    [batch] = row_batches(shard, per_part=9)
    assert batch.lines[-1] == (2, line)
    files.pipe("/end/a.jsonl", first + line[: data.draw(st.integers(1, len(line) - 1))])
    with pytest.raises(GoldwireError, match=r"GW950 .*cut off in the middle of line 2"):
        list(row_batches(find_shards(["memory://end/a.jsonl"])[0], per_part=9))


@pytest.mark.parametrize(
    "last", ['{"id": NaN, "text": "x"}', "{nothing}", "nothing", '{"a": "\\ud800"}', "[1]", "12"]
)
def test_a_whole_line_at_the_end_that_is_no_article_is_one_row(last: str, tmp_path: Path) -> None:
    """It ends no run: it lies in the quarantine, as it does where a line end comes after it."""
    read_with = []
    for end in ("", "\n"):
        (tmp_path / "a.jsonl").write_text(f'{{"id": "a", "text": "Un."}}\n{last}{end}', encoding="utf-8")
        [shard] = find_shards([str(tmp_path / "a.jsonl")])
        read_with.append(read(shard))
    assert read_with == [["a", "!"]] * 2


def test_columns_are_those_of_the_first_rows_that_there_are(tmp_path: Path) -> None:
    """A shard whose first lines are none, be they a batch of them, loses no other; nor does a byte order mark
    cost the first."""
    lines = ["{nothing"] * 3 + ['{"nr": "x", "body": "Un."}', '{"nr": "y", "body": "Deux."}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"id": "z", "text": "Trois."}\n', encoding="utf-8-sig")
    first, second = find_shards([str(tmp_path)])
    read_in_threes = [
        "!" if isinstance(each, RefusedRow) else each.article.document.text
        for batch in article_batches(first, {}, per_part=10, rows=3)
        for each in articles_of_rows(batch)
    ]
    assert read_in_threes == ["!", "!", "!", "Un.", "Deux."]
    assert read(second) == ["z"]


def test_what_is_passed_over_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Files of other kinds in a folder or behind a pattern, by number and name, and a run that is not at its
    end; not what begins with `_` or `.`."""
    folder = archive(tmp_path / "all")
    for name in ("old.jsonl.zst", "more.csv", "x.txt", "y.txt", "_notes.txt", ".DS_Store"):
        (folder / name).write_text("x", encoding="utf-8")
    (folder / "_manifest.json").write_text('{"complete": true}', encoding="utf-8")
    find_shards([str(folder)])
    assert caplog.messages == [
        f"{folder}: passed over, of other kinds: 4 files (more.csv, old.jsonl.zst, x.txt, …)"
    ]
    caplog.clear()
    (folder / "_manifest.json").write_text('{"complete": false}', encoding="utf-8")
    find_shards([f"{folder}/*s*"], out=tmp_path)
    assert not caplog.messages
    find_shards([f"{folder}/*s*"])
    assert caplog.messages == [
        f"{folder}/_manifest.json: the run that it is of has not come to its end",
        f"{folder}/*s*: passed over, of other kinds: 2 files (more.csv, old.jsonl.zst)",
    ]


def read_whole(shard: Shard) -> list[Article | str]:
    """A shard's articles; of what is refused its first fault's code."""
    return [
        each.faults[0].code if isinstance(each, RefusedRow) else each.article
        for batch in article_batches(shard, {})
        for each in articles_of_rows(batch)
    ]


@pytest.mark.parametrize("own", [True, False])
def test_a_column_that_only_later_rows_have_is_known_too(own: bool, tmp_path: Path) -> None:
    """Whatever the first rows lack, be they like goldwire's own: no later row is refused for more, and its
    date and language are known."""
    rows = [{"id": f"d{n}", "text": f"Texte {n}."} for n in range(200)]
    more = {"datum": "2024-05-01", "lang": "fr", "section": "Monde"}
    for row in rows[150:] if own else (*rows[:1], *rows[150:]):
        row |= more if row is not rows[0] else {"section": "A"}
    (tmp_path / "a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    articles = read_whole(find_shards([str(tmp_path / "a.jsonl")])[0])
    assert len(articles) == 200
    for article in articles[150:]:
        assert isinstance(article, Article)
        meta = {name: value for name, value in article.document.meta.items() if name != "sha256"}
        assert meta == {"published": "2024-05-01", "language": "fr", "section": "Monde"}


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_number_is_an_id(form: str, tmp_path: Path) -> None:
    """Whole numbers, as databases count and pandas writes them, also where a shard has texts and ids alone;
    nothing that is no name."""
    for name, ids in (("whole", [7, 8]), ("float", [7.0, 8.0]), ("half", [0.5])):
        path = tmp_path / f"{name}.{form}"
        texts = [f"Texte {number}." for number in range(len(ids))]
        if form == "parquet":
            pq.write_table(pa.table({"id": ids, "text": texts}), path)
        else:
            rows = (json.dumps({"id": id_, "text": text}) for id_, text in zip(ids, texts, strict=True))
            path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        articles = read_whole(find_shards([str(path)])[0])
        named = [each if isinstance(each, str) else each.document.id for each in articles]
        assert named == (["7", "8"] if len(ids) == 2 else ["GW951"])


def test_a_text_is_normalised_unless_annotations_have_places_in_it(tmp_path: Path) -> None:
    """However the row looks: as goldwire writes it, or with columns of its own."""
    rows = ['{"id": "a", "text": "E\\u0301te\\r\\n"}', '{"nr": "b", "texte": "E\\u0301te\\r\\n"}']
    span = '{"id": "s1", "layer": "l", "label": "L", "start": 0, "end": 2}'
    annotation = f'{{"annotator": "x", "schema": "s@1", "spans": [{span}]}}'
    rows += [f'{{"id": "c", "text": "E\\u0301te\\r\\n", "annotations": [{annotation}]}}']
    texts = []
    for number, row in enumerate(rows):
        (tmp_path / f"{number}.jsonl").write_text(f"{row}\n", encoding="utf-8")
        [article] = read_whole(find_shards([str(tmp_path / f"{number}.jsonl")])[0])
        texts.append(article if isinstance(article, str) else article.document.text)
    assert texts == ["Éte\n", "Éte\n", "E\u0301te\r\n"]


def test_what_seeds_add_would_refuse_is_no_article_of_goldwires_own_either(tmp_path: Path) -> None:
    """A text that is blank, no text or markup, an id that is none, a half surrogate pair; among goldwire's
    own a row with annotations is never taken without them."""
    rows = ['{"id": "a", "text": "Un."}'] * 150
    rows += ['{"id": "b", "text": " \\n"}', '{"id": "c", "text": "x\\u0000y"}']
    rows += ['{"id": "d", "text": "<!doctype html><p>x</p>"}', '{"id": "e", "text": "x\\ud800y"}']
    rows += [
        '{"id": null, "text": "Un."}',
        '{"id": "f\\u0007", "text": "Un.", "n": 1}',
        '{"id": "g", "text": 5}',
    ]
    rows += ['{"id": " ", "text": "Un.", "n": 1}']
    (tmp_path / "a.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    articles = read_whole(find_shards([str(tmp_path / "a.jsonl")])[0])
    assert articles[150:] == ["GW951", "GW951", "GW287", *["GW951"] * 5]
    line = '{"id": "h", "text": "Un.", "n": 1, "annotations": [{}]}\n'
    (tmp_path / "b.jsonl").write_text('{"id": "a", "text": "Un."}\n' * 150 + line, encoding="utf-8")
    assert read_whole(find_shards([str(tmp_path / "b.jsonl")])[0])[-1] == "GW207"


def test_a_column_that_was_named_takes_nothing_from_another(tmp_path: Path) -> None:
    """Where a field is taken from a column, one that bears the field's name itself is kept under another."""
    row = '{"headline": "Fire", "title": "Dr", "text": "A fire.", "meta": {"sha256": "x", "title_given": 1}}'
    (tmp_path / "a.jsonl").write_text(row + "\n", encoding="utf-8")
    (shard,) = find_shards([str(tmp_path / "a.jsonl")])
    (batch,) = article_batches(shard, {"title": "headline"}, per_part=10)
    ((_, _, article),) = (each for each in articles_of_rows(batch) if not isinstance(each, RefusedRow))
    kept = {key: value for key, value in article.document.meta.items() if key != "sha256"}
    assert kept == {"title": "Fire", "title_given_given": "Dr", "title_given": 1, "sha256_given": "x"}


def test_articles_without_ids_are_named_by_shard_and_row(tmp_path: Path) -> None:
    """Where an archive has no column of ids, each article gets one that is the same in every run."""
    lines = '{"text": "Un."}\n{"text": "Deux."}\n'
    (tmp_path / "day.jsonl").write_text(lines, encoding="utf-8")
    (shard,) = find_shards([str(tmp_path / "day.jsonl")])
    assert read(shard) == ["day-000001", "day-000002"]
