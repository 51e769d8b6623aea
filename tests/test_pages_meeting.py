"""A browser brings its camera to a meeting: what it is asked first, what it is told, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")
pytest.importorskip("playwright", reason="needs playwright: uv sync --group dev")

from playwright.sync_api import Browser, Page, expect

from streamer.inlet import Inlet
from streamer.types import FrameResult
from streamer.web.site import Access, RoomInfo
from tests.chromium import browser
from tests.page_state import LIVELY, page_site, publish
from tests.rooms import person
from tests.test_pages_browser import begin, opened
from tests.web_site import TOKENS

DRAWN = """() => {
  const copy = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  copy.drawImage(document.getElementById('faces'), 0, 0, 300, 150);
  return copy.getImageData(0, 0, 300, 150).data.some((value) => value > 0);
}"""

REFUSE = "() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', '%s') } }"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


def live(page: Page) -> None:
    begin(page)
    page.get_by_role("button", name="My camera").click()
    expect(page.locator("#sending")).to_contain_text("Your picture is being sent")


def test_a_camera_is_brought_and_the_room_is_seen_and_stop_ends_it(chromium: Browser) -> None:
    place = Inlet("Front")
    site = page_site(inlets={"Front": place})
    with opened(chromium, site, "/meeting", permissions=["camera"]) as page:
        live(page)
        assert place.box.take(5.0) is not None
        publish(site.hub, LIVELY, 1.0)
        expect(page.locator("#verdict")).to_have_text("The room looks rather pleasant")
        publish(site.hub, None, 2.0)
        expect(page.locator("#reason")).to_contain_text("Fewer than 5 people are seen, or nobody")
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator("#problem")).to_have_text("Stopped. Nothing is sent any more.")
        expect(page.locator("#source-title")).to_be_focused()
        wait_until_free(page, place)


def wait_until_free(page: Page, place: Inlet) -> None:
    for _ in range(50):
        if not place.taken:
            return
        page.wait_for_timeout(50)
    raise AssertionError("the place was not given back")


def test_one_person_sees_the_own_picture_with_what_is_said_of_it(chromium: Browser) -> None:
    place = Inlet("Front")
    rooms = {"Seminar": RoomInfo("Seminar", ("Front",), 1)}
    with opened(
        chromium, page_site(purpose="self", inlets={"Front": place}, rooms=rooms), "/meeting", permissions=["camera"]
    ) as page:
        expect(page.locator("#informed-words")).to_contain_text("I am the one who can be seen")
        live(page)
        expect(page.locator("#own")).to_be_visible()
        arrival = place.box.take(5.0)
        assert arrival is not None
        for index in range(100):
            place.tell(FrameResult("Front", index, 0.0, arrival.captured, (person(),), None, size=(640, 480)))
            page.wait_for_timeout(20)
            if page.evaluate(DRAWN):
                break
        assert page.evaluate(DRAWN), "no face was drawn"
        expect(page.locator("#sending")).to_contain_text("after the picture")


def test_without_a_camera_the_next_step_is_said(chromium: Browser) -> None:
    said = {
        "NotAllowedError": "Allow it beside the address of this page",
        "NotFoundError": "No camera was found",
        "NotReadableError": "in use by another program",
        "OddError": "OddError",
    }
    with opened(chromium, page_site(inlets={"Front": Inlet("Front")}), "/meeting") as page:
        begin(page)
        for error, words in said.items():
            page.evaluate(REFUSE % error)
            page.get_by_role("button", name="My camera").click()
            expect(page.locator("#problem")).to_contain_text(words)
        expect(page.get_by_role("button", name="A window or screen")).to_be_visible()


def test_a_place_that_is_taken_is_said(chromium: Browser) -> None:
    place = Inlet("Front")
    place.take()
    site = page_site(inlets={"Front": place})
    with opened(chromium, site, "/meeting", allowed="409", permissions=["camera"]) as page:
        begin(page)
        page.get_by_role("button", name="My camera").click()
        expect(page.locator("#problem")).to_contain_text("Somebody else brings a picture to this place now")


def test_the_place_can_be_chosen_and_is_as_the_address_says(chromium: Browser) -> None:
    site = page_site(inlets={name: Inlet(name) for name in ("Front", "Back")})
    with opened(chromium, site, "/meeting/Back") as page:
        begin(page)
        expect(page.locator("#place")).to_have_value("Back")


def test_without_a_place_the_page_says_how_to_have_one(chromium: Browser) -> None:
    with opened(chromium, page_site(), "/meeting") as page:
        expect(page.locator("#no-place")).to_be_visible()
        expect(page.locator("#step-purpose")).to_be_hidden()


def test_who_may_only_look_is_told_what_is_needed(chromium: Browser) -> None:
    site = page_site(access=Access(tokens=TOKENS), inlets={"Front": Inlet("Front")})
    with opened(chromium, site, "/meeting", allowed="403", permissions=["camera"]) as page:
        page.get_by_label("Token").fill(TOKENS.viewer or "")
        page.keyboard.press("Enter")
        begin(page)
        page.get_by_role("button", name="My camera").click()
        expect(page.locator("#problem")).to_contain_text("you need the administrator’s token")
