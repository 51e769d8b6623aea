"""The page of a room's past in a real browser: from a year to single seconds, by hand and by keyboard."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")
pytest.importorskip("playwright", reason="needs playwright: uv sync --group dev")

from playwright.sync_api import Browser, Page, expect

from streamer.occurrences import Mark, mark
from streamer.timeline.rows import Second
from streamer.types import RoomSigns
from streamer.web.site import Access, RoomInfo, Site
from tests.chromium import browser
from tests.history_page import opened, settled, span_of
from tests.kept_rooms import DAY, YEAR, a_year, keep, run, two_sittings
from tests.page_state import page_site
from tests.web_site import TOKENS, VIEWER

END = 1_763_900_000  # 23 Nov 2025, 12:13:20 UTC
SIZES = ((360, 740), (768, 1024), (1440, 900))

POINTS = "e => (e.getAttribute('d').match(/[ML]/g) || []).length"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "timeline.sqlite"
    two_sittings(path, end=END)
    return path


COVERED = """() => {
  const all = (what) => [...document.querySelectorAll("#plot " + what)];
  const [lanes, ends] = [all(".state-lane text"), all(".tick.words")];
  const box = (one) => one.getBoundingClientRect();
  const over = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return lanes.filter((lane) => ends.some((end) => over(box(lane), box(end)))).map((lane) => lane.textContent);
}"""
"""Why there is no number, where that is written over the ends of the scale."""


def kept_site(path: Path | None, **changes: Any) -> Site:
    def noted(room: str, text: str, utc: float | None) -> Mark:
        made = mark(room, END if utc is None else utc, text)
        if path is not None:
            keep(path, [made])
        return made

    return page_site(timeline=path, mark=noted, **changes)


def across(page: Page, share: float) -> tuple[float, float]:
    """A place on the plot, for the mouse."""
    box = page.locator("#plot").bounding_box()
    assert box is not None
    return box["x"] + share * (box["width"] - 44), box["y"] + 150


def test_why_there_is_no_number_is_not_written_over_the_scale(chromium: Browser, kept: Path) -> None:
    """The program is off in the first tenth of the view, hardly more than the scale's words need."""
    with opened(chromium, kept_site(kept)) as page:
        expect(page.locator("#plot .state-lane.off")).to_have_count(2)
        begin, end = span_of(page)
        starts = page.evaluate(
            "document.querySelector('#plot .line').getBBox().x / document.querySelector('#plot').clientWidth"
        )
        first = round(begin + starts * (end - begin))
        for share in (0.08, 0.1, 0.12):
            left = round(first - share * 1800)
            page.goto(f"{page.url.partition('#')[0]}#from={left}&to={left + 1800}")
            page.reload(wait_until="domcontentloaded")
            settled(page, "Each point stands for")
            expect(page.locator("#plot .state-lane.off").first).to_be_visible()
            assert page.evaluate(COVERED) == []


def test_the_newest_sitting_is_shown_first(chromium: Browser, kept: Path) -> None:
    with opened(chromium, kept_site(kept), "/") as page:
        page.get_by_role("link", name="History", exact=True).first.click()
        expect(page.locator("h1")).to_have_text("History of Seminar")
        expect(page.locator("#span")).to_have_text("Sun, 23 Nov 2025, 12:42 – 13:14")  # in Berlin
        settled(page, "Each point stands for 5\u202fs")
        expect(page.locator("#note")).to_contain_text("local time (Europe/Berlin, UTC+1)")
        expect(page.locator("#plot .line")).to_have_count(3)
        expect(page.locator("#plot .state-lane.few")).to_have_count(1)
        expect(page.locator("#plot .state-lane.paused")).to_have_count(1)
        expect(page.locator("#plot .state-lane.off")).to_have_count(2)
        expect(page.locator("#plot")).to_have_attribute("aria-label", re.compile(r"^Valence, .* between"))
        page.mouse.move(*across(page, 0.1))
        expect(page.locator("#reading")).to_contain_text(re.compile(r"12:45:.* · 80.% interval \+.* · 10\+ people"))


