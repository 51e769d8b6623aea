"""The labelling page of a real server in a real browser, whose console may stay empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")
pytest.importorskip("playwright", reason="needs playwright: uv sync --group dev")

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from streamer.types import Box
from tests.label_rig import TOKEN, Labelling, write
from tests.labelled_portraits import Seat, scene

SIZE = {"width": 1280, "height": 720}

NINE = (
    *(Seat(0, 70, 90, 80), Seat(1, 60, 200, 80), Seat(2, 64, 330, 92), Seat(3, 58, 450, 84), Seat(0, 66, 570, 90)),
    *(Seat(1, 40, 130, 240), Seat(2, 34, 260, 236), Seat(3, 44, 400, 244), Seat(0, 20, 540, 240)),
)
"""Five people in the front, four behind; the last one is small."""


def group(path: Path) -> tuple[Box, ...]:
    """Writes a picture of nine faces, 1280 × 720; returns where they are."""
    picture, boxes = scene(NINE)
    large = cv2.resize(picture, (SIZE["width"], SIZE["height"]), interpolation=cv2.INTER_CUBIC)
    write(path, large.astype("uint8"))
    return tuple(Box(2 * box.x1, 2 * box.y1, 2 * box.x2, 2 * box.y2) for box in boxes)


@contextmanager
def opened(
    chromium: Browser, work: Labelling, *, token: str | None = TOKEN, allowed: str = "", **options: Any
) -> Iterator[Page]:
    """The page, by the address that the terminal prints. It may say nothing on its console, but what has ``allowed``
    in it; a broken Content-Security-Policy would be said there."""
    told: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not (allowed and allowed in message.text):
            told.append(message.text)

    context = chromium.new_context(viewport={"width": 1440, "height": 900}, **options)
    context.set_default_timeout(5000)
    page = context.new_page()
    page.on("console", hear)
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(f"{work.server.url}/" + ("" if token is None else f"#token={token}"), wait_until="domcontentloaded")
    if token == TOKEN:
        ready(page)
    yield page
    context.close()
    assert told == []


def ready(page: Page, name: str | None = None) -> None:
    """Until the picture is there: that of the medium with this name, or the first one."""
    if name is not None:
        expect(page.locator("#name")).to_have_text(name)
    expect(page.locator("#picture")).to_be_visible()
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "false")


def go(page: Page, name: str) -> None:
    page.locator(f'#list button[title="{name}"]').click()
    ready(page, name)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def said(page: Page) -> None:
    """Until all that was done is saved."""
    expect(page.locator("#saved")).to_have_text("Saved")


def chosen(page: Page) -> Any:
    return page.locator("#panel h2").first


def on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the picture is on the screen, told by the picture itself."""
    place = page.locator("#picture").evaluate(
        "e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.width / e.width] }"
    )
    return place[0] + x * place[2], place[1] + y * place[2]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one point of the picture to another, by the mouse."""
    page.mouse.move(*on_screen(page, *start))
    page.mouse.down()
    page.mouse.move(*on_screen(page, *((a + b) / 2 for a, b in zip(start, end, strict=True))))
    page.mouse.move(*on_screen(page, *end))
    page.mouse.up()


def boxes(work: Labelling, index: int = 0, frame: int = 0) -> list[tuple[float, ...]]:
    """The marks on a frame, as they are saved."""
    marks = [mark for face in work.saved.media[index].faces for mark in face.marks if mark.frame == frame]
    return [(mark.x1, mark.y1, mark.x2, mark.y2) for mark in marks]
