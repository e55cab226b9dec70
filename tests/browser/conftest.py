"""A real browser: the system's Chromium, driven by playwright."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import launch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as play:
        try:
            launched = launch(play)
        except Error as error:
            reason = f"no Chromium: {str(error).splitlines()[0]}; install Debian's chromium"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        yield launched
        launched.close()


@contextmanager
def _watched(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own, on which an error fails the test; it tells what its policy refuses."""
    context = browser.new_context(viewport={"width": 1500, "height": 1000})
    context.set_default_timeout(180_000)  # a slow machine is no fault
    context.add_init_script(
        "document.addEventListener('securitypolicyviolation', (e) => console.error("
        "`${e.violatedDirective} ${e.blockedURI} ${e.sample}`))"
    )
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page; an error on the page fails the test."""
    with _watched(browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def standing(browser: Browser) -> Iterator[Page]:
    """A page for all tests of a module that look at one and the same thing, which is dear to open."""
    with _watched(browser) as opened:
        yield opened
