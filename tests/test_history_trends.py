"""The page of a room's past says how the room changed and what came after a mark, and gives a report to take away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")
pytest.importorskip("playwright", reason="needs playwright: uv sync --group dev")

from playwright.sync_api import Browser, Page, expect

from streamer.errors import ConfigError
from streamer.occurrences import mark
from streamer.web.site import Access
from tests.chromium import browser
from tests.history_page import opened, settled, span_of
from tests.kept_rooms import YEAR, a_year, keep, run
from tests.page_state import page_site
from tests.test_web_trends import BEGIN, END, FELL, LENGTH, changing, people
from tests.web_site import TOKENS, VIEWER

LONG_DAY = 1_761_440_400
"""26 Oct 2025, when Berlin had a day of 25 hours, whose last hour is nearer to midnight than the others."""

WHOLE = f"/history#from={BEGIN}&to={END}"

TOUCHING = """() => {
  const rows = new Map();
  for (const one of document.querySelectorAll('#plot text.time')) {
    if (!one.textContent) continue;
    const box = one.getBoundingClientRect();
    rows.set(Math.round(box.top), [...(rows.get(Math.round(box.top)) ?? []), [box.left, box.right, one.textContent]]);
  }
  const found = [];
  for (const row of rows.values()) {
    row.sort((a, b) => a[0] - b[0]);
    row.forEach((one, i) => i && one[0] < row[i - 1][1] + 3 && found.push([row[i - 1][2], one[2]]));
  }
  return [found, [...rows.values()].flat().length];
}"""
"""Labels of the time that touch their neighbours, and how many labels there are."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "timeline.sqlite"
    marks = [mark("Seminar", at, text) for at, text in ((FELL - 3, "slide 7"), (BEGIN + 900, "coffee"))]
    keep(path, [run(BEGIN, "self"), *changing(), *people(), *marks])
    return path


def rows_of(page: Page) -> Any:
    """Once changes are there, which come after the rest."""
    expect(page.locator("#happened .change")).to_have_count(2, timeout=20_000)
    return page.locator("#happened li")


def test_changes_and_what_followed_marks_are_told(chromium: Browser, kept: Path) -> None:
    with opened(chromium, page_site(timeline=kept, purpose="self"), WHOLE) as page:
        told = [
            r"12:53.*change: the room lifted by 0\.3\d, likely between 12:5.* and 12:5.*; stayed .* 20.min shown",
            r"12:13.*change: the room sank by 0\.3\d, likely between 12:1.* and 12:1.*; stayed so for 40.min$",
            r"12:13.*mark: slide 7in the two minutes after it: −0\.3\d \(90.% interval −.* to −.*\); as much at",
            r"11:58.*mark: coffeein the two minutes after it: .*; no more than at other times: as much at \d+ of 100",
        ]
        expect(rows_of(page)).to_have_text([re.compile(one) for one in told])
        expect(page.locator("#plot .step")).to_have_count(2)
        expect(page.locator("#plot .doubt")).to_have_count(2)
        expect(page.locator("#plot .place.change title").last).to_have_text(re.compile("the room lifted"))
        expect(page.locator("#trends-note")).to_contain_text("need not come because of it")
        assert "because" not in (page.locator("#happened").text_content() or "")
        page.locator("#happened .change").last.focus()
        page.keyboard.press("Enter")
        begin, end = span_of(page)
        assert begin < FELL - 1700
        assert end > FELL + 1700
        settled(page, "1\u202fh in local time")
        expect(page.locator("#happened .change")).to_have_text([re.compile("the room sank by 0.3")])


