"""The addresses that pages about the corpus give for Label Studio's tasks."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.sync.push import push
from goldwire.annotate.team.task_links import task_links
from goldwire.model import Document
from goldwire.project import load_project
from goldwire.schemas import load_schema

MINI = Path(__file__).parents[2] / "data/mini/schemas/mini.yaml"


@pytest.mark.live
def test_each_link_leads_to_the_task_of_its_article(studio: Server, tmp_path: Path) -> None:
    """Every pushed article has an address whose task holds that article; what was not pushed has none."""
    settings = f'[project]\nname = "task-links"\nlanguage = "fr"\nschema = "{MINI}"\n'
    (tmp_path / "goldwire.toml").write_text(settings, encoding="utf-8")
    project = load_project(tmp_path)
    documents = [Document(name, f"Anna pèle la pomme {name}.") for name in ("a", "b", "c")]
    with Client(studio.url, studio.token) as client:
        assert task_links(client, project) == {}
        push(client, project, load_schema(project.schema_path), documents[:2])
        links = task_links(client, project)
        assert sorted(links) == ["a", "b"]
        for name, link in links.items():
            (task,) = parse_qs(urlsplit(link).query)["task"]
            assert client.request("GET", f"api/tasks/{task}/")["data"]["id"] == name
