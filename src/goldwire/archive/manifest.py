"""What lies in a run's folder beside its shards: what it was made with, and how far it has come."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from goldwire import __version__
from goldwire.archive.output import Output
from goldwire.archive.shards import MANIFEST, Shard
from goldwire.errors import GoldwireError
from goldwire.files import file_names

#: What a run keeps in its folder: names that are no data to whoever reads the folder as an archive.
DONE, QUARANTINE = "_shards.jsonl", "_quarantine"


class WrittenShard(msgspec.Struct, frozen=True):
    """A shard that was written: its name, what of which input it is made of, and its counts.

    `is_last` says that with it that input is done; `bytes` is its size.
    """

    name: str
    input: str
    part: int
    is_last: bool
    bytes: int
    refused: int
    counts: dict[str, int]


class Input(msgspec.Struct, frozen=True):
    """A shard that was read: its name below the address, size and hash, and how names of its output begin."""

    name: str
    size: int
    sha256: str
    stem: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a folder was made with, and, once it is `complete`, what it holds."""

    goldwire: str
    settings: dict[str, Any]
    inputs: list[Input]
    complete: bool = False
    counts: dict[str, int] = {}


@dataclass
class RunState:
    """How far a run has come: the shards that it has written, by input and part."""

    output: Output
    manifest: Manifest
    parts: dict[tuple[str, int], WrittenShard]

    def is_done(self, name: str) -> bool:
        """Whether all of an input is written."""
        number = 0
        while (part := self.parts.get((name, number))) is not None:
            if part.is_last:
                return True
            number += 1
        return False

    def add(self, part: WrittenShard) -> None:
        """Put down a shard that was written, on the disk too."""
        self.parts[part.input, part.part] = part
        self.output.append(DONE, msgspec.json.encode(part) + b"\n")

    def counts(self) -> Counter[str]:
        """What all shards hold."""
        total: Counter[str] = Counter()
        for part in self.parts.values():
            total.update(part.counts)
            total["refused"] += part.refused
        return total

    def finish(self) -> None:
        """The folder is complete: shards in the order of the inputs, and what they hold."""
        order = {each.name: number for number, each in enumerate(self.manifest.inputs)}
        parts = sorted(self.parts.values(), key=lambda part: (order[part.input], part.part))
        _write_parts(self.output, parts)
        counts = dict(sorted(self.counts().items()))
        _write(self.output, msgspec.structs.replace(self.manifest, complete=True, counts=counts))


def inputs_of(shards: Sequence[Shard], hashes: Sequence[str]) -> list[Input]:
    """The inputs as a manifest names them; GW948 where two have one name."""
    by_name: dict[str, Shard] = {}
    for shard in shards:
        if (other := by_name.setdefault(shard.name, shard)) is not shard:
            message = f"named like {other.address}: what is made of the two could not be told apart"
            hint = "name the folder above both, or run them into two folders"
            raise GoldwireError.of("GW948", message, where=shard.address, hint=hint)
    stems = {shard.name: shard.name.removesuffix(shard.suffix).replace("/", "_") for shard in shards}
    twice = Counter(stem.casefold() for stem in stems.values())
    whole = {n: stem if twice[stem.casefold()] == 1 else n.replace("/", "_") for n, stem in stems.items()}
    names = file_names(whole.values())
    return [
        Input(shard.name, shard.size, digest, names[whole[shard.name]])
        for shard, digest in zip(shards, hashes, strict=True)
    ]


