"""The system's Chromium, for tests, pictures and benchmarks."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

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
