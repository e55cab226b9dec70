"""What holds for all tests: a home of their own, no dependence on speed, one real Label Studio."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from goldwire.errors import GoldwireError, install_hint
from goldwire.project import load_project
from goldwire.redaction import forget_secrets
from tests import isolation, shared
from tests.examples import ALL
from tests.reaper import quick_folder, reaping

if TYPE_CHECKING:
    from label_studio_sdk.label_interface import LabelInterface

    from goldwire.annotate.labelstudio.client import Client
    from goldwire.annotate.labelstudio.server import Server


# Before any library looks for its cache, which some do when they are imported.
_HOME = isolation.enter()

# A slow machine is no fault: neither an example that takes long nor a slow search for examples ends a test.
settings.load_profile(ALL)

#: What a test needs that asks for one of these: `make check` runs those that need none of it.
_NEEDS = {"studio": "live", "cluster": "live", "browser": "browser", "trained": "slow"}
#: Marks of tests that take long: these begin first, so that none is left to run alone at the end.
_LONG = ("slow", "browser", "live")
#: What is made once for all tests that ask for it, which is why these run in one process.
_SHARED = ("studio", "cluster", "label_interface")
#: Half of those that ask Label Studio without a browser: with a server of their own they run beside the rest.
_SECOND_SERVER = ("tests/annotate/sync", "tests/annotate/team", "tests/annotate/drafting")
#: Tests with trainings: the process that workers are forked from imports for seconds, once for all of them.
_TRAININGS = (
    "tests/train/",
    "tests/api/test_models.py",
    "tests/archive/test_run.py",
    "tests/archive/test_select.py",
    "tests/new_project/test_languages.py",
    "tests/test_docs.py::test_the_commands_of_all_pages",
    "tests/test_examples.py",
    "tests/test_table.py::test_what_training_comes_to",
    "tests/annotate/sync/test_full_disk.py::test_a_model_is_there",
)


def pytest_make_parametrize_id(val: object) -> str | None:
    """A text in a test's name ends somewhere: some are megabytes, and workers send each name twice."""
    if isinstance(val, str | bytes) and len(val) > 80:
        return f"{val[:40]!s}… of {len(val)}"
    return None


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests are marked by what they ask for; those that share what is dear to make go to one worker."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        for name in _NEEDS.keys() & set(names):
            item.add_marker(_NEEDS[name])
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))
    if hasattr(config, "workerinput"):  # shared out among processes, in this order
        items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[bool, bool, int]:
    """What takes long comes first: what one process does in one go, then loops of server and training."""
    marks = sum(item.get_closest_marker(mark) is not None for mark in _LONG)
    return not marks, item.get_closest_marker("xdist_group") is None, -marks


def _group(item: pytest.Item) -> str:
    """The one server, the one trained pipeline, or what a module makes once, with its parameter."""
    info = getattr(item, "_fixtureinfo", None)
    if info is None or any(item.iter_markers("xdist_group")):
        return ""
    for name in _SHARED:
        if name in info.names_closure:
            return _server(item, info.names_closure) if name == "studio" else name
    if item.nodeid.startswith(_TRAININGS):
        return "trainings"
    made = sorted(
        name
        for name, definitions in info.name2fixturedefs.items()
        if definitions[-1].scope == "module" and name in info.names_closure and name != "standing"  # a page
    )
    if not made:
        return ""
    # Parameters of the test itself part nothing.
    indices = item.callspec.indices if hasattr(item, "callspec") else {}
    given = [str(indices[name]) for name in made if name in indices]
    return " ".join([item.nodeid.partition("::")[0], *made, *given])


def _server(item: pytest.Item, fixtures: Sequence[str]) -> str:
    """The group of those that ask one Label Studio: a block of tests is as long as its server works."""
    if "browser" in fixtures:
        return "studio browser"
    return "studio second" if item.nodeid.startswith(_SECOND_SERVER) else "studio"


def pytest_collectstart() -> None:
    """What a module compiles when it is imported stays too."""
    _keep_patterns()


def _keep_patterns() -> None:
    """Python keeps 512 patterns, and 50 once scipy was imported: that of spaCy's French rules takes 2 s."""
    re._MAXCACHE = 100_000  # type: ignore[attr-defined]


def pytest_collection_finish() -> None:
    """What was imported for the tests stays to the end: garbage is looked for beside it, and not so often."""
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """No test runs without the data that it reads."""
    _keep_patterns()
    shared.require(item)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests could not run for want of data, in one line."""
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", ())]
    if line := shared.told(skipped):
        terminalreporter.section("data", yellow=True)
        terminalreporter.line(line, yellow=True)


def pytest_unconfigure() -> None:
    """The run's home goes with it."""
    isolation.leave(_HOME)


@pytest.fixture(scope="session", autouse=True)
def no_server_outlives_its_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers that a test left, or all of a session that was killed, are ended."""
    with reaping(tmp_path_factory.getbasetemp()):
        yield


@pytest.fixture(autouse=True)
def secrets_of_other_tests_are_forgotten() -> None:
    """A word that one test takes for a token is a word again in the next."""
    forget_secrets()


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running Label Studio, from the user's migrated folder; where CI is `true` a missing one fails."""
    from goldwire.annotate.labelstudio import server

    with quick_folder(tmp_path_factory.mktemp("studio")) as root:
        (root / "goldwire.toml").write_text(
            '[project]\nname = "tests"\nlanguage = "fr"\nschema = "none.yaml"\n'
        )
        try:
            with server.serving(load_project(root)) as running:
                yield running
        except GoldwireError as error:
            if error.faults[0].code != "GW301" or os.environ.get("CI") == "true":
                raise
            pytest.skip(f"Label Studio is not installed: {install_hint('studio')}")


@pytest.fixture
def client(studio: Server) -> Iterator[Client]:
    """A client of the shared server."""
    from goldwire.annotate.labelstudio.client import Client

    with Client(studio.url, studio.token) as connected:
        yield connected


@pytest.fixture(scope="session")
def label_interface() -> type[LabelInterface]:
    """Label Studio's own parser of configs; with it come the libraries of every store in the cloud, .8 s."""
    from label_studio_sdk import label_interface as module

    parser: type[LabelInterface] = module.LabelInterface
    return parser
