"""A model's folder: filled in, put in place whole, and never replaced by half of another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from goldwire import strict_json
from goldwire.files import read_bytes, write_text
from goldwire.folders import MANIFEST, check_ours, replacing


def check_out(out: Path) -> None:
    """Refuse (GW413) to put a model where something else stands than one that goldwire wrote."""
    check_ours(out, MANIFEST, code="GW413", content="a model")


@contextmanager
def model_folder(out: Path) -> Iterator[Path]:
    """A new folder whose files take the place of the model in `out` at the end; on any failure `out` stays.

    Other files in `out` stay too; one that is in the way is named (GW413). What killed runs left is removed
    first; a model that one had just finished is put in place. Raises GW904 where it can't be written.
    """
    check_out(out)
    with replacing(out, MANIFEST, code="GW413") as folder:
        yield folder


def fill_meta(folder: Path, values: dict[str, Any]) -> None:
    """Put values into a saved pipeline's `meta.json`, beside those that spaCy wrote."""
    path = folder / "meta.json"
    meta = strict_json.loads(read_bytes(path))
    write_text(path, json.dumps({**meta, **values}, ensure_ascii=False, indent=1) + "\n")


def model_name(project: str, task: str) -> str:
    """A name that a Python package may bear: the project's and the task's, without the language."""
    words = re.sub(r"[^a-z0-9]+", "_", project.lower()).strip("_") or "goldwire"
    return f"{words}_{task}"