def begin(output: Output, settings: Mapping[str, Any], inputs: Sequence[Input]) -> RunState:
    """Where a run into this folder begins: with what an earlier one of the same kind has done.

    Of what was made with something else and holds no document nothing is kept, nor what a killed run left of
    a shard that it did not finish: its quarantine would speak of an input that may be mended. Raises GW946
    where that was made with something else, GW947 where the folder holds what no run wrote.
    """
    manifest = Manifest(__version__, json.loads(json.dumps(dict(settings))), list(inputs))
    sizes = output.sizes()
    if MANIFEST not in sizes:
        if sizes:
            message = f"holds what no run of goldwire's wrote: {min(sizes)}"
            raise GoldwireError.of("GW947", message, where=output.where, hint="name an empty or a new folder")
        _write(output, manifest)
        return RunState(output, manifest, {})
    try:
        before = msgspec.json.decode(output.read(MANIFEST), type=Manifest)
    except msgspec.MsgspecError as error:
        where, hint = f"{output.where}/{MANIFEST}", "name another folder"
        raise GoldwireError.of("GW947", f"no manifest: {error}", where=where, hint=hint) from None
    lines = output.read(DONE) if DONE in sizes else b""
    parts = {(part.input, part.part): part for part in _done(lines, sizes)}
    of_documents = {name for (name, _), part in parts.items() if part.counts.get("documents")}
    if differing := list(_differing(before, manifest, of_documents)):
        shown = "; ".join(differing[:5]) + ("; …" if len(differing) > 5 else "")
        hint = "name another folder, or remove this one: shards of two runs are never mixed"
        hint += "; mended rows may come in a shard of their own"
        message = f"was made with something else: {shown}"
        raise GoldwireError.of("GW946", message, where=output.where, hint=hint)
    same = (
        {each.name for each in inputs if each in before.inputs}
        if _settings(before) == _settings(manifest)
        else set()
    )
    parts = {key: part for key, part in parts.items() if part.input in same}
    for name in _unfinished(sizes, (*before.inputs, *inputs), parts.values()):
        output.remove(name)
    _write_parts(output, parts.values())
    _write(output, manifest)
    return RunState(output, manifest, parts)


def _settings(manifest: Manifest) -> dict[str, Any]:
    """What shards are made with, each setting with a name of its own."""
    flat: dict[str, Any] = {"goldwire": manifest.goldwire}
    for key, value in manifest.settings.items():
        flat |= {f"{key} {k}": v for k, v in value.items()} if isinstance(value, dict) else {key: value}
    return flat


def _differing(before: Manifest, now: Manifest, of_documents: set[str]) -> Iterator[str]:
    """All that differs between what shards are made with and this run.

    An input of which no document is written yet may change, come or go; and so may all else where no input
    has any.
    """
    if not of_documents:
        return
    was, now_is = _settings(before), _settings(now)
    for key in dict.fromkeys((*was, *now_is)):
        if was.get(key) != now_is.get(key):
            yield f"{key}: {_short(was.get(key))}, now {_short(now_is.get(key))}"
    inputs = {each.name: each for each in now.inputs}
    for each in before.inputs:
        if each.name in of_documents and inputs.get(each.name) != each:
            yield f"{each.name}: {'changed' if each.name in inputs else 'not among the inputs'}"


def part_name(source: Input, number: int, form: str) -> str:
    """The name of a shard of the output."""
    return f"{source.stem}-{number:05d}.{form}"


def aside_name(source: Input, number: int) -> str:
    """The name of the quarantine of a shard of the output."""
    return f"{QUARANTINE}/{part_name(source, number, 'jsonl')}"


def _unfinished(sizes: Iterable[str], inputs: Iterable[Input], parts: Iterable[WrittenShard]) -> list[str]:
    """The files, of those that a run writes, that belong to no shard that is written."""
    stems = {each.name: each for each in inputs}
    kept = {part.name for part in parts}
    kept |= {aside_name(stems[part.input], part.part) for part in parts if part.refused}
    names = "|".join(re.escape(each.stem) for each in stems.values())
    ours = re.compile(rf"({re.escape(QUARANTINE)}/)?({names})-[0-9]{{5,}}\.(jsonl|jsonl\.gz|parquet)")
    return sorted(name for name in sizes if name not in kept and ours.fullmatch(name))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if value in (None, ""):
        return "none"
    return text if len(text) <= 60 else f"{text[:57]}…"


def _done(lines: bytes, sizes: Mapping[str, int]) -> Iterator[WrittenShard]:
    """The shards that are written whole; not a line that a kill cut off, nor a file that was changed."""
    for line in lines.split(b"\n"):
        try:
            part = msgspec.json.decode(line, type=WrittenShard)
        except msgspec.MsgspecError:
            continue
        if sizes.get(part.name) == part.bytes:
            yield part


def _write_parts(output: Output, parts: Iterable[WrittenShard]) -> None:
    with output.writing(DONE) as stream:
        stream.writelines(msgspec.json.encode(part) + b"\n" for part in parts)


def _write(output: Output, manifest: Manifest) -> None:
    data = json.dumps(msgspec.to_builtins(manifest), ensure_ascii=False, indent=1) + "\n"
    with output.writing(MANIFEST) as stream:
        stream.write(data.encode())
