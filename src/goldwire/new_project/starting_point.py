"""What a model of a language can start from: the word vectors of a pipeline that is installed here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from goldwire.errors import GoldwireError
from goldwire.pipelines import how_to_get, pipeline_path

#: Languages of which spaCy gives pipelines with vectors away, but for those whose names differ.
_OFFICIAL = {"ca", "da", "de", "el", "en", "es", "fi", "fr", "hr", "it", "ja", "ko", "lt", "mk", "nb", "nl"}
_OFFICIAL |= {"pl", "pt", "ro", "ru", "sl", "sv", "uk", "zh"}
_WEB = frozenset(("en", "zh"))
#: The shape of the recogniser in `templates/recogniser.cfg`, that of spaCy's own pipelines.
_SHAPE: dict[str, dict[str, Any]] = {
    "embed": {
        "width": 96,
        "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
        "rows": [5000, 1000, 2500, 2500],
        "include_static_vectors": True,
    },
    "encode": {"width": 96, "depth": 4, "window_size": 1, "maxout_pieces": 3},
}


@dataclass(frozen=True)
class StartingPoint:
    """An installed `pipeline` with `vectors` rows of word vectors; an empty name and 0 where there is none.

    `has_parser` and `has_shape` say whether it has a parser, and a recogniser of the shape that ours have.
    """

    language: str
    pipeline: str = ""
    vectors: int = 0
    has_parser: bool = False
    has_shape: bool = False

    def __str__(self) -> str:
        if self.pipeline:
            return f"models start from the word vectors of {self.pipeline}, which is installed"
        none = f"models start from nothing: no installed pipeline of `{self.language}` has word vectors"
        if self.language not in _OFFICIAL:
            return none
        name = f"{self.language}_core_{'web' if self.language in _WEB else 'news'}_md"
        return f"{none}; spaCy's own: {how_to_get(name)}, then -- --paths.vectors {name}"


def starting_point(language: str) -> StartingPoint:
    """The installed pipeline of a language that has word vectors; of several the one with the fewest.

    A large one is slower to load for each article that is left out, and its vectors are little better.
    """
    from spacy.util import get_installed_models

    points = [point for name in get_installed_models() if (point := _look_at(name, language)) is not None]
    return min(points, key=lambda point: (point.vectors, point.pipeline), default=StartingPoint(language))


def _look_at(name: str, language: str) -> StartingPoint | None:
    """An installed pipeline by its files; None for one of another language or without vectors."""
    try:
        path = pipeline_path(name)
        meta = json.loads((path / "meta.json").read_bytes())
        rows = int(meta.get("vectors", {}).get("vectors", 0)) if meta["lang"] == language else 0
        if not rows:
            return None
        from spacy.util import load_config

        parts: dict[str, Any] = load_config(path / "config.cfg")["components"]
    except (GoldwireError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # damaged: whoever names it is told
    return StartingPoint(language, name, rows, "parser" in parts, _has_shape(parts))


def _has_shape(parts: dict[str, Any]) -> bool:
    """Whether the recogniser embeds and encodes words as ours do, so that its weights fit."""
    model = parts.get("ner", {}).get("model", {}).get("tok2vec", {})
    return all(
        model.get(part, {}).get(key) == value
        for part, values in _SHAPE.items()
        for key, value in values.items()
    )
