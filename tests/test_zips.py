"""Whatever is wrong with a zip, its readers name it in a plain error, or take what is whole in it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import goldwire
from goldwire.errors import GoldwireError
from goldwire.formats.guess import formats_like
from goldwire.new_project import make_project
from goldwire.seeds.add import add_articles
from tests.examples import at_most

ROW = json.dumps({"id": 1, "text": "Anna cuts. " * 20, "label": [[0, 4, "COOK"]]})
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
PATCHES = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4)


def _add(path: Path) -> None:
    project = path.parent / "project"
    if not project.is_dir():
        make_project(project, name="kitchen", language="en")
    add_articles(goldwire.load_project(project), path, dry_run=True)


#: What looks into an archive, and for what.
READERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "guess": (formats_like, ".jsonl"),
    "others": (lambda path: goldwire.read(path, source="doccano"), ".jsonl"),
    "inception": (lambda path: goldwire.read(path, source="cas"), ".xmi"),
    "seeds": (_add, ".txt"),
}


def _packed(suffix: str, method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name in ("anna", "é/ben"):
            archive.writestr(name + suffix, ROW)
    return stream.getvalue()


def _damaged(suffix: str, method: int, patches: list[tuple[int, int]], kept: float) -> bytes:
    data = bytearray(_packed(suffix, method))
    for place, byte in patches:
        data[place % len(data)] = byte
    return bytes(data[: round(len(data) * kept)])


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=at_most(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(METHODS), PATCHES, st.sampled_from([1.0, 1.0, 1.0, 0.9, 0.5]))
def test_a_damaged_zip_is_no_fault_of_goldwire_s(
    tmp_path: Path, reader: str, method: int, patches: list[tuple[int, int]], kept: float
) -> None:
    """Bytes that are wrong, or missing, end in an error of goldwire's, never in one of the library's."""
    path = tmp_path / "in.zip"
    read, suffix = READERS[reader]
    path.write_bytes(_damaged(suffix, method, patches, kept))
    with suppress(GoldwireError):
        read(path)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("method", METHODS[1:], ids=["deflate", "bzip2", "lzma"])
def test_a_member_whose_bytes_are_broken_is_no_fault_of_goldwire_s(
    tmp_path: Path, reader: str, method: int
) -> None:
    """As a download leaves it that went wrong in the middle: the directory is whole, what it lists is not."""
    read, suffix = READERS[reader]
    data = bytearray(_packed(suffix, method))
    start = len("anna" + suffix) + 39  # behind the headers of the member and of LZMA
    data[start : start + 20] = b"\xff" * 20
    path = tmp_path / "in.zip"
    path.write_bytes(data)
    with suppress(GoldwireError):
        read(path)