def test_from_a_year_to_its_seconds(chromium: Browser, tmp_path: Path) -> None:
    end = int(time.time())
    begin = a_year(tmp_path / "year", end=end)
    end = begin + YEAR
    with opened(chromium, kept_site(tmp_path / "year"), f"/history#from={begin}&to={end}") as page:
        settled(page, "Each point stands for 1 day")
        lines = page.locator("#plot .line")
        expect(lines.first).to_be_attached()
        assert 300 < sum(lines.nth(index).evaluate(POINTS) for index in range(lines.count())) < 800
        page.locator("#plot").focus()
        for _ in range(30):  # with what is at the end held in sight
            page.keyboard.press("ArrowRight") if span_of(page)[1] < end else page.keyboard.press("+")
            if span_of(page)[1] - span_of(page)[0] <= 60:
                break
        page.goto(re.sub("#.*", "", page.url) + f"#from={end - 60}&to={end}")
        settled(page, "Second by second")
        assert lines.first.evaluate(POINTS) == 62  # a point for each second, and the edges
        page.get_by_role("button", name="Year").click()
        settled(page, "Each point stands for 1 day")
        expect(page.get_by_role("button", name="Year")).to_have_attribute("aria-pressed", "true")


def test_wheel_drag_keys_and_buttons_zoom_and_move(chromium: Browser, kept: Path) -> None:
    with opened(chromium, kept_site(kept), f"/history#from={END - 1800}&to={END}") as page:
        settled(page, "30\u202fmin in local time")
        page.mouse.move(*across(page, 0.25))
        page.mouse.down()
        page.mouse.move(*across(page, 0.5))
        expect(page.locator("#plot .chosen")).to_be_visible()
        page.mouse.up()
        begin, end = span_of(page)
        assert abs(begin - (END - 1350)) <= 5
        assert abs(end - (END - 900)) <= 5
        settled(page, "Second by second")
        page.mouse.move(*across(page, 0.5))
        page.mouse.wheel(0, -200)
        expect(page).to_have_url(re.compile(rf"#from=(?!{begin}&)"))
        nearer = span_of(page)
        assert nearer[0] > begin
        assert nearer[1] < end
        page.locator("#plot").focus()
        for key, way in (("ArrowLeft", -1), ("ArrowRight", 1)):
            before = span_of(page)
            page.keyboard.press(key)
            after = span_of(page)
            assert (after[0] - before[0]) * way > 0
            assert after[1] - after[0] == before[1] - before[0]
        page.keyboard.press("-")
        assert span_of(page)[1] - span_of(page)[0] == 2 * (after[1] - after[0])
        page.keyboard.press("Shift+ArrowLeft")
        expect(page.locator("#reading")).to_contain_text("Sun, 23 Nov 2025")
        page.get_by_role("button", name="Zoom in").click()
        assert span_of(page)[1] - span_of(page)[0] == after[1] - after[0]
        for _ in range(12):
            page.keyboard.press("+")
        page.get_by_role("button", name="Zoom in").click(click_count=8)
        assert span_of(page)[1] - span_of(page)[0] == 10


def test_what_happened_is_listed_and_leads_there(chromium: Browser, kept: Path) -> None:
    with opened(chromium, kept_site(kept), f"/history#from={END - 1800}&to={END}") as page:
        rows = page.locator("#happened li")
        expect(rows).to_have_text(
            [
                re.compile("13:10.*valence below"),
                re.compile("13:06.*the room lifted for 45\u202fs, \\+0.35"),
                re.compile("12:58.*slide 7"),
                re.compile("12:48.*the room sank for 30\u202fs, −0.30"),
            ]
        )
        rows.nth(1).get_by_role("button").click()
        assert span_of(page) == (END - 1800 + 1400 - 120, END - 1800 + 1445 + 120)
        settled(page, "Second by second")
        expect(page.locator("#plot .length")).to_have_count(1)
        page.get_by_role("button", name=re.compile("23 Nov 2025")).click()
        settled(page, "32\u202fmin")
        page.locator("#plot .place.mark").click()
        assert span_of(page) == (END - 900 - 120, END - 900 + 120)


def test_a_mark_is_added_and_seen(chromium: Browser, kept: Path) -> None:
    with opened(chromium, kept_site(kept), f"/history#from={END - DAY - 1800}&to={END - DAY}") as page:
        expect(page.locator("#nothing")).to_have_text("Nothing in this span.")
        page.get_by_label("Mark").fill("The coffee break")
        page.get_by_label("at", exact=True).fill("2025-11-22T13:00:00")
        page.keyboard.press("Enter")
        expect(page.locator("#mark-answer")).to_have_text("The mark is added.")
        expect(page.locator("#happened li")).to_have_text([re.compile("13:00.*The coffee break")])
        expect(page.locator("#plot .place.mark text")).to_have_text("The coffee break")
        page.get_by_label("Mark").fill("Later")
        page.get_by_label("at", exact=True).fill("2999-01-01T00:00:00")
        page.get_by_role("button", name="Add mark").click()
        expect(page.locator("#mark-answer")).to_have_text("That time is in the future.")


