"""A run over an archive: whole shards, the same however often it was killed and on however many workers."""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import fsspec
import pytest

from goldwire.archive.engine import LocalEngine
from goldwire.archive.output import output_at
from goldwire.archive.run import Outcome, run_over
from goldwire.archive.shards import find_shards
from goldwire.errors import GoldwireError
from goldwire.formats.dataset.parquet import read_parquet
from goldwire.formats.jsonl import read_jsonl, write_jsonl
from goldwire.formats.options import ConversionOptions
from tests.archive.killed import kill_a_run
from tests.archive.made import Marking, archive, articles, held

SETTINGS = {"command": "test", "model": {"name": "first-word"}}


def run(
    source: Path | str, out: Path | str, *, workers: int = 1, work: Marking | None = None, **options: Any
) -> Outcome:
    """Mark the articles of an archive, in parts of five rows."""
    options = {"settings": SETTINGS, "per_shard": 5, **options}
    return run_over([str(source)], out, work or Marking(), engine=LocalEngine(workers), **options)


def refusal(*arguments: Any, **options: Any) -> str:
    """The error that a run ends in, as it is printed."""
    with pytest.raises(GoldwireError) as caught:
        run(*arguments, **options)
    return str(caught.value)


def test_shards_hold_every_article_in_its_order(tmp_path: Path) -> None:
    """Each article of the archive is written once, in the order of the inputs, and the counts are true."""
    outcome = run(archive(tmp_path / "in"), tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").glob("*.jsonl") if path.name[0] != "_")
    assert names == sorted(
        [f"a-0000{n}.jsonl" for n in range(5)]
        + [f"b-0000{n}.jsonl" for n in range(3)]
        + [f"c-0000{n}.jsonl" for n in range(2)]
    )
    ids = [article.document.id for name in names for article in read_jsonl(tmp_path / "out" / name)]
    assert ids == [f"d{n}" for n in range(23)] + list(map(str, range(11))) + [
        f"d{n}" for n in range(100, 107)
    ]
    assert (outcome.counts["documents"], outcome.counts["spans"], outcome.shards) == (41, 41, 10)
    manifest = json.loads((tmp_path / "out/_manifest.json").read_text(encoding="utf-8"))
    assert manifest["complete"]
    assert [each["name"] for each in manifest["inputs"]] == ["a.jsonl", "b.jsonl.gz", "c.parquet"]
    assert len(find_shards([str(tmp_path / "out")])) == 10


def test_workers_change_nothing(tmp_path: Path) -> None:
    """Two worker processes write the same bytes as one, and each makes what it works with once."""
    source = archive(tmp_path / "in")
    run(source, tmp_path / "one")
    work = Marking(workers=str(tmp_path / "workers.txt"), seconds=0.05)
    run(source, tmp_path / "two", workers=2, work=work)
    assert held(tmp_path / "one") == held(tmp_path / "two")
    workers = (tmp_path / "workers.txt").read_text(encoding="utf-8").split()
    assert len(workers) == len(set(workers)) <= 2


@pytest.mark.parametrize("form", ["jsonl.gz", "parquet"])
def test_other_forms_hold_the_same(tmp_path: Path, form: str) -> None:
    """Packed JSON Lines and parquet hold the same articles, and are the same to the byte each time."""
    source = archive(tmp_path / "in")
    run(source, tmp_path / "plain", per_shard=100)
    for name in ("one", "two"):
        run(source, tmp_path / name, per_shard=100, form=form)
    assert held(tmp_path / "one") == held(tmp_path / "two")
    plain = read_jsonl(tmp_path / "plain/a-00000.jsonl")
    if form == "parquet":
        again = list(read_parquet(tmp_path / "one/a-00000.parquet", ConversionOptions()))
        assert [each.document for each in again] == [each.document for each in plain]
        assert [a.spans for each in again for a in each.annotations] == [
            a.spans for each in plain for a in each.annotations
        ]
    else:
        import gzip

        packed = (tmp_path / "one/a-00000.jsonl.gz").read_bytes()
        assert gzip.decompress(packed) == (tmp_path / "plain/a-00000.jsonl").read_bytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path, workers: int) -> None:
    """Killed without warning and called again, a run leaves the same bytes as one that was not; shards that
    were finished are not written again."""
    source, out = archive(tmp_path / "in"), tmp_path / "out"
    (source / "d.jsonl").write_text('{"id": "x", "text": "Un."}\n{bad\n', encoding="utf-8")
    run(source, tmp_path / "unbroken")

    def is_time() -> bool:
        if len(list(out.glob("a-*.jsonl"))) < 2:
            return False
        time.sleep(random.uniform(0, 0.3))
        return True

    kill_a_run(source, out, is_time, workers=workers)
    written = {path: path.stat().st_mtime_ns for path in out.glob("a-0000[01].jsonl")}
    outcome = run(source, out, workers=workers)
    assert held(out) == held(tmp_path / "unbroken")
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert 0 < outcome.written < outcome.shards


