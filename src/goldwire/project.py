"""A project is a folder: this module knows where each stage of the work lives in it."""

from __future__ import annotations

import os
import shutil
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from goldwire.errors import Fault, GoldwireError, one_of
from goldwire.files import read_text, write_text
from goldwire.folders import new_folder
from goldwire.leftovers import CONFIG as CONFIG
from goldwire.leftovers import IGNORED as _UNDER_WAY
from goldwire.limits import TOO_DEEP
from goldwire.strict_json import NotStrict, check_depth

# The fewest and the most characters of a title in Label Studio.
_TITLE = (3, 50)
#: What of an example project travels with the package.
EXAMPLE_PARTS = (CONFIG, "seeds", "schemas", "annotate", "train")
#: And this, where the example has one: what of it is learned from, and what is tested.
EXAMPLE_SPLIT = "corpus/split.json"
#: The example that is meant where none is named.
FIRST_EXAMPLE = "politics"
#: The examples, and what each is of.
EXAMPLES = {
    FIRST_EXAMPLE: "34 news articles in French, nine to test on: who acts, what happens, who takes sides",
    "recalls": "seven notices of product recalls in English: products, firms, hazards, what is done",
}
#: A new project's .gitignore: what is secret, made anew on each run, or under way.
IGNORED = f".goldwire/\n/train/models/\n/eval/reports/\n{_UNDER_WAY}"


@dataclass(frozen=True)
class Project:
    """One project: its folder and what `goldwire.toml` says of it.

    >>> import goldwire
    >>> goldwire.load_project("my-project").language
    'fr'
    """

    root: Path
    settings: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Project {self.name} in {self.root}>"

    def _table(self, name: str) -> dict[str, Any]:
        table = self.settings.get(name, {})
        if not isinstance(table, dict):
            raise GoldwireError.of("GW911", f"[{name}] must be a table", where=str(self.root / CONFIG))
        return table

    def setting(self, table: str, key: str, default: Any = None) -> Any:
        """The value of `key` in `[table]`; raises GW912 where it is missing and has no default."""
        value = self._table(table).get(key, default)
        if value is None:
            raise GoldwireError.of(
                "GW912", f"[{table}] lacks `{key}`", where=str(self.root / CONFIG), hint="add it"
            )
        return value

    @property
    def name(self) -> str:
        """The project's name: also the title of its Label Studio project."""
        return str(self.setting("project", "name"))

    @property
    def language(self) -> str:
        """The language of the articles, as ISO 639-1."""
        return str(self.setting("project", "language"))

    @property
    def schema_path(self) -> Path:
        """The schema file."""
        return self.root / str(self.setting("project", "schema"))

    @property
    def seeds(self) -> Path:
        """The articles' folder: `articles.jsonl` and `articles/`."""
        return self.root / "seeds"

    @property
    def annotate(self) -> Path:
        """What annotators get (guidelines, config) and give (`annotations/`)."""
        return self.root / "annotate"

    @property
    def annotations(self) -> Path:
        """One JSON file per annotator and article."""
        return self.annotate / "annotations"

    @property
    def checks(self) -> Path:
        """What annotators marked in gold checks, as `annotations` is laid out; no other stage reads it."""
        return self.annotate / "checks"

    @property
    def practice(self) -> Path:
        """What newcomers marked to practise, as `annotations` is laid out; no other stage reads it."""
        return self.annotate / "practice"

    @property
    def corpus(self) -> Path:
        """The built dataset."""
        return self.root / "corpus"

    @property
    def train(self) -> Path:
        """spaCy configs; `models/` inside it is not in git."""
        return self.root / "train"

    @property
    def models(self) -> Path:
        """Trained pipelines."""
        return self.train / "models"

    @property
    def eval(self) -> Path:
        """Scores and reports."""
        return self.root / "eval"

    @property
    def reports(self) -> Path:
        """What is made anew on each run; not in git."""
        return self.eval / "reports"

    @property
    def cache(self) -> Path:
        """The project's own working folder: server data, credentials. Not in git."""
        return self.root / ".goldwire"


def load_project(root: Path) -> Project:
    """The project in the folder `root`; raises GW910 where it holds no readable `goldwire.toml`."""
    path = root / CONFIG
    try:
        settings = tomllib.loads(read_text(path))
        check_depth(settings)
    except (RecursionError, NotStrict):
        raise GoldwireError.of("GW910", TOO_DEEP, where=str(path), hint="write it flatter") from None
    except ValueError as error:  # tomllib's own, and Python's of numbers of thousands of digits
        raise GoldwireError.of("GW910", f"not TOML: {error}", where=str(path)) from None
    project = Project(root.resolve(), settings)
    for required in ("name", "language", "schema"):
        project.setting("project", required)
    return project


