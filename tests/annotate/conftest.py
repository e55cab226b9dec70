"""What all tests of Label Studio share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.project import Project, load_project
from tests.annotate.helpers import make_schema

if TYPE_CHECKING:
    from goldwire.annotate.ml_backend.predictor import Assistant


@pytest.fixture(scope="session")
def personal_token(studio: Server) -> str:
    """A personal access token of the shared server's account, which may have only one."""
    with Client(studio.url, studio.token) as client:
        settings = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": True, "api_token_ttl_days": 30}
        client.request("POST", "api/jwt/settings", body=settings)
        return str(client.request("POST", "api/token/", body={})["token"])


@pytest.fixture
def named_server(studio: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The shared server, as the one that commands find in the environment."""
    monkeypatch.setenv("GOLDWIRE_URL", studio.url)
    monkeypatch.setenv("GOLDWIRE_TOKEN", studio.token)
    return studio


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project under a name of its own."""
    text = f'[project]\nname = "{tmp_path.name}"\nlanguage = "fr"\nschema = "s.yaml"\n'
    (tmp_path / "goldwire.toml").write_text(text, encoding="utf-8")
    return load_project(tmp_path)


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small pipeline, which no test changes."""
    from tests.annotate.ml_backend.tiny_pipeline import make_pipeline

    return make_pipeline(tmp_path_factory.mktemp("assist") / "kitchen")


@pytest.fixture(scope="module")
def assistant(pipeline: Path) -> Assistant:
    """The small pipeline, held to the tests' schema."""
    from goldwire.annotate.ml_backend.predictor import Assistant

    return Assistant(str(pipeline), make_schema())
