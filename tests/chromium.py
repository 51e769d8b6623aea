"""A real browser without a window for tests of pages and of WebRTC; its camera, where it needs one, plays a file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="needs playwright: uv sync --group dev")

from playwright.sync_api import Browser, BrowserContext, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = (
    "--no-sandbox",  # a test may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


def program() -> str:
    """The browser's path, or ``GROUPMOOD_CHROMIUM``; skips the test, with the reason, where there is none."""
    found = os.environ.get("GROUPMOOD_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("needs Chromium on the PATH (Debian: apt install chromium), or its path in GROUPMOOD_CHROMIUM")
    return found


@contextmanager
def browser(camera: Path | None = None, flags: Sequence[str] = ()) -> Iterator[Browser]:
    """A running browser. ``camera``: a file of JPEG pictures one after the other (``.mjpeg``), played over and over at
    30 a second as what getUserMedia gives, without asking; a moving test pattern where there is none.

    Use it from plain test functions: Playwright's synchronous API cannot run inside an asyncio loop.
    """
    path = program()
    wanted = [*FLAGS, *flags, *([f"--use-file-for-fake-video-capture={camera}"] if camera is not None else [])]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, headless=True, args=wanted)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def context(
    camera: Path | None = None, flags: Sequence[str] = (), *, scripts: bool = False
) -> Iterator[BrowserContext]:
    """A browser with one empty profile, and an end to all waiting after 10 s. ``scripts``: those of the test may run
    whatever the server's Content-Security-Policy says."""
    with browser(camera, flags) as running:
        made = running.new_context(bypass_csp=scripts)
        made.set_default_timeout(10_000)
        yield made
