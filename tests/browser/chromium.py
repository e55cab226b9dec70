"""The system's Chromium, for tests, pictures and benchmarks."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

#: The first that is there. The shell is the same engine without windows, and takes a fifth of the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
#: Chromium keeps to itself: no background calls, no first-run pages.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launch(play: Playwright) -> Browser:
    """A Chromium of the system, else playwright's own; its error where there is none."""
    path = next((place for name in NAMES if (place := shutil.which(name))), None)
    return play.chromium.launch(executable_path=path, args=ARGUMENTS)


@contextmanager
def heard_on(page: Page, *known: str) -> Iterator[list[str]]:
    """All that a page says meanwhile: errors, messages, dialogs, requests but those to what is known."""
    heard: list[str] = []
    listeners: dict[Any, Callable[[Any], None]] = {
        "pageerror": lambda error: heard.append(str(error)),
        "console": lambda message: heard.append(message.text),
        "dialog": lambda dialog: heard.append(f"dialog {dialog.message}"),
        "request": lambda asked: None if asked.url.startswith(known) else heard.append(asked.url),
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    yield heard
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
