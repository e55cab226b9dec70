"""The dataset that was built, as `datasets` has it, whatever lies in that library's cache."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from goldwire.errors import GoldwireError, one_of
from goldwire.formats.dataset.files import MANIFEST, dataset_files, features_of
from goldwire.formats.dataset.parquet_size import too_much
from goldwire.project import CONFIG, load_project

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict


def load_corpus(
    path: str | Path = ".", config: str = "documents", *, split: str | None = None
) -> Dataset | DatasetDict:
    """A config of the dataset that `goldwire corpus build` wrote last: all its splits, or the one named.

    `path` is the project's folder or the dataset's. The files themselves are read into memory; nothing comes
    from a cache or the network. Raises GW219 for a folder that holds no dataset, a config or split that it
    lacks, and GW283 for a file that is missing or broken.

        >>> import goldwire
        >>> articles = goldwire.load_corpus("corpus", split="train")
        >>> articles.column_names[:2]
        ['id', 'text']
    """
    from datasets import DatasetDict

    folder = Path(path)
    if (folder / CONFIG).is_file():
        folder = load_project(folder).corpus
    if not folder.is_dir() or not ((folder / MANIFEST).is_file() or (folder / config).is_dir()):
        hint = "name a project's folder or a dataset's; goldwire corpus build makes one"
        raise GoldwireError.of("GW219", "there is no dataset", where=str(folder), hint=hint)
    configs = sorted({file.parent.name for file in folder.glob("*/*.parquet")})
    if config not in configs:
        raise GoldwireError.of("GW219", f"no config `{config}`", where=str(folder), hint=one_of(configs))
    files = dataset_files(folder, config)
    if split is not None and split not in files:
        raise GoldwireError.of("GW219", f"no split `{split}`", where=str(folder), hint=one_of(files))
    if split is not None:
        return _dataset(split, files[split])
    return DatasetDict({name: _dataset(name, paths) for name, paths in files.items()})


def _dataset(split: str, files: list[Path]) -> Dataset:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from datasets import Dataset, DatasetInfo, Features, NamedSplit

    features = Features.from_dict(features_of(files[0]))
    try:
        for file in files:
            if message := too_much(file):
                raise GoldwireError.of("GW219", message, where=str(file), hint="build it anew")
        table = pa.concat_tables([pq.read_table(file) for file in files])
        return Dataset(table.cast(features.arrow_schema), DatasetInfo(features=features), NamedSplit(split))
    except (pa.ArrowException, OSError) as error:
        message = f"no parquet of goldwire's: {str(error).splitlines()[0]}"
        raise GoldwireError.of("GW219", message, where=str(files[0])) from None
