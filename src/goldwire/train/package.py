"""A trained model as a Python package that loads without goldwire."""

from __future__ import annotations

import contextlib
import io
import shutil
from pathlib import Path

from goldwire.errors import GoldwireError
from goldwire.redaction import shortened
from goldwire.train import components, features
from goldwire.train.pipelines import pipeline_path, quiet

#: What travels in the package: neither imports anything of goldwire.
CODE = (features, components)


def package(model: Path, out: Path, *, name: str | None = None) -> Path:
    """Make a source package of the model in `out` with `spacy package`; its folder.

    Raises GW410 where `model` is none, GW417 where spaCy can't make the package.
    """
    path = pipeline_path(str(model))
    code = [Path(str(module.__file__)) for module in CODE]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(out, str(error.strerror)) from error
    before = {one.name for one in out.iterdir()}
    from spacy.cli.package import package as make

    said = io.StringIO()
    try:
        with quiet(), contextlib.redirect_stdout(said):
            make(
                path,
                out,
                code_paths=code,
                name=name,
                create_meta=False,
                create_sdist=False,
                force=True,
                silent=True,
            )
    except (SystemExit, OSError, ValueError) as error:
        raise _refused(out, shortened(said.getvalue() or str(error), 300)) from error
    made = [one for one in out.iterdir() if one.is_dir() and (one / "setup.py").is_file()]
    fresh = [one for one in made if one.name not in before] or made
    newest = max(fresh, key=lambda one: one.stat().st_mtime)
    # What its setup.py does when it is installed: so the folder can be imported as it is, too.
    shutil.copy(newest / "meta.json", newest / newest.name.rsplit("-", 1)[0])
    return newest


def _refused(out: Path, why: str) -> GoldwireError:
    return GoldwireError.of(
        "GW417", f"no package: {why}", where=str(out), hint="name another folder, or --name"
    )
