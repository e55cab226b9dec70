"""Ids of all kinds are found again on a real Label Studio, whatever its filters do to characters."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.upload import load_annotations
from goldwire.model import Annotation, Document, Span
from goldwire.project import Project
from tests.annotate.helpers import make_schema
from tests.examples import at_most

pytestmark = pytest.mark.live
SCHEMA = make_schema()
_numbers = itertools.count(1)

AWKWARD = (
    *("news%20one", "a%2Fb%25c", "%", "%%", "100 %", "%C3%A9", "%u00e9", "%zz", "\\u0025", "a\\nb", "\\"),
    *(
        "a+b",
        "a b",
        "a&b=c",
        "?q=1&r=2",
        "a#b",
        "a;b,c",
        'say "x"',
        "it's",
        "`x`",
        "<b>x</b>",
        "&amp;",
        "${x}",
    ),
    *(
        " edge",
        "edge ",
        "edge",
        "\u00a0edge",
        "Case",
        "case",
        "CASE",
        "a_b",
        "a%b",
        "a*b",
        "[1]",
        "{}",
        "null",
    ),
    *(
        "1",
        "01",
        "1.0",
        "true",
        "été",
        unicodedata.normalize("NFD", "été"),
        "日本語",
        "الجزائر",
        "🥕👩‍🍳",
        "ß",
        "ss",
    ),
    *("https://news.example/a%20b?id=1&x=%E2%82%AC#top", "../x", "a/b", "x" * 300, "é" * 3000, "🥕%" * 900),
)
#: What may stand beside any of them: the parts that addresses, queries and patterns are made of.
_PARTS = st.sampled_from(
    ["%", "%20", "%25", "+", "&", "#", '"', "'", "\\", " ", "é", "e\u0301", "A", "a", "_"]
)
_IDS = st.lists(st.one_of(_PARTS, st.characters(exclude_categories=["Cs", "Cc"])), min_size=1, max_size=12)


def _push_twice_and_load(client: Client, project: Project, ids: Sequence[str]) -> None:
    """Many tasks beside them, so that the server is asked for theirs by a filter."""
    title = f"ids-{project.root.name[-20:]}-{next(_numbers)}"
    others = [Document(f"other-{number}", f"Texte {number}.") for number in range(len(ids) * 2 + 1)]
    documents = [Document(name, f"Un texte de {number}.") for number, name in enumerate(ids)]
    push(client, project, SCHEMA, [*documents, *others], title=title)
    again = push(client, project, SCHEMA, documents, title=title)
    assert (again.sent, again.present, again.tasks) == (0, len(ids), len(ids) + len(others))
    # Another text under the same id is a task of its own, and the former one is told.
    changed = [Document(document.id, f"{document.text} Bis.") for document in documents]
    later = push(client, project, SCHEMA, changed, title=title)
    assert (later.sent, sorted(later.outdated)) == (len(ids), sorted(ids))
    number = int(client.projects(title)[0]["id"])
    work = [Annotation(d.id, "anna", SCHEMA.id, spans=(Span("s", "thing", "FOOD", 0, 2),)) for d in documents]
    assert load_annotations(client, number, work, SCHEMA).sent == len(ids)
    assert load_annotations(client, number, work, SCHEMA).sent == 0


def test_awkward_ids_are_found_again(client: Client, project: Project) -> None:
    """Addresses, escapes, quotes, blanks, case, scripts, long ids: pushed twice once, and all loaded."""
    _push_twice_and_load(client, project, AWKWARD)


@settings(
    max_examples=at_most(6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(names=st.lists(_IDS.map("".join), min_size=3, max_size=12, unique=True))
def test_any_ids_are_found_again(client: Client, project: Project, names: list[str]) -> None:
    """Whatever the ids are, a second push sends nothing, and a load finds every task."""
    _push_twice_and_load(client, project, names)


@pytest.mark.parametrize(
    "name", ["  edge {}", "100% {}", "a%20b {}", "<b>&amp;</b> {}", "été 🥕 {}", "a_b+c&d#{}"]
)
def test_a_projects_name_is_found_again(client: Client, project: Project, name: str) -> None:
    """A project of any name is made once: the second push finds it."""
    title = name.format(next(_numbers)) + project.root.name[-12:] + (" " if name.startswith(" ") else "")
    documents = [Document("d", "Un texte.")]
    assert push(client, project, SCHEMA, documents, title=title).created
    assert not push(client, project, SCHEMA, documents, title=title).created