def test_one_bad_line_is_counted_and_kept(tmp_path: Path) -> None:
    """A row that is no article is counted, told, and lies in the quarantine with its reason; `strict` stops
    there, and leaves no half shard."""
    lines = [f'{{"id": "{n}", "text": "Un."}}\n' for n in range(12)]
    lines[7] = "{broken\n"
    (tmp_path / "in.jsonl").write_text("".join(lines), encoding="utf-8")
    outcome = run(tmp_path / "in.jsonl", tmp_path / "out")
    assert (outcome.counts["documents"], outcome.counts["refused"]) == (11, 1)
    assert outcome.faults[0].where == f"{tmp_path}/in.jsonl:8"
    (kept,) = (tmp_path / "out/_quarantine").iterdir()
    (line,) = map(json.loads, kept.read_text(encoding="utf-8").splitlines())
    assert (line["row"], line["where"]) == ("{broken", "in.jsonl:8")
    assert "in.jsonl:8" in refusal(tmp_path / "in.jsonl", tmp_path / "strict", strict=True)
    assert [path.name for path in (tmp_path / "strict").glob("in-*")] == ["in-00000.jsonl"]


def test_an_id_that_stands_twice_in_a_shard_is_kept_once(tmp_path: Path) -> None:
    """No shard is written that no reader takes: the second article of one id is put aside whole."""
    write_jsonl(tmp_path / "a.jsonl", articles(0, 2))
    line = (tmp_path / "a.jsonl").read_bytes()
    (tmp_path / "a.jsonl").write_bytes(line + line)
    outcome = run(tmp_path / "a.jsonl", tmp_path / "out")
    assert (outcome.counts["documents"], outcome.counts["refused"]) == (2, 2)
    assert len(read_jsonl(tmp_path / "out/a-00000.jsonl")) == 2
    (kept,) = (tmp_path / "out/_quarantine").iterdir()
    assert [json.loads(each)["where"] for each in kept.read_text(encoding="utf-8").splitlines()] == [
        "a.jsonl:3",
        "a.jsonl:4",
    ]