def test_they_are_asked_for_anew_when_a_mark_was_made(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "timeline.sqlite"
    keep(path, [run(BEGIN), *changing()])

    def noted(room: str, text: str, utc: float | None) -> Any:
        made = mark(room, utc or END, text)
        keep(path, [made])
        return made

    with opened(chromium, page_site(timeline=path, mark=noted), WHOLE) as page:
        rows_of(page)
        page.get_by_label("Mark").fill("slide 7")
        page.get_by_label("at", exact=True).fill("2025-11-23T12:13:18")
        page.keyboard.press("Enter")
        expect(page.locator("#happened .mark .after")).to_have_text(re.compile("in the two minutes after it: −0.3"))


def test_who_moved_before_whom_is_told_to_who_runs_it(chromium: Browser, kept: Path) -> None:
    late = f"/history#from={END - 2400}&to={END}"
    with opened(chromium, page_site(timeline=kept, purpose="self"), late) as page:
        expect(page.locator("#followings li")).to_have_text(
            ["A before B by 2\u202fs, more than chance (one of 3 pairs)"], timeout=20_000
        )
        expect(page.get_by_role("heading", name="Exploratory: who moved before whom")).to_be_visible()
        page.goto(re.sub("#.*", f"#from={BEGIN}&to={END}", page.url))  # longer than an hour
        expect(page.locator("#followings-part")).to_be_hidden()
    with opened(
        chromium, page_site(timeline=kept, purpose="self", access=Access(tokens=TOKENS)), f"/sign-in?next={late}"
    ) as page:
        page.locator("input").fill(VIEWER)
        page.keyboard.press("Enter")
        expect(page.locator("#happened .change")).to_have_count(1, timeout=20_000)
        expect(page.locator("#followings-part")).to_be_hidden()


def test_the_report_of_what_is_shown_is_taken_away(chromium: Browser, kept: Path) -> None:
    def report(*asked: Any) -> str:
        if asked[2] - asked[1] == LENGTH:
            raise ConfigError("too long for one report")
        return f"<p>{asked}</p>"

    with opened(chromium, page_site(timeline=kept, purpose="self", report=report), WHOLE) as page:
        settled(page, "local time")
        page.get_by_role("link", name="Report").click()
        expect(page.locator("#report-answer")).to_have_text("No report: too long for one report.")
        page.locator("#plot").focus()
        page.keyboard.press("+")
        expect(page.locator("#report-answer")).to_have_text("")
        begin, end = span_of(page)
        page.get_by_role("link", name="Report").focus()
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        expect(page.locator("#report-answer")).to_have_text("The report is among your downloads.")
        assert download.value.suggested_filename == "groupmood-Seminar-2025-11-23.html"
        assert Path(download.value.path()).read_text() == f"<p>('Seminar', {begin}, {end})</p>"
        assert end - begin == LENGTH // 2
    with opened(chromium, page_site(timeline=kept, purpose="self"), WHOLE) as page:
        settled(page, "local time")
        expect(page.locator("#report")).to_be_hidden()


def test_a_link_to_a_span_is_kept_over_the_sign_in(chromium: Browser, kept: Path) -> None:
    site = page_site(timeline=kept, purpose="self", access=Access(tokens=TOKENS))
    linked = f"/history/Seminar#from={FELL}&to={FELL + 60}"
    with opened(chromium, site, linked) as page:
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.locator("input").fill(VIEWER)
        page.keyboard.press("Enter")
        settled(page, "Second by second")
        assert span_of(page) == (FELL, FELL + 60)
        assert page.evaluate("location.pathname") == "/history/Seminar"


def test_labels_of_the_time_touch_no_other(chromium: Browser, tmp_path: Path) -> None:
    begin = a_year(tmp_path / "year")
    end = begin + YEAR
    lengths = (10, 37, 600, 3600, 86_400, 3 * 86_400, 20 * 86_400, 90 * 86_400, YEAR)
    spans = [(end - length - shift, end - shift) for length in lengths for shift in (0, length // 7)]
    with opened(chromium, page_site(timeline=tmp_path / "year")) as page:
        settled(page, "local time")
        for width in (360, 768, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            for first, last in [*spans, (LONG_DAY - 100_000, LONG_DAY + 100_000)]:
                page.goto(re.sub("#.*", "", page.url) + f"#from={first}&to={last}")
                expect(page.locator("#span")).not_to_have_text("…")
                touching, count = page.evaluate(TOUCHING)
                assert touching == [], (width, first, last)
                assert count >= 2, (width, first, last)
