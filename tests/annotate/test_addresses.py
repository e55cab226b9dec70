"""Which host an address names, and whether that is this machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.addresses import host_of, is_loopback


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:8080/v1", "127.0.0.1"),
        ("https://LLM.example/v1", "llm.example"),
        ("http://[::1]:80", "::1"),
        ("http://host:0/v1", ""),
        ("http://host:99999", ""),
        ("ftp://host", ""),
        ("http://anna:word@host", ""),
        ("http://host/?key=word", ""),
        ("http://..//v1", ""),
        (f"http://{70 * 'a'}.example", ""),
        ("", ""),
    ],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    """None where it is no address of a server that can be asked."""
    assert host_of(url) == host


@given(st.text(max_size=30) | st.text(alphabet="/:@[]?#.%a1\ud800", max_size=20))
def test_no_text_is_a_fault_of_ours(rest: str) -> None:
    """Whatever stands where an address should be, there is a host or none."""
    assert isinstance(is_loopback(host_of(f"http://{rest}")), bool)


def test_names_that_only_look_like_this_machine() -> None:
    """An address of the loopback, or `localhost`; a name that begins as one does may lead anywhere."""
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.0.0.2", "::1")))
    assert not any(
        map(is_loopback, ("127.example", "127.0.0.1.example", "localhost.example", "10.0.0.1", ""))
    )
