"""The labelling page when something is wrong: who may come in, what somebody else did, a server that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")
pytest.importorskip("playwright", reason="needs playwright: uv sync --group dev")

from playwright.sync_api import Browser, Page, Route, expect

from streamer.types import Box
from tests.chromium import browser
from tests.label_page import boxes, chosen, drag, go, opened, press, ready, said
from tests.label_rig import TOKEN, Seeing, drawn, grey, labelling, portrait
from tests.test_pages_browser import HEADINGS, LACKS_A_NAME

SIZES = ((768, 1024), (1280, 720), (1440, 900))

EDITS = "**/edits"

REFUSED = "Failed to load resource"
"""What the browser itself writes on the console for an answer that is none, or an error."""

HEAD = (140.0, 60.0, 320.0, 300.0)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


def test_nobody_comes_in_without_the_token_which_stays_in_no_address(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path) as work:
        with opened(chromium, work, token="not-the-token-0123456789", allowed=REFUSED) as page:
            expect(page.locator("#problem")).to_contain_text("each start makes a new one")
            assert page.url == f"{work.server.url}/"
        with opened(chromium, work, token=None, allowed=REFUSED) as page:
            expect(page.get_by_label("Token")).to_be_focused()
            press(page, "Escape")  # there is no way round
            page.keyboard.type("wrong-token-0123456789")
            press(page, "Enter")
            expect(page.locator("#problem")).to_contain_text("not valid")
            page.keyboard.type(TOKEN)
            press(page, "Enter")
            ready(page, "a.png")
            expect(page.locator("#door")).to_be_hidden()
            page.reload()
            ready(page, "a.png")
            assert TOKEN not in page.content()
            assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_a_new_address_lets_in_again_with_all_that_was_done(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path) as work, opened(chromium, work, allowed=REFUSED) as page:
        page.context.clear_cookies()
        drag(page, HEAD[:2], HEAD[2:])
        expect(page.locator("#door")).to_be_visible()
        expect(page.locator("#strip")).to_contain_text("no longer signed in")
        page.evaluate(f"location.hash = 'token={TOKEN}'")
        said(page)
        assert boxes(work) == [HEAD]
        assert page.url == f"{work.server.url}/"


def test_what_somebody_else_did_is_shown_and_ones_own_done_on_top(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path) as work, opened(chromium, work, allowed=REFUSED) as page:
        drag(page, HEAD[:2], HEAD[2:])
        said(page)
        work.edit(do="add", mark=drawn(0, (400, 400, 440, 450)))
        press(page, "2")
        expect(page.locator("#note")).to_contain_text("changed elsewhere")
        expect(page.locator("#note")).to_contain_text("done again")
        expect(page.locator("#boxes .face")).to_have_count(2)
        said(page)
        first = work.saved.media[0].faces[0]
        assert [one.label for one in first.said] == ["happiness"]
        work.edit(do="say", face=first.id, frame=0, label="fear")
        press(page, "Escape", "Tab", "5")
        expect(page.locator("#note")).to_contain_text("Not done: “anger”")
        expect(page.locator(".face.fear")).to_have_count(1)
        said(page)
        assert [one.label for one in work.saved.media[0].faces[0].said] == ["fear"]


def test_nothing_is_lost_while_the_server_does_not_answer(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path) as work, opened(chromium, work, allowed=REFUSED) as page:
        page.route(EDITS, lambda route: route.abort())
        drag(page, HEAD[:2], HEAD[2:])
        press(page, "2", "c")
        expect(page.locator("#saved")).to_have_text("Not saved: the server does not answer")
        expect(page.locator("#strip")).to_contain_text("python -m tools.label")
        expect(page.locator("#strip")).to_contain_text("The last 3 things you did are kept here")
        expect(page.locator(".face.happiness")).to_have_count(1)
        assert boxes(work) == []
        page.unroute(EDITS)
        page.evaluate("dispatchEvent(new Event('online'))")
        said(page)
        expect(page.locator("#strip")).to_be_hidden()
        assert boxes(work) == [HEAD]
        assert [one.label for one in work.saved.media[0].faces[0].said] == ["happiness"]
        assert work.saved.media[0].complete


def test_what_was_saved_without_an_answer_is_not_done_twice(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path) as work, opened(chromium, work, allowed=REFUSED) as page:

        def swallow(route: Route) -> None:
            route.fetch()
            route.abort()

        page.route(EDITS, swallow, times=1)
        drag(page, HEAD[:2], HEAD[2:])
        press(page, "2")
        expect(page.locator("#saved")).to_contain_text("Not saved")
        assert boxes(work) == [HEAD]
        said(page)
        assert boxes(work) == [HEAD]
        assert [one.label for one in work.saved.media[0].faces[0].said] == ["happiness"]


def test_a_full_disk_is_said_and_waited_for_and_a_refusal_taken_back(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path) as work, opened(chromium, work, allowed=REFUSED) as page:
        drag(page, HEAD[:2], HEAD[2:])
        said(page)

        def problem(status: int, detail: str) -> None:
            body = {"title": "x", "status": status, "detail": detail}
            page.route(EDITS, lambda route: route.fulfill(status=status, json=body))

        problem(507, "not saved, and so not done: the disk is full")
        press(page, "4")
        expect(page.locator("#strip")).to_contain_text("the disk is full")
        page.unroute(EDITS)
        page.get_by_role("button", name="Try now").dispatch_event("click")
        said(page)
        problem(422, "the face is too <b>small</b>")
        press(page, "Alt+ArrowLeft", "5")
        expect(page.locator("#saved")).to_contain_text("the face is too <b>small</b> (it was taken back)")
        expect(page.locator(".face.sadness")).to_have_count(1)
        page.unroute(EDITS)
        press(page, "0")
        said(page)
        assert [one.label for one in work.saved.media[0].faces[0].said] == ["unsure"]
        assert boxes(work) == [HEAD]


def test_undo_says_what_it_cannot_do(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    grey(tmp_path / "b.png")
    with labelling(tmp_path) as work, opened(chromium, work, allowed=REFUSED) as page:
        press(page, "u")
        expect(page.locator("#note")).to_contain_text("nothing to undo")
        drag(page, HEAD[:2], HEAD[2:])
        said(page)
        go(page, "b.png")
        press(page, "u")
        ready(page, "a.png")  # where it was done
        expect(page.locator("#note")).to_have_text("Undone.")
        assert boxes(work) == []


def test_a_detector_that_fails_says_why(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path, detector=Seeing(Box(*HEAD))) as work, opened(chromium, work, allowed=REFUSED) as page:
        failed = {
            "state": "failed",
            "index": 0,
            "done": 0,
            "total": 1,
            "reason": "its weights are not here: fetch them",
        }
        page.route("**/api/v1/label", lambda route: route.fulfill(json=work.now | {"proposing": failed}))
        press(page, "d")
        expect(page.locator("#note")).to_have_text("No boxes were proposed: its weights are not here: fetch them")


def test_a_picture_that_cannot_be_shown_says_why_and_the_next_can(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    grey(tmp_path / "b.png")
    with labelling(tmp_path):
        pass
    portrait(tmp_path / "b.png")  # another one than was labelled
    with labelling(tmp_path) as work, opened(chromium, work, allowed=REFUSED) as page:
        page.locator('#list button[title="b.png"]').click()
        expect(page.locator("#empty")).to_contain_text("This picture cannot be shown")
        expect(page.locator("#empty")).to_contain_text("b.png")
        expect(page.locator("#list li").last).to_contain_text("cannot be used")
        expect(page.locator("#propose")).to_be_disabled()
        press(page, "n")
        ready(page, "a.png")
        page.route("**/api/v1/label", lambda route: route.fulfill(json=work.now | {"media": []}))
        page.reload()
        expect(page.locator("#empty")).to_contain_text("python -m tools.label FOLDER")


def test_it_fits_every_screen_and_is_open_to_keyboard_and_ear(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path) as work, opened(chromium, work) as page:
        drag(page, HEAD[:2], HEAD[2:])
        expect(chosen(page)).to_have_text("Face 1 of 1")
        expect(page.locator("#announcer")).to_have_text("Face 1 of 1: nothing said yet")
        expect(page.locator(".creed")).to_have_text(
            "Apparent expression: what the face shows, not what the person feels."
        )
        assert page.evaluate(LACKS_A_NAME) == []
        levels = page.evaluate(HEADINGS)
        assert all(after - before <= 1 for before, after in pairwise(levels)), levels
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                assert page.evaluate(FITS) == [], (theme, width)
        focus_is_seen(page)
        page.locator("#stage").focus()
        press(page, "?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        press(page, "Escape")
        expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
        press(page, "2")
        expect(page.locator("#announcer")).to_have_text("Face 1 of 1: happiness")


FITS = """() => {
  const parts = ['.bar', '#list', '.tools', '#stage', '#panel'].map((name) => document.querySelector(name));
  const width = document.documentElement.clientWidth;
  const wide = (e) => e.getBoundingClientRect().right > width + 1;
  const cut = (e) => e.id !== 'list' && e.id !== 'stage' && e.scrollWidth > e.clientWidth + 1;
  const out = parts.filter((e) => cut(e) || (e.id !== 'list' && wide(e))).map((e) => e.id || e.className);
  return document.documentElement.scrollWidth > width ? [...out, 'page'] : out;
}"""


FOCUS = """() => {
  const e = document.activeElement;
  return [e.id || e.textContent, getComputedStyle(e).outlineStyle];
}"""


def focus_is_seen(page: Page) -> None:
    """All the way through the page, and out of the picture on both sides."""
    reached = []
    page.locator("#undo").focus()
    for _ in range(40):
        press(page, "Tab")
        name, style = page.evaluate(FOCUS)
        if page.evaluate("document.activeElement === document.body"):
            break  # past the last one
        assert style == "solid", name
        reached.append(name)
    assert {"stage", "detector", "draw", "attribute", "2happiness"} <= set(reached)
