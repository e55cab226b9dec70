"""A request that fails says how: no answer, none in time, an answer that is no API's."""

from __future__ import annotations

import socket

import pytest

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.labelstudio.transport import Unsure
from goldwire.errors import GoldwireError


def test_a_web_page_is_no_answer(studio: Server) -> None:
    """An address that leads to a page instead of the API is told as such."""
    with Client(f"{studio.url}/elsewhere", studio.token) as client, pytest.raises(GoldwireError) as caught:
        client.whoami()
    assert caught.value.faults[0].code == "GW314"
    assert "a web page where JSON was expected" in str(caught.value)


def test_a_missing_answer_is_unsure() -> None:
    """A request that nobody answers in time may have been carried out, and says so by its type."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Client(url, "0123456789", timeout=0.2) as client, pytest.raises(Unsure, match="GW316"):
            client.whoami()


def test_a_server_that_is_away_is_named() -> None:
    """An address where nothing listens is told with the way to a server of one's own."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    with Client(url, "0123456789") as client, pytest.raises(GoldwireError, match="annotate serve") as caught:
        client.whoami()
    assert caught.value.faults[0].code == "GW313"