def name_faults(project: Project) -> Iterator[Fault]:
    """What Label Studio refuses in a project's name or title, each with its line: characters, length."""
    path = project.root / CONFIG
    for key in ("name", "title"):
        value = str(project.setting("project", key, ""))
        line = next(
            (n for n, text in enumerate(read_text(path).split("\n"), start=1) if _key(text) == key), 1
        )
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
            message = f"a control character in the project's {key}"
            yield Fault("GW915", message, f"{path}:{line}", "remove it: Label Studio would refuse it")
        elif key == "name" and (problem := title_problem(value)):
            hint = f"{_TITLE[0]} to {_TITLE[1]}: Label Studio, whose project bears it, takes no other"
            yield Fault("GW915", f"the project's name {problem}", f"{path}:{line}", hint)


def title_problem(name: str) -> str:
    """What Label Studio dislikes in a project's name, to be said of it; empty where it takes it."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        return "holds a control character"
    size = len(name.strip())
    return "" if _TITLE[0] <= size <= _TITLE[1] else f"has {size} characters"


def _key(line: str) -> str:
    return line.partition("=")[0].strip().strip("\"'") if "=" in line else ""


def find_project(start: str | Path | Project | None = None) -> Project:
    """The project that the folder `start` (default: the working folder) is or lies in; a project itself."""
    if isinstance(start, Project):
        return start
    here = (Path.cwd() if start is None else Path(start)).resolve()
    if not here.exists():
        hint = "check the path: --project names a project's folder, or one in it"
        raise GoldwireError.of("GW910", "there is no such folder", where=str(here), hint=hint)
    for folder in (here, *here.parents):
        if (folder / CONFIG).is_file():
            return load_project(folder)
    raise GoldwireError.of(
        "GW910",
        f"no {CONFIG} here or in any folder above",
        where=str(here),
        hint="go into a project, name one with --project, or make one: goldwire demo DIR",
    )


def example_root(name: str = FIRST_EXAMPLE) -> Path:
    """An example project: in an installed package its own copy; in a checkout the first one is the repository
    itself, the others stand in `examples/`.

    Raises GW730 for a name that is none of `EXAMPLES`, GW913 where the installation lacks it.
    """
    if name not in EXAMPLES:
        raise GoldwireError.of("GW730", f"no example `{name}`", hint=one_of(EXAMPLES))
    packaged = Path(str(resources.files("goldwire"))) / "examples" / name
    if (packaged / CONFIG).is_file():
        return packaged
    repository = Path(__file__).resolve().parents[2]
    checkout = repository if name == FIRST_EXAMPLE else repository / "examples" / name
    if (checkout / CONFIG).is_file():
        return checkout
    raise GoldwireError.of("GW913", "this installation has no example project", where=str(packaged))


def cache_home() -> Path:
    """Where what all projects of a user share is kept (the migrated, empty server folder)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "goldwire"


def copy_example(target: Path, name: str = FIRST_EXAMPLE) -> Project:
    """An example project, copied into `target`; where it stands there already it is used as it is.

    Raises GW914 where the folder holds something else, GW731 where another project stands there.
    """
    source = example_root(name)
    if (target / CONFIG).is_file():
        settings_there, wanted = load_project(target), load_project(source)
        if settings_there.name != wanted.name:
            message = f"the project `{settings_there.name}` stands here, not the example `{name}`"
            hint = "name another folder: goldwire demo DIR"
            raise GoldwireError.of("GW731", message, where=str(target), hint=hint)
        return settings_there
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        hint = "name an empty folder, or one that does not exist yet"
        raise GoldwireError.of(
            "GW914", "the folder is not empty and no project", where=str(target), hint=hint
        )
    with new_folder(target) as folder:
        for part in EXAMPLE_PARTS:
            if (source / part).is_dir():
                shutil.copytree(source / part, folder / part, ignore=shutil.ignore_patterns("models"))
            else:
                shutil.copy(source / part, folder / part)
        if (source / EXAMPLE_SPLIT).is_file():
            (folder / EXAMPLE_SPLIT).parent.mkdir()
            shutil.copy(source / EXAMPLE_SPLIT, folder / EXAMPLE_SPLIT)
        write_text(folder / ".gitignore", IGNORED)
    return load_project(target)
