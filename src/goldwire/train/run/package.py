"""A trained model as a Python package that loads without goldwire."""

from __future__ import annotations

import contextlib
import io
import shutil
from pathlib import Path

from goldwire.errors import GoldwireError
from goldwire.folders import MANIFEST, replacing
from goldwire.leftovers import part_folder
from goldwire.pipelines import pipeline_path, quiet
from goldwire.redaction import shortened
from goldwire.train.pipeline import components, entity_pairs, features, span_components, span_features

#: What travels in the package: none imports anything of goldwire.
CODE = (features, entity_pairs, components, span_features, span_components)


def package_model(model: str | Path, out: str | Path, *, name: str | None = None) -> Path:
    """Make of a model a Python package that loads without goldwire, in the folder `out`; its own folder.

    `name` is the package's, without its language (default: the model's). `pip install` takes the folder.
    Raises GW410 where `model` is none, GW417 where spaCy can't make the package.

        >>> import goldwire
        >>> goldwire.package_model("blank-model", "packages", name="blank").name
        'fr_blank-0.0.0'
    """
    out = Path(out)
    path = pipeline_path(str(model))
    code = [Path(str(module.__file__)) for module in CODE]
    try:
        out.mkdir(parents=True, exist_ok=True)
        with part_folder(out / "package") as folder:
            source = _make(path, folder, code, name, out)
            target = out / source.name
            with replacing(target, MANIFEST, code="GW417") as target_folder:
                shutil.copytree(source, target_folder, dirs_exist_ok=True)
    except OSError as error:
        raise _refused(out, str(error.strerror or error)) from error
    return target


def _make(path: Path, folder: Path, code: list[Path], name: str | None, out: Path) -> Path:
    """The package as spaCy makes it, in the empty folder `work`; what it complains of names `out`."""
    from spacy.cli.package import package as make

    output = io.StringIO()
    try:
        with quiet(), contextlib.redirect_stdout(output):
            make(
                path,
                folder,
                code_paths=code,
                name=name,
                create_meta=False,
                create_sdist=False,
                silent=True,
            )
    except (SystemExit, OSError, ValueError) as error:
        raise _refused(out, shortened(output.getvalue() or str(error), 300)) from error
    [source] = [each for each in folder.iterdir() if (each / "setup.py").is_file()]
    # What its setup.py does when it is installed: so the folder can be imported as it is, too.
    shutil.copy(source / "meta.json", source / source.name.rsplit("-", 1)[0])
    return source


def _refused(out: Path, why: str) -> GoldwireError:
    return GoldwireError.of(
        "GW417", f"no package: {why}", where=str(out), hint="name another folder, or --name"
    )
