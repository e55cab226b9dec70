"""What all tests of Label Studio share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from goldwire.annotate.client import Client
from goldwire.annotate.server import Server
from tests.annotate.reaper import reaping


@pytest.fixture(scope="session", autouse=True)
def no_server_outlives_its_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers that a test left, or all of a session that was killed, are ended."""
    with reaping(tmp_path_factory.getbasetemp()):
        yield


@pytest.fixture(scope="session")
def personal_token(studio: Server) -> str:
    """A personal access token of the shared server's account, which may have only one."""
    with Client(studio.url, studio.token) as client:
        settings = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": True, "api_token_ttl_days": 30}
        client.request("POST", "api/jwt/settings", body=settings)
        return str(client.request("POST", "api/token/", body={})["token"])
