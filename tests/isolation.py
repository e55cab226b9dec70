"""A home and caches that belong to one run of the tests: what the user keeps is neither read nor changed."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from goldwire.project import cache_home
from tests.reaper import memory

#: Says to workers and child processes that they are inside a run already.
_MARK = "GOLDWIRE_TESTS_HOME"
#: There is a worker for each core, so each sums on one thread: idle ones that wait cost more than the work.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
#: Tools whose behaviour a user sets by variables: goldwire, the hub's libraries, git.
_SETTINGS = ("GOLDWIRE_", "HF_", "HUGGINGFACE_", "HUGGING_FACE_", "LABEL_STUDIO_", "GIT_", "PGPASSWORD")


def enter() -> Path | None:
    """Give this process, and all that it starts, a home of its own; that folder, None inside a run.

    Shared with the user: the migrated, empty folder of Label Studio, which takes a minute to make and which
    nobody writes to, the browsers of playwright, and what package installers downloaded.
    """
    if _MARK in os.environ:
        return None
    # What one process compiles the next one reads: spaCy and the tests themselves are seconds of it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    migrated, browsers = cache_home(), Path.home() / ".cache/ms-playwright"
    for name in [name for name in os.environ if name.startswith(_SETTINGS)]:
        del os.environ[name]
    home = Path(tempfile.mkdtemp(prefix="goldwire-tests-"))
    cache = home / ".cache"
    cache.mkdir()
    migrated.mkdir(parents=True, exist_ok=True)
    (cache / "goldwire").symlink_to(migrated.resolve(), target_is_directory=True)
    if browsers.is_dir():
        os.environ.setdefault("PLAYWRIGHT_BROWSERS_PATH", str(browsers))
    if where := memory():
        # Tests write tens of thousands of small files, and goldwire waits until a disk has each.
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(where))
    os.environ |= dict.fromkeys(_THREADS, "1")
    os.environ |= {
        _MARK: str(home),
        "HOME": str(home),
        "XDG_CACHE_HOME": str(cache),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "HF_HOME": str(cache / "huggingface"),
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or str(migrated.parent / "uv"),
        "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR") or str(migrated.parent / "pip"),
    }
    return home


def leave(home: Path | None) -> None:
    """Remove what `enter` made."""
    if home is not None:
        shutil.rmtree(home, ignore_errors=True)
