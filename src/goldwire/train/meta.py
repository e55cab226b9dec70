"""A model's folder: filled in, put in place whole, and never replaced by half of another."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from goldwire import strict_json
from goldwire.errors import GoldwireError
from goldwire.files import read_bytes, write_text


def check_out(out: Path) -> None:
    """Refuse (GW413) to put a model where something else stands."""
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / "meta.json").is_file()):
        hint = "name a new folder, or one that holds a model to replace"
        raise GoldwireError.of("GW413", "holds something else than a model", where=str(out), hint=hint)


@contextmanager
def model_folder(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its place at the end; on any failure `out` stays as it was.

    What killed runs left behind is removed first; a model that one had just finished is put in place. Raises
    GW904 where it can't be written.
    """
    check_out(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        for old in out.parent.glob(f".{out.name}.*.part"):
            owner = old.name.split(".")[-3]
            if not (owner.isdigit() and psutil.pid_exists(int(owner))):
                if (old / "old").exists() and not out.exists():
                    # Killed between the two moves below: the old model was out, the new one is whole.
                    (old / "new").rename(out)
                shutil.rmtree(old, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.{os.getpid()}.", suffix=".part"))
    except OSError as error:
        raise GoldwireError.of("GW904", f"can't be written: {error.strerror}", where=str(out)) from error
    try:
        yield folder / "new"
        if out.exists():
            out.rename(folder / "old")
        try:
            (folder / "new").rename(out)
        except OSError:
            if (folder / "old").exists():
                (folder / "old").rename(out)
            raise
    except OSError as error:
        raise GoldwireError.of(
            "GW904", f"can't be written: {error.strerror or error}", where=str(out)
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill_meta(folder: Path, values: dict[str, Any]) -> None:
    """Put values into a saved pipeline's `meta.json`, beside those that spaCy wrote."""
    path = folder / "meta.json"
    meta = strict_json.loads(read_bytes(path))
    write_text(path, json.dumps({**meta, **values}, ensure_ascii=False, indent=1) + "\n")


def model_name(project: str, task: str) -> str:
    """A name that a Python package may bear: the project's and the task's, without the language."""
    words = re.sub(r"[^a-z0-9]+", "_", project.lower()).strip("_") or "goldwire"
    return f"{words}_{task}"
