"""The parquet files of a dataset's folder: named by their content, listed by the manifest, typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from goldwire import strict_json
from goldwire.errors import GoldwireError
from goldwire.files import sha256_of, writing
from goldwire.formats.dataset.columns import METADATA, yaml_features

#: What the dataset is, in figures, and which files are it.
MANIFEST = "manifest.json"
_WHOSE = "a file or folder that `goldwire corpus build` or `convert --to parquet` wrote"
#: Rows of a file that are held together.
BATCH = 500

T = TypeVar("T")


def no_dataset(path: Path, why: str, *, hint: str = _WHOSE) -> GoldwireError:
    """The error for a file or folder that is none of ours."""
    return GoldwireError.of("GW283", why, where=str(path), hint=hint)


class _Features(msgspec.Struct):
    features: dict[str, Any] = {}


class _Huggingface(msgspec.Struct):
    info: _Features = msgspec.field(default_factory=_Features)


def batched(rows: Iterable[T]) -> Iterator[list[T]]:
    """Rows, some hundred at a time: those that a file holds together."""
    source = iter(rows)
    while held := list(islice(source, BATCH)):
        yield held


def write_parquet(
    path: Path, batches: Iterable[Any], schema: Any, advance: Callable[[int], None] | None = None
) -> str:
    """Batches to a parquet file; its place as a card names it: `FOLDER/NAME-HASH.parquet`."""
    import pyarrow.parquet as pq

    with writing(path) as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            if advance is not None:
                advance(len(batch))
    return name_by_content(path)


def name_by_content(path: Path) -> str:
    """Put the hash of a file's bytes into its name; the new name, with the folder's before it.

    `datasets` keeps what it once loaded under the names that the card gives, whatever the content: so another
    content needs another name.
    """
    named = path.with_name(f"{path.stem}-{sha256_of(path)[:16]}{path.suffix}")
    path.replace(named)
    return f"{path.parent.name}/{named.name}"


def dataset_files(folder: Path, config: str) -> dict[str, list[Path]]:
    """The files of a config by split, as the manifest lists them; without one all that lie in its folder.

    Raises GW283 where there are none, or one that is listed is missing.
    """
    files: dict[str, list[Path]] = {}
    try:
        listed = strict_json.loads((folder / MANIFEST).read_bytes())["configs"][config]
        named = {"train": listed} if isinstance(listed, str) else dict(listed)
        files = {str(split): [folder / str(path)] for split, path in named.items()}
    except (OSError, ValueError, KeyError, TypeError):
        for path in sorted((folder / config).glob("*.parquet")):
            files.setdefault(path.stem.partition("-")[0], []).append(path)
    if not files:
        raise no_dataset(folder, f"no {config}/*.parquet in it")
    for path in (path for paths in files.values() for path in paths):
        if not path.is_file():
            raise no_dataset(folder, f"no {config}/{path.name} in it, which its manifest lists")
    return files


def features_of(file: Path) -> dict[str, Any]:
    """The plain features that a parquet file holds, or those that `datasets` kept in it; raises GW283."""
    import pyarrow.parquet as pq

    metadata = pq.read_schema(file).metadata or {}
    key = METADATA if METADATA.encode() in metadata else "huggingface"
    held = metadata.get(key.encode(), b"{}")
    try:
        if key == METADATA:
            return strict_json.decode(held, _Features).features
        return strict_json.decode(held, _Huggingface).info.features
    except msgspec.MsgspecError as error:
        raise no_dataset(file, f"its metadata `{key}` is broken: {error}") from None


def config_fields(
    paths: Mapping[str, Mapping[str, str]], features: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """What tells `datasets` of the configs: where their files are, the first by default, and their types."""
    return {
        "configs": [
            {
                "config_name": config,
                **({"default": True} if number == 0 else {}),
                "data_files": [{"split": side, "path": path} for side, path in sides.items()],
            }
            for number, (config, sides) in enumerate(paths.items())
        ],
        "dataset_info": [
            {"config_name": config, "features": yaml_features(plain)} for config, plain in features.items()
        ],
    }


def header_yaml(fields: dict[str, Any]) -> str:
    """Fields as YAML, each written out where it stands."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, _data: Any) -> bool:
            return True

    return str(yaml.dump(fields, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=10_000))