def test_the_folder_is_the_same_wherever_the_archive_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Called by another path, or moved between two runs: no file of the folder tells of this machine."""
    (tmp_path / "in").mkdir()
    twice = '{"id": "a", "text": "Un."}\n' * 2
    (tmp_path / "in/a.jsonl").write_text(
        f'{twice}{{broken\n{{"id": "b", "text": 1, "x": 1}}\n', encoding="utf-8"
    )
    run(tmp_path / "in", tmp_path / "whole")
    monkeypatch.chdir(tmp_path)
    run(Path("in"), tmp_path / "called")
    assert held(tmp_path / "called") == held(tmp_path / "whole")
    assert not any(str(tmp_path).encode() in content for content in held(tmp_path / "whole").values())
    (tmp_path / "in").rename(tmp_path / "moved")
    assert run(Path("moved"), tmp_path / "called").written == 0


def test_a_file_without_a_single_article_is_refused(tmp_path: Path) -> None:
    """Where no row is an article, the run does not end as if it were done."""
    (tmp_path / "a.jsonl").write_text("no\nnone\n", encoding="utf-8")
    told = refusal(tmp_path / "a.jsonl", tmp_path / "out")
    assert "GW944 none of 2 rows is an article" in told and "not JSON" in told
    assert not json.loads((tmp_path / "out/_manifest.json").read_text(encoding="utf-8"))["complete"]


def test_two_runs_into_one_folder_are_refused(tmp_path: Path) -> None:
    """While one run writes, another into its folder is refused at once."""
    source = archive(tmp_path / "in")
    with output_at(tmp_path / "out").alone():
        assert "GW945" in refusal(source, tmp_path / "out")
    run(source, tmp_path / "out")


def test_what_was_made_with_something_else_is_never_mixed(tmp_path: Path) -> None:
    """Another model, option or input that shards were made of is refused by name; the folder stays."""
    source, out = archive(tmp_path / "in"), tmp_path / "out"
    run(source, out)
    before = held(out)
    other = {**SETTINGS, "model": {"name": "second-word"}}
    assert "GW946" in refusal(source, out, settings=other)
    assert "second-word" in refusal(source, out, settings=other)
    assert "shard_size: 5, now 6" in refusal(source, out, per_shard=6)
    write_jsonl(source / "a.jsonl", articles(0, 22))
    assert "a.jsonl: changed" in refusal(source, out)
    (source / "a.jsonl").unlink()
    assert "a.jsonl: not among the inputs" in refusal(source, out)
    assert held(out) == before


def test_an_archive_may_grow(tmp_path: Path) -> None:
    """A new input is worked on, what is done stays, and the folder is that of one run over all."""
    source, out = archive(tmp_path / "in"), tmp_path / "out"
    run(source, out)
    write_jsonl(source / "aa.jsonl", articles(50, 6))
    outcome = run(source, out)
    assert outcome.written == 2
    run(source, tmp_path / "whole")
    assert held(out) == held(tmp_path / "whole")


def test_what_a_run_writes_is_no_input_of_the_next(tmp_path: Path) -> None:
    """Into a folder of the archive itself a second run finds what is there already, and adds nothing."""
    source = archive(tmp_path / "in")
    run(source, source / "out")
    before = held(source / "out")
    assert run(source, source / "out").written == 0
    assert held(source / "out") == before
    assert "GW940" in refusal(source / "out", source / "out")


def test_a_repaired_shard_is_gone_on_with(tmp_path: Path) -> None:
    """A shard that is cut off ends the run with one error; mended, the run goes on with what it has done."""
    source, out = archive(tmp_path / "in"), tmp_path / "out"
    whole = (source / "b.jsonl.gz").read_bytes()
    (source / "b.jsonl.gz").write_bytes(whole[:-30])
    assert "GW950" in refusal(source, out)
    (source / "b.jsonl.gz").write_bytes(whole)
    outcome = run(source, out)
    assert outcome.written < outcome.shards
    run(source, tmp_path / "unbroken")
    assert held(out) == held(tmp_path / "unbroken")


@pytest.mark.parametrize("where", ["folder", "memory"])
def test_a_folder_without_a_document_begins_anew(where: str, tmp_path: Path) -> None:
    """With other columns, another model: where every row was refused, or no column could be told. In the end
    it is the folder of a run that was right at once."""
    out = str(tmp_path / "out") if where == "folder" else "memory://anew/out"
    rows = [
        {"nr": n, "body": f"Texte {n}.", "other": "<!doctype html><p>x</p>", "third": "x"} for n in range(7)
    ]
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    right = {"text": "body", "id": "nr"}
    try:
        assert "GW70" in refusal(source, out, columns={"text": "none"})
        assert "GW287" in refusal(source, out, columns={"text": "other"})
        run(source, out, columns=right, settings={**SETTINGS, "more": 1})
        assert "GW946" in refusal(source, out, columns={"text": "other"})
        run(source, tmp_path / "right", columns=right, settings={**SETTINGS, "more": 1})
        held_there = held(tmp_path / "out") if where == "folder" else in_memory("/anew/out")
        assert held_there == held(tmp_path / "right")
    finally:
        if where == "memory":
            fsspec.filesystem("memory").rm("/anew", recursive=True)


def in_memory(folder: str) -> dict[str, bytes]:
    """What lies in a folder of fsspec's memory."""
    files = fsspec.filesystem("memory")
    return {path[len(folder) + 1 :]: files.cat_file(path) for path in files.find(folder)}


def test_what_a_killed_run_left_of_a_mended_input_is_taken_away(tmp_path: Path) -> None:
    """A quarantine of rows that are mended now, a shard that its input is too short for."""
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    good = [f'{{"id": "d{n}", "text": "Un {n}."}}\n' for n in range(12)]
    (source / "a.jsonl").write_text("".join(good), encoding="utf-8")
    (source / "b.jsonl").write_text("".join(["{bad\n", *good]), encoding="utf-8")
    run(source, out)
    lines = (out / "_shards.jsonl").read_text("utf-8").splitlines(keepends=True)
    killed = [line for line in lines if '"input":"b.jsonl"' not in line]
    assert len(killed) == 3 and (out / "_quarantine/b-00000.jsonl").is_file()
    (out / "_shards.jsonl").write_text("".join(killed), encoding="utf-8")
    (out / "mine.txt").write_text("x", encoding="utf-8")
    (source / "b.jsonl").write_text("".join(good[:6]), encoding="utf-8")
    run(source, out)
    run(source, tmp_path / "right")
    assert held(out).pop("mine.txt") == b"x", "what no run wrote stays"
    (out / "mine.txt").unlink()
    assert held(out) == held(tmp_path / "right")


