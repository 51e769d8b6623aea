"""A page of a room's past in a real browser, and what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from streamer.web.site import Site
from tests.web_site import serving


@contextmanager
def opened(chromium: Browser, site: Site, path: str = "/history", **options: Any) -> Iterator[Page]:
    """A page that may say nothing on its console but what was refused."""
    told: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "the server responded with a status of 40" not in message.text:
            told.append(message.text)

    with serving(site) as server:
        context = chromium.new_context(
            viewport={"width": 1440, "height": 1000}, timezone_id="Europe/Berlin", reduced_motion="reduce", **options
        )
        context.set_default_timeout(5000)
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(server.url + path, wait_until="domcontentloaded")
        yield page
        context.close()
    assert told == []


def span_of(page: Page) -> tuple[int, int]:
    """As the address says."""
    address = page.evaluate("location.href")  # page.url is told a little later
    found = re.search(r"#from=(\d+)&to=(\d+)", address)
    assert found is not None, address
    return int(found[1]), int(found[2])


def settled(page: Page, note: str) -> None:
    """Wait until the data of the span that is shown is there."""
    expect(page.locator("#note")).to_contain_text(note)
    expect(page.locator("#past")).not_to_have_attribute("data-asking", "true")