def test_whoever_may_only_look_is_asked_for_no_mark(chromium: Browser, kept: Path) -> None:
    with opened(chromium, kept_site(kept, access=Access(tokens=TOKENS)), "/sign-in?next=/history") as page:
        page.locator("input").fill(VIEWER)
        page.keyboard.press("Enter")
        expect(page.locator("#plot .line").first).to_be_attached()
        expect(page.locator("#happened li")).to_have_count(4)
        expect(page.locator("#mark")).to_be_hidden()


def test_two_sittings_are_compared(chromium: Browser, kept: Path) -> None:
    with opened(chromium, kept_site(kept)) as page:
        page.get_by_role("button", name="Compare").click()
        expect(page.locator("#compared-plot .line.a")).to_have_count(3)
        expect(page.locator("#compared-plot .line.b")).to_have_count(3)
        expect(page.locator("#compared-plot .band.b")).to_have_count(3)
        expect(page.locator("#compared-figures")).to_contain_text("difference of the means+0.35")
        expect(page.locator("#compared-words")).not_to_have_text("")
        address = page.evaluate("location.href")
        assert f"&a={END - DAY - 1800}-{END - DAY}&b={END - 1800}-{END}" in address
        page.goto("about:blank")
        page.goto(address)  # the same by its address alone
        expect(page.locator("#compared-plot .line.a")).to_have_count(3)


def test_every_state_says_what_it_is_and_what_to_do(chromium: Browser, tmp_path: Path) -> None:
    with opened(chromium, page_site()) as page:
        expect(page.locator(".only-none")).to_contain_text("timeline: {enabled: true}")
        expect(page.locator("#plot")).to_be_hidden()
    keep(tmp_path / "empty", [run(END)])
    with opened(chromium, kept_site(tmp_path / "empty")) as page:
        expect(page.locator(".only-empty")).to_contain_text("Nothing is kept of this room yet")
    with opened(chromium, kept_site(tmp_path / "missing")) as page:
        expect(page.locator(".only-none")).to_be_visible()
    two_sittings(tmp_path / "kept", end=END)
    with opened(chromium, kept_site(tmp_path / "kept"), f"/history#from={END - DAY}&to={END - DAY + 900}") as page:
        expect(page.locator("#empty")).to_have_text("Nothing was recorded in this span.")
        page.get_by_role("button", name=re.compile("23 Nov 2025")).click()
        expect(page.locator("#empty")).to_have_text("")
        page.goto(re.sub("#.*", f"#from={END - 1200}&to={END - 1140}", page.url))
        expect(page.locator("#empty")).to_have_text("No number in this span: too few people, or nobody.")


def test_where_no_emotion_is_inferred_signs_are_shown(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "signs"
    signs = RoomSigns(10, 0.4, 0.1, 0.2, 0.0, 0.9)
    rows = (Second("Seminar", END + second, "run", None, signs) for second in range(300))
    keep(path, (run(END, "expressions_only"), *rows))
    rooms = {name: RoomInfo(name, (), 5) for name in ("Seminar", "Aula")}
    with opened(chromium, kept_site(path, purpose="expressions_only", rooms=rooms)) as page:
        settled(page, "share of the people")
        expect(page.locator("#plot .line")).to_have_count(1)
        expect(page.locator("#compare-part")).to_be_hidden()
        page.get_by_label("Show").select_option("Facing the camera")
        page.mouse.move(*across(page, 0.5))
        expect(page.locator("#reading")).to_contain_text("90\u202f%")
        text = (page.locator("body").text_content() or "").lower().replace("groupmood", "")
        assert [word for word in ("mood", "valence", "pleasant") if word in text] == []
        page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Aula").click()
        expect(page.locator("h1")).to_have_text("History of Aula")


def test_it_fits_every_screen_and_all_can_be_reached_by_keyboard(chromium: Browser, kept: Path) -> None:
    with opened(chromium, kept_site(kept)) as page:
        page.get_by_role("button", name="Compare").click()
        expect(page.locator("#compared-figures")).to_contain_text("difference")
        settled(page, "point")
        wanted = page.evaluate(
            "() => [...document.querySelectorAll('a[href], button, input, select, [tabindex=\"0\"]')]"
            ".filter((e) => e.checkVisibility()).length"
        )
        reached = set()
        for _ in range(wanted + 12):  # a field of date and time has several stops
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") in ("solid", "none")
        assert {"plot", "closer", "first", "second", "mark-text", "mark-when"} <= reached
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (theme, width)
        levels = page.evaluate("() => [...document.querySelectorAll('h1, h2, h3')].map((h) => Number(h.tagName[1]))")
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels)), levels