def test_an_input_without_an_article_may_be_mended(tmp_path: Path) -> None:
    """What is written of the others stays; one with articles is refused when it changes, and the error says
    where mended rows can go."""
    source, out = archive(tmp_path / "in"), tmp_path / "out"
    (source / "d.jsonl").write_text("{bad\n", encoding="utf-8")
    assert run(source, out).counts["refused"] == 1
    (source / "d.jsonl").write_text('{"id": "x", "text": "Un."}\n', encoding="utf-8")
    assert run(source, out).written == 1
    run(source, tmp_path / "right")
    assert held(out) == held(tmp_path / "right")
    (source / "d.jsonl").write_text('{"id": "x", "text": "Deux."}\n', encoding="utf-8")
    assert "d.jsonl: changed" in (said := refusal(source, out)) and "a shard of their own" in said


def test_an_address_is_written_as_a_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run into a file system of fsspec's leaves what one into a folder does, broken off and gone on with or
    not; it takes over what a dead run locked, and what it wrote is no input of the next."""
    monkeypatch.setattr("goldwire.archive.output.BEAT", 0.05)
    source, files = archive(tmp_path / "in"), fsspec.filesystem("memory")
    (source / "d.jsonl").write_text('{"id": "x", "text": "Un."}\n{bad\n', encoding="utf-8")
    run(source, tmp_path / "out")
    files.put(str(source), "/there/in", recursive=True)
    files.pipe_file("/there/in/c.parquet", b"broken")
    try:
        assert "GW950" in refusal("memory://there/in", "memory://there/out")
        files.pipe_file("/there/in/c.parquet", (source / "c.parquet").read_bytes())
        files.pipe_file("/there/out/_lock", b"dead 3\n")
        first = run("memory://there/in", "memory://there/out")
        assert 0 < first.written < first.shards
        again = run("memory://there/in", "memory://there/out")
        assert (again.written, again.shards) == (0, first.shards)
        cut = len("/there/out/")
        found = {path[cut:]: files.cat_file(path) for path in files.find("/there/out")}
        assert {name: data for name, data in found.items() if name[0] != "_"} == {
            name: data for name, data in held(tmp_path / "out").items() if name[0] != "_"
        }
        assert found["_manifest.json"] == (tmp_path / "out/_manifest.json").read_bytes()
        assert "_lock" not in found
    finally:
        files.rm("/there", recursive=True)


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """A folder that no run wrote is refused, and nothing in it changes."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.txt").write_text("mine", encoding="utf-8")
    assert "GW947" in refusal(archive(tmp_path / "in"), tmp_path / "out")
    assert held(tmp_path / "out") == {"notes.txt": b"mine"}


def test_two_inputs_of_one_name_are_refused(tmp_path: Path) -> None:
    """Two shards that would be written under one name can't be told apart afterwards."""
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        write_jsonl(tmp_path / name / "a.jsonl", articles(0, 1))
    with pytest.raises(GoldwireError) as caught:
        run_over(
            [str(tmp_path / "x"), str(tmp_path / "y")],
            tmp_path / "out",
            Marking(),
            engine=LocalEngine(),
            settings=SETTINGS,
        )
    assert caught.value.faults[0].code == "GW948"
    assert run(tmp_path, tmp_path.parent / f"{tmp_path.name}-out").shards == 2
    shutil.rmtree(tmp_path.parent / f"{tmp_path.name}-out")


def test_a_full_disk_leaves_whole_shards_alone(tmp_path: Path) -> None:
    """Where no more can be written, there is one plain error, and no half shard; with room, it goes on."""
    source, out = archive(tmp_path / "in"), tmp_path / "out"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1800, limits[1]))
    try:
        assert "GW904" in refusal(source, out, per_shard=20)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(out.glob("a-*"))
    run(source, out, per_shard=20)
    run(source, tmp_path / "unbroken", per_shard=20)
    assert held(out) == held(tmp_path / "unbroken")


@pytest.mark.parametrize("workers", [1, 2])
def test_what_goes_wrong_in_a_worker_is_told_plainly(tmp_path: Path, workers: int) -> None:
    """An error of ours crosses the processes whole; a worker that is killed is an error of its own."""
    source = archive(tmp_path / "in")
    assert "GW410" in refusal(source, tmp_path / "out", workers=workers, work=Failing())
    if workers == 2:
        assert "GW949" in refusal(source, tmp_path / "out", workers=workers, work=Dying())


class Failing(Marking):
    """Finds no model."""

    def __call__(self) -> Any:
        raise GoldwireError.of("GW410", "no such pipeline", where="x")


class Dying(Marking):
    """Is killed, as for want of memory."""

    def __call__(self) -> Any:
        import os

        os.kill(os.getpid(), signal.SIGKILL)
