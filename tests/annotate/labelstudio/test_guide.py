"""The guide within reach: beside the tasks of a real Label Studio, linked, and never twice."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import pytest

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.guide import guide_of
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import push
from goldwire.errors import GoldwireError
from goldwire.model import Document
from goldwire.project import Project, load_project
from goldwire.schemas import Schema
from tests.annotate.helpers import TEXT, make_schema

DOCUMENTS = [Document("one", TEXT)]


def fetched(studio: Server, address: str) -> tuple[str, str]:
    """A page of the server as whoever has the token gets it: text and policy."""
    request = urllib.request.Request(studio.url + address, headers={"Authorization": f"Token {studio.token}"})
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode(), str(answer.headers["Content-Security-Policy"])


def files_of(client: Client, number: int) -> list[str]:
    """What was uploaded into a project."""
    return [str(file["file"]) for file in client.uploads(number)]


def test_push_puts_the_guide_beside_the_tasks(studio: Server, client: Client, project: Project) -> None:
    """The page is there for whoever is logged in, with no task made of it; instructions and panel lead to
    it; a second push sends nothing, and a pull finds the config to be the schema's."""
    schema = make_schema()
    number = push(client, project, schema, DOCUMENTS).project
    [file] = files_of(client, number)
    remote = client.project(number)
    page, policy = fetched(studio, f"/data/{file}")
    assert 'id="thing-FOOD"' in page and "sandbox" in policy
    assert f'href="/data/{file}#thing-FOOD"' in remote["expert_instruction"]
    assert f"/data/{file}#step-CUT" in remote["label_config"]
    assert remote["task_number"] == 1
    assert push(client, project, schema, DOCUMENTS).sent == 0
    assert files_of(client, number) == [file]
    assert client.project(number)["label_config"] == remote["label_config"]
    assert pull(client, project, schema, DOCUMENTS).tasks == 1


def test_nobody_reads_the_guide_without_an_account(studio: Server, client: Client, project: Project) -> None:
    """The page holds examples of the articles: a stranger gets none of it."""
    [file] = files_of(client, push(client, project, make_schema(), DOCUMENTS).project)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{studio.url}/data/{file}")


def test_a_changed_guide_takes_the_place_of_the_old(client: Client, project: Project) -> None:
    """One page at a time: the last one goes, what others uploaded stays, links lead to the new one."""
    schema = make_schema()
    number = push(client, project, schema, DOCUMENTS).project
    client.upload(number, "goldwire.html", "<p>theirs</p>", "text/html")
    [old, theirs] = files_of(client, number)
    changed: Schema = msgspec.structs.replace(schema, title="Anders")
    push(client, project, changed, DOCUMENTS)
    kept, new = files_of(client, number)
    assert (kept, new != old) == (theirs, True)
    remote = client.project(number)
    assert new in remote["label_config"] and old not in remote["label_config"]
    assert new in remote["expert_instruction"] and old not in remote["expert_instruction"]


def named(project: Project, address: str) -> Project:
    """The project, its guide said to be at an address."""
    config = project.root / "goldwire.toml"
    text = config.read_text(encoding="utf-8") + f'[annotate]\nguide_url = "{address}"\n'
    config.write_text(text, encoding="utf-8")
    return load_project(project.root)


def test_a_guide_that_lies_elsewhere_is_linked_there(client: Client, project: Project) -> None:
    """With `guide_url` nothing is uploaded, and all links lead to that address."""
    number = push(client, named(project, "https://guide.example/g"), make_schema(), DOCUMENTS).project
    assert files_of(client, number) == []
    remote = client.project(number)
    assert "https://guide.example/g#thing-FOOD" in remote["label_config"]
    assert 'href="https://guide.example/g#thing-FOOD"' in remote["expert_instruction"]


def test_an_address_that_is_none_is_refused(project: Project) -> None:
    """A `guide_url` that no browser would follow, or would run, is named before anything is sent."""
    with pytest.raises(GoldwireError, match="GW780"):
        guide_of(named(project, "javascript:alert(1)"), make_schema())


def test_a_config_without_a_panel_has_the_links_at_its_top(tmp_path: Path, project: Project) -> None:
    """Configs of others have no panel to put them into: they stand above all else."""
    guide = guide_of(project, make_schema())
    linked = guide.linked("<View><Text name='text' value='$text'/></View>", "/data/x.html")
    assert linked.index("<Markdown") < linked.index("<Text")
