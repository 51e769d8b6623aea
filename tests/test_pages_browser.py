"""The pages in a real browser: what is seen, at every size and in both themes, by hand, by keyboard and by ear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")
pytest.importorskip("playwright", reason="needs playwright: uv sync --group dev")

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from streamer.fanout import Fanout
from streamer.inlet import Inlet
from streamer.packets import Packet
from streamer.types import RoomSigns
from streamer.web.site import Access, RoomInfo, Site
from tests.chromium import browser
from tests.page_state import LIVELY, SPLIT, cameras, five_minutes, page_site, publish
from tests.web_site import TOKENS, VIEWER, asked, serving, status

SIZES = ((360, 740), (768, 1024), (1440, 900))

LACKS_A_NAME = """() => {
  const named = (e) => (e.getAttribute('aria-label') || e.getAttribute('alt') || e.textContent || '').trim()
    || document.querySelector(`label[for="${e.id}"]`) || e.closest('label')
    || document.getElementById(e.getAttribute('aria-labelledby'));
  const all = document.querySelectorAll('a, button, input, select, img, video, [role=img], section, nav, svg');
  const told = [...all].filter((e) => !e.closest('[aria-hidden=true]') && !e.closest('.qr'));
  return told.filter((e) => !named(e)).map((e) => e.outerHTML);
}"""

HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3')].map((h) => Number(h.tagName[1]))"

REACHABLE = """() => [...document.querySelectorAll('a[href], button, input, select')]
  .filter((e) => !e.disabled && e.checkVisibility()).map((e) => e.id || e.textContent)"""

FOCUSED = "() => document.activeElement.id || document.activeElement.textContent"

GLIDE = "e => getComputedStyle(e).transitionDuration"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@contextmanager
def opened(chromium: Browser, site: Site, path: str = "/", *, allowed: str = "", **options: Any) -> Iterator[Page]:
    """``path`` of a server for ``site``. The page may say nothing on its console, but what has ``allowed`` in it."""
    told: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not (allowed and allowed in message.text):
            told.append(message.text)

    with serving(site) as server:
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, **options)
        context.set_default_timeout(5000)
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(server.url + path, wait_until="domcontentloaded")
        yield page
        context.close()
    assert told == []


PAGES = {
    "/": "Seminar",
    "/meeting": "Meeting",
    "/cameras": "Cameras",
    "/settings": "Settings",
    "/about": "About the numbers",
    "/notice": "The mood of this room is being measured",
    "/sign-in": "Sign in",
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_every_screen_and_is_open_to_keyboard_and_ear(chromium: Browser, path: str) -> None:
    site = page_site(pictures=True, inlets={"Front": Inlet("Front")})
    five_minutes(site.hub)
    with opened(chromium, site, path) as page:
        expect(page.locator("h1")).to_have_text(PAGES[path])
        expect(page).to_have_title(f"{PAGES[path]} · Groupmood")
        assert page.locator("html").get_attribute("lang") == "en"
        if path == "/":
            expect(page.locator("#number")).to_have_text("+0.35")
            expect(page.locator("#chips li")).to_have_count(2)
        reach_all(page)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (theme, width)
        levels = page.evaluate(HEADINGS)
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels)), levels
        assert page.evaluate(LACKS_A_NAME) == []


def reach_all(page: Page) -> None:
    """By the tabulator alone, with a focus that is seen."""
    wanted = page.evaluate(REACHABLE)
    reached = []
    for _ in wanted:
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", reached[-1]
    assert sorted(reached) == sorted(wanted)


def test_a_room_is_shown_with_all_that_is_known_of_it(chromium: Browser) -> None:
    site = page_site()
    five_minutes(site.hub)
    with opened(chromium, site) as page:
        expect(page.locator("#number")).to_have_text("+0.35")
        expect(page.locator("#verdict")).to_have_text("The room looks rather pleasant")
        expect(page.locator("#reason")).to_have_text("80\u202f% interval +0.20 to +0.50")
        expect(page.locator("#people")).to_have_text("10+ of 10+ people")
        expect(page.locator(".meter")).to_have_attribute(
            "aria-label", "Valence +0.35, 80\u202f% interval +0.20 to +0.50"
        )
        assert page.locator(".meter-dot").evaluate("e => e.style.left") == "67.5%"
        expect(page.locator("#moments li")).to_have_count(1)
        expect(page.locator("#moments li span")).to_have_text("the room lifted for 40\u202fs, +0.35")
        expect(page.locator("#trend .line")).to_have_count(2)  # broken where there was no number
        expect(page.locator("#shares li", has_text="happiness")).to_contain_text("45\u202f%")
        expect(page.locator("#shares li", has_text="other")).to_contain_text("0\u202f%")
        expect(page.locator("#dissent")).to_contain_text("somewhat apart, 0.30")
        expect(page.locator(".dissent-part")).to_contain_text("could give a person away")
        expect(page.locator("#chips li")).to_have_text(["Frontonline", "Backonline"])
        expect(page.locator("#stage")).to_contain_text("No picture is shown here")
        assert page.locator(".meter-dot").evaluate(GLIDE) == "0.25s"
        page.emulate_media(reduced_motion="reduce")
        assert page.locator(".meter-dot").evaluate(GLIDE) == "0s"


def test_camps_and_moving_together_are_told_where_they_are_known(chromium: Browser) -> None:
    site = page_site(rooms={"Seminar": RoomInfo("Seminar", ("Front", "Back"), 1)})
    with opened(chromium, site) as page:
        publish(site.hub, SPLIT, 1.0)
        expect(page.locator("#dissent")).to_contain_text("3 negative, 8 positive")
        expect(page.locator("#dissent")).to_contain_text("not above chance")
        expect(page.locator("#people")).to_have_text("11 of 12 people")
        publish(site.hub, replace(SPLIT, together=True), 2.0)
        expect(page.locator("#dissent")).to_contain_text("yes, above chance")
        publish(site.hub, replace(SPLIT, positive=None, negative=None, together=None), 3.0)
        expect(page.locator("#dissent")).to_contain_text("not known yet")


def test_a_room_sleeps_wakes_and_says_why(chromium: Browser) -> None:
    site = page_site()
    with opened(chromium, site) as page:
        expect(page.locator("#verdict")).to_have_text("No result yet")
        publish(site.hub, None, 1.0)
        expect(page.locator("#verdict")).to_have_text("Nothing is shown")
        expect(page.locator("#reason")).to_contain_text("Fewer than 5 people are seen, or nobody")
        expect(page.locator("#announcer")).to_have_text("Nothing is shown: too few people, or nobody.")
        expect(page.locator("#number")).to_be_hidden()
        expect(page.locator("#no-moments")).to_have_text("Not told of this room now.")
        publish(site.hub, replace(LIVELY, valence=None, interval=None, shares=None, arousal=None), 2.0)
        expect(page.locator("#verdict")).to_have_text("Not enough evidence")
        expect(page.locator(".meter")).to_have_class("meter unknown")
        publish(site.hub, LIVELY, 3.0)
        expect(page.locator("#number")).to_have_text("+0.35")
        expect(page.locator(".meter")).to_have_class("meter")


def test_other_rooms_events_change_nothing(chromium: Browser) -> None:
    rooms = {name: RoomInfo(name, (name,), 5) for name in ("A", "B")}
    site = page_site(rooms=rooms, sources={"A": "A", "B": "B"})
    with opened(chromium, site, "/room/B") as page:
        expect(page.locator("#rooms a")).to_have_text(["A", "B"])
        publish(site.hub, replace(LIVELY, valence=-0.5, interval=(-0.6, -0.4)), 1.0, room="B")
        expect(page.locator("#number")).to_have_text("−0.50")
        publish(site.hub, LIVELY, 2.0, room="A")
        site.hub.publish(status("A", "stalled", room="A"))
        site.hub.publish(status("B", "stalled", room="B"))
        expect(page.locator("#chips li")).to_have_text(["Bstalled"])
        expect(page.locator("#number")).to_have_text("−0.50")
        expect(page.locator("#verdict")).to_have_text("The room looks clearly unpleasant")


def test_signs_are_shown_where_no_emotion_is_inferred(chromium: Browser) -> None:
    site = page_site(purpose="expressions_only")
    with opened(chromium, site) as page:
        publish(site.hub, None, 1.0, signs=RoomSigns(10, 0.4, 0.05, 0.1, None, 0.9))
        expect(page.locator("#verdict")).to_have_text("10+ people are seen")
        expect(page.locator("#signs li")).to_have_text(
            [
                "facing the camera90\u202f%",
                "smiling40\u202f%",
                "frowning5\u202f%",
                "nodding10\u202f%",
                "shaking the head–",
            ]
        )
        publish(site.hub, None, 2.0)
        expect(page.locator("#verdict")).to_have_text("Nothing is shown")


def test_a_lost_server_is_said_and_found_again(chromium: Browser) -> None:
    site = page_site()
    with serving(site) as server:
        port = server.port
        page = chromium.new_page()
        page.set_default_timeout(5000)
        page.goto(server.url)
        publish(site.hub, LIVELY, 1.0)
        expect(page.locator("#number")).to_have_text("+0.35")
    expect(page.locator("#strip")).to_contain_text("The connection to Groupmood is lost")
    expect(page.locator("#number")).to_have_text("+0.35")
    page.get_by_role("button", name="Try now").click()
    with serving(page_site(access=Access(port=port))):
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(page.locator("#strip")).to_be_hidden(timeout=15_000)
    page.close()


def test_a_camera_in_trouble_says_so_in_words_with_what_to_do(chromium: Browser) -> None:
    site = page_site()
    cameras(site.hub)
    with opened(chromium, site, "/cameras") as page:
        tile = page.locator(".tile", has_text="Back")
        expect(tile).to_contain_text("online")
        site.hub.publish(status("Back", "failed", room="Seminar", reason="<b>401</b>", fix="Check it.", reconnects=2))
        expect(tile).to_contain_text("failed")
        expect(tile.locator(".reason")).to_have_text("<b>401</b>")
        expect(tile.locator(".fix")).to_have_text("Check it.")
        expect(tile).to_contain_text("came back 2 times")
        expect(page.locator("#announcer")).to_have_text("Camera Back: failed. Check it.")


def test_the_picture_is_shown_or_not_by_choice_which_is_kept(chromium: Browser) -> None:
    site = page_site(pictures=True)
    with opened(chromium, site) as page:
        image = page.locator("#stage img")
        expect(image).to_have_attribute("src", "/streams/Front.mjpg")
        page.wait_for_function("document.querySelector('#stage img').naturalWidth > 0")
        page.get_by_role("button", name="No picture").click()
        expect(image).to_have_count(0)
        page.reload()
        expect(page.get_by_role("button", name="No picture")).to_have_attribute("aria-pressed", "true")
        expect(image).to_have_count(0)


def test_the_picture_can_be_had_as_video(chromium: Browser) -> None:
    site = page_site(pictures=True, packets={"Front": Fanout[Packet](64)})
    with opened(chromium, site) as page:
        with page.expect_response("**/whep/Front") as answer:
            page.get_by_role("button", name="Video").click()
        assert answer.value.status == 201
        expect(page.get_by_label("Live video of the camera Front")).to_be_visible()
        expect(page.locator("#stage img")).to_have_count(0)


def test_a_token_opens_the_page_that_was_wanted(chromium: Browser) -> None:
    site = page_site(access=Access(tokens=TOKENS))
    with opened(chromium, site, "/cameras", allowed="401") as page:
        page.get_by_label("Token").fill("not the token at all")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text(
            "This token is not valid. Check that it is whole, and try again."
        )
        page.get_by_label("Token").fill(VIEWER)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Cameras")
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("h1")).to_have_text("Sign in")


def test_the_overlay_lies_on_nothing(chromium: Browser) -> None:
    site = page_site()
    with opened(chromium, site, "/overlay/Seminar?scale=2", color_scheme="dark") as page:
        publish(site.hub, LIVELY, 1.0)
        expect(page.locator("#line")).to_have_text("+0.35 · 10+ of 10+ people")
        for element in ("html", "body"):
            assert page.locator(element).evaluate("e => getComputedStyle(e).backgroundColor") == "rgba(0, 0, 0, 0)"
        assert page.locator("html").evaluate("e => e.style.fontSize") == "32px"
        publish(site.hub, None, 2.0)
        expect(page.locator("#line")).to_have_text("Fewer than 5 people: nothing is shown")


def test_the_number_is_explained_and_the_settings_are_told(chromium: Browser) -> None:
    site = page_site(explain=lambda _: {"valence": {"before": -0.2}, "sources": ["Front", "Back"]})
    with opened(chromium, site, "/about") as page:
        expect(page.locator("#explained dt")).to_have_text(["valence", "before", "sources"])
        expect(page.locator("#explained")).to_contain_text("−0.2")
        expect(page.locator("#models")).to_contain_text("onnxruntime")
        page.goto(page.url.replace("/about", "/settings"))
        expect(page.locator("#settings")).to_contain_text("rtsp://***@cam/1")


def test_without_a_number_nothing_is_explained(chromium: Browser) -> None:
    with opened(chromium, page_site(explain=lambda _: None), "/about") as page:
        expect(page.locator("#now-words")).to_contain_text("There is no number now")


def test_the_analysis_can_be_switched_off_from_the_meeting(chromium: Browser) -> None:
    site = page_site(inlets={"Front": Inlet("Front")})
    with opened(chromium, site, "/meeting", permissions=["camera"]) as page:
        begin(page)
        page.get_by_role("button", name="My camera").click()
        page.get_by_role("button", name="Analysis off for everybody").click()
        expect(page.locator("#answer")).to_contain_text("The analysis is off")
        page.get_by_role("button", name="Analysis on again").click()
        expect(page.locator("#answer")).to_have_text("The analysis is on again.")
        assert asked(site) == ["off", "on"]


def begin(page: Page) -> None:
    """Through the first step of a meeting."""
    expect(page.get_by_role("button", name="Continue")).to_be_disabled()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#source-title")).to_be_focused()
