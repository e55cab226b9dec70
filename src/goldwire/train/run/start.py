"""What the configs of a run start from: a pipeline that is installed, else nothing, and that is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from goldwire.files import read_text
from goldwire.new_project.starting_point import starting_point
from goldwire.pipelines import how_to_get, official_and_missing, spacy_language
from goldwire.project import Project, example_root

#: Where configs name pipelines, as overrides name it.
_NAMED = ("paths.vectors", "paths.source", "goldwire.syntax")
#: What it was worth where it was measured (docs/models.md, What helps).
_WORTH = "on 20 French reports a start from such a pipeline's weights brought entities from F1 .61 to .63"


def startable(
    configs: Sequence[Path], overrides: Mapping[str, Any], project: Project | None, *, given: bool
) -> tuple[dict[str, Any], list[str]]:
    """The overrides by which a run's configs can be started from here, and what to say of those that were
    added.

    What of spaCy's own pipelines a config names and is not installed is left out. Where a project has no
    configs of its own the example's are put into its language. A config that is `given`, of the user's
    choice, keeps its language, and what the overrides name is left as it is.
    """
    examples = example_root() / "train"
    if project is not None and not given and project.train.resolve() != examples.resolve():
        code = spacy_language(project.language)
        borrowed = [path for path in configs if path.parent == examples]
        if code and len(borrowed) == len(configs) and _values(borrowed[0]).get("nlp.lang") != code:
            point = starting_point(code)
            start = {
                "nlp.lang": code,
                "paths.vectors": point.pipeline or None,
                "paths.source": None,
                "goldwire.syntax": point.pipeline if point.has_parser else None,
            }
            files = ", ".join(dict.fromkeys(path.name for path in borrowed))
            note = f"no configs of the project's own in train/: {files} of the example, for `{code}`; {point}"
            return {**start, **overrides}, [note]
    missing: dict[str, str] = {}
    for path in configs:
        values = _values(path)
        for place in _NAMED:
            name = values.get(place)
            if place not in overrides and isinstance(name, str) and official_and_missing(name):
                missing[place] = name
    notes = [
        f"{name} is not installed: models start without it; {_WORTH}; to have it: {how_to_get(name)}"
        for name in dict.fromkeys(missing.values())
    ]
    return {**dict.fromkeys(missing), **overrides}, notes


def _values(path: Path) -> dict[str, Any]:
    """The values of a config's sections by `section.key`; what is wrong with it is told when it is used."""
    from thinc.api import Config

    try:
        config = Config().from_str(read_text(path), interpolate=False)
    except (ValueError, KeyError):
        return {}
    return {f"{section}.{key}": value for section, values in config.items() for key, value in values.items()}
