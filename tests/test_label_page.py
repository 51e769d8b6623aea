"""The labelling page in a real browser: labelling by keys, by mouse and by finger, in pictures and videos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")
pytest.importorskip("playwright", reason="needs playwright: uv sync --group dev")

from playwright.sync_api import Browser, Page, expect

from streamer.sources.portraits import COLLINS
from streamer.types import Box
from tests.chromium import browser
from tests.label_page import boxes, chosen, drag, go, group, on_screen, opened, press, ready, said
from tests.label_rig import Seeing, grey, labelling, moving, portrait
from tests.media import video

HEAD = (140.0, 60.0, 320.0, 300.0)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


def test_a_picture_is_labelled_by_keys_alone(chromium: Browser, tmp_path: Path) -> None:
    seen = group(tmp_path / "a.png")
    grey(tmp_path / "b.png")
    with labelling(tmp_path, detector=Seeing(*seen)) as work, opened(chromium, work) as page:
        assert page.url == f"{work.server.url}/"
        expect(page.locator("#hint")).to_contain_text("No box yet")
        press(page, "d")
        expect(page.locator("#note")).to_contain_text("9 new boxes")
        expect(chosen(page)).to_have_text("Face 1 of 9")
        press(page, "2", "8", "i", "Tab", "6")
        expect(chosen(page)).to_have_text("Face 5 of 9")
        said(page)
        faces = work.saved.media[0].faces
        assert [[one.label for one in face.said] for face in faces[:5]] == [
            ["happiness"], ["contempt"], [], ["disgust"], [],
        ]  # fmt: skip
        assert faces[2].ignore
        press(page, "Shift+Tab")
        expect(chosen(page)).to_have_text("Face 4 of 9")
        expect(page.get_by_role("button", name="6 disgust")).to_have_attribute("aria-pressed", "true")
        press(page, "u")
        expect(page.locator("#note")).to_have_text("Undone.")
        expect(page.locator(".label[aria-pressed=true]")).to_have_count(0)
        press(page, "Control+y")
        expect(page.get_by_role("button", name="6 disgust")).to_have_attribute("aria-pressed", "true")
        press(page, "Tab", "1", "3", "4", "5", "0")
        expect(page.locator("#note")).to_contain_text("press C")
        press(page, "c")
        expect(page.locator("#list li").first).to_contain_text("done")
        press(page, "Enter")
        ready(page, "b.png")
        press(page, "c", "p")
        ready(page, "a.png")
        press(page, "n")
        expect(page.locator("#note")).to_contain_text("Nothing is left to do")
        said(page)
        assert [face.said[0].label for face in work.saved.media[0].faces if face.said] == [
            "happiness", "contempt", "disgust", "neutral", "surprise", "sadness", "anger", "unsure",
        ]  # fmt: skip
        assert all(medium.complete for medium in work.saved.media)


def test_boxes_are_drawn_and_corrected_by_mouse_to_the_pixel(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path) as work, opened(chromium, work) as page:
        drag(page, HEAD[:2], HEAD[2:])
        said(page)
        assert boxes(work) == [HEAD]
        drag(page, (230, 180), (240, 200))
        said(page)
        assert boxes(work) == [(150, 80, 330, 320)]
        page.mouse.move(*on_screen(page, 330, 320))
        page.mouse.wheel(0, -900)
        expect(page.locator("#fit")).to_have_text(re.compile(r"^([4-9]\d\d|\d{4}) %$"))
        drag(page, (330, 320), (321, 305))
        said(page)
        assert boxes(work) == [(150, 80, 321, 305)]
        drag(page, (340, 330), (352, 341))
        said(page)
        assert boxes(work) == [(150, 80, 321, 305), (340, 330, 352, 341)]
        press(page, "Alt+ArrowLeft", "Alt+ArrowLeft", "Alt+ArrowDown", "Alt+Shift+ArrowRight", "Alt+Shift+ArrowUp")
        press(page, "f")
        expect(page.locator(".face.chosen")).to_have_count(1)
        expect(page.locator("#saved")).to_have_text("Saved")
        press(page, "2")
        said(page)
        assert boxes(work)[1] == (338, 331, 351, 341)
        press(page, "u", "u")
        expect(page.locator("#redo")).to_be_enabled()
        said(page)
        assert boxes(work)[1] == (340, 330, 352, 341)  # what keys moved in one go is one step


def test_a_box_ends_at_the_picture_and_can_be_given_up(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path) as work, opened(chromium, work) as page:
        drag(page, (500, 500), (518, 519))
        said(page)
        assert boxes(work) == [(500, 500, 512, 512)]
        press(page, "Escape")
        page.mouse.move(*on_screen(page, 100, 100))
        page.mouse.down()
        page.mouse.move(*on_screen(page, 200, 200))
        expect(page.locator("#boxes .face")).to_have_count(2)
        press(page, "Escape")
        page.mouse.up()
        expect(page.locator("#boxes .face")).to_have_count(1)
        press(page, "b")
        expect(page.locator("#hint")).to_contain_text("Draw a box")
        drag(page, (505, 505), (300, 300))  # from within another box
        said(page)
        assert boxes(work)[1] == (300, 300, 505, 505)
        press(page, "Delete")
        said(page)
        assert len(boxes(work)) == 1


def test_a_zoomed_picture_is_moved_with_space_and_drag(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path) as work, opened(chromium, work) as page:
        press(page, "+", "+", "+", "+")
        before = on_screen(page, 256, 256)
        page.keyboard.down(" ")
        drag(page, (256, 256), (270, 266))
        page.keyboard.up(" ")
        after = on_screen(page, 256, 256)
        assert after[0] > before[0] + 10
        assert after[1] > before[1] + 10
        assert boxes(work) == []


def test_a_finger_draws_chooses_and_corrects(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path) as work, opened(chromium, work, has_touch=True) as page:
        finger = page.context.new_cdp_session(page)

        def swipe(start: tuple[float, float], end: tuple[float, float]) -> None:
            for kind, point in (("touchStart", start), ("touchMove", end), ("touchEnd", None)):
                x, y = on_screen(page, *(point or end))
                points = [] if point is None else [{"x": x, "y": y}]
                finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        swipe(HEAD[:2], HEAD[2:])
        said(page)
        assert boxes(work) == [HEAD]
        swipe(HEAD[2:], (330, 310))
        said(page)
        assert boxes(work) == [(140, 60, 330, 310)]


def test_a_face_is_shown_enlarged_and_others_words_only_after_ones_own(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path, annotator="Bela") as first:
        mark = {"frame": 0, "x1": 206, "y1": 110, "x2": 230, "y2": 140}
        face = first.edit(do="add", mark=mark).json["medium"]["faces"][0]["id"]
        first.edit(do="say", face=face, frame=0, label="surprise")
    with labelling(tmp_path, annotator="Ada") as work, opened(chromium, work) as page:
        expect(chosen(page)).to_have_text("Face 1 of 1")
        times = page.locator(".times.factor").inner_text()
        assert float(times.split()[1]) > 3
        assert page.locator(".closeup").evaluate(INK) > 50  # levels of grey: it is drawn
        expect(page.locator("#panel .others")).to_be_hidden()
        expect(page.locator("#tags")).to_have_text("1")
        assert "Bela: " not in page.content()
        press(page, "2")
        expect(page.locator("#panel .others")).to_have_text("Bela: surprise")


INK = """e => new Set(e.getContext('2d').getImageData(0, 0, e.width, e.height).data).size"""


def test_attributes_are_written_down_and_offered_again(chromium: Browser, tmp_path: Path) -> None:
    seen = group(tmp_path / "a.png")
    with labelling(tmp_path, detector=Seeing(*seen[:2])) as work, opened(chromium, work) as page:
        press(page, "d")
        expect(chosen(page)).to_have_text("Face 1 of 2")
        press(page, "a")
        page.keyboard.type("glasses")
        press(page, "Enter")
        expect(page.locator("#attribute-problem")).to_contain_text("a colon")
        page.keyboard.type(": yes")
        press(page, "Enter", "Tab")
        page.get_by_role("button", name="Add glasses: yes").click()
        said(page)
        assert [face.attributes for face in work.saved.media[0].faces] == [{"glasses": "yes"}] * 2
        page.get_by_role("button", name="Remove glasses").click()
        said(page)
        assert [face.attributes for face in work.saved.media[0].faces] == [{"glasses": "yes"}, {}]


def test_a_face_is_followed_through_a_video(chromium: Browser, tmp_path: Path) -> None:
    video(tmp_path / "walk.mkv", moving(24))
    with labelling(tmp_path) as work, opened(chromium, work) as page:
        drag(page, (20, 60), (120, 160))
        press(page, "1")
        expect(page.locator(".clock")).to_contain_text("frame 0 of 23")
        press(page, "Shift+ArrowRight")  # a second, ten frames
        expect(page.locator(".clock")).to_contain_text("frame 10 of 23")
        drag(page, (70, 110), (110, 110))
        press(page, "2", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft")
        expect(page.locator(".clock")).to_contain_text("frame 5 of 23")
        expect(page.locator("#panel")).to_contain_text("box between marks")
        x, y = on_screen(page, 40, 60)
        line = page.locator(".face .line").bounding_box()
        assert line is not None
        assert [line["x"], line["y"]] == pytest.approx([x, y], abs=2)
        page.locator(".ruler").focus()
        press(page, "End")
        expect(page.locator(".clock")).to_contain_text("frame 23 of 23")
        press(page, "ArrowLeft", "g")
        expect(page.locator("#hint")).to_contain_text("not to be seen on this frame")
        said(page)
        face = work.saved.media[0].faces[0]
        assert [(mark.frame, mark.gone) for mark in face.marks] == [(0, False), (10, False), (22, True)]
        assert [(one.frame, one.label) for one in face.said] == [(0, "neutral"), (10, "happiness")]
        press(page, "ArrowRight")
        drag(page, (150, 60), (250, 160))  # it is the chosen one who is back
        said(page)
        face = work.saved.media[0].faces[0]
        assert [mark.frame for mark in face.marks] == [0, 10, 22, 23]
        assert page.locator(".tracks .bar.happiness").count() == 2  # not while it was gone
        press(page, "Shift+Delete")
        said(page)
        assert len(work.saved.media[0].faces[0].marks) == 3


def test_tracks_are_parted_joined_and_played(chromium: Browser, tmp_path: Path) -> None:
    video(tmp_path / "walk.mkv", moving(8))
    with labelling(tmp_path, detector=Seeing(Box(*HEAD))) as work, opened(chromium, work) as page:
        drag(page, (20, 60), (120, 160))
        press(page, "ArrowRight", "ArrowRight", "s")
        expect(page.locator("#panel .faces li")).to_have_count(2)
        page.get_by_label("The same person as").select_option(label="The same person as face 2")
        expect(page.locator("#panel .faces li")).to_have_count(1)
        page.locator("#stage").focus()
        press(page, " ")
        expect(page.locator(".clock")).to_contain_text("frame 7 of 7", timeout=8000)
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        said(page)
        assert len(work.saved.media[0].faces) == 1


def test_the_detector_is_the_one_that_is_chosen(chromium: Browser, tmp_path: Path) -> None:
    portrait(tmp_path / "a.png")
    with labelling(tmp_path, detector=Seeing(COLLINS.face)) as work, opened(chromium, work) as page:
        expect(page.locator("#detector")).to_have_value("centerface")
        page.locator("#detector").select_option("yunet")
        page.get_by_role("button", name="Propose").click()
        expect(page.locator("#panel")).to_contain_text("box by yunet")
        press(page, "d")
        expect(page.locator("#note")).to_contain_text("Nothing new was found")
        assert len(work.saved.media[0].faces) == 1


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent"))


def test_tab_leaves_the_picture_behind_the_last_face_and_comes_back_with_a_word(
    chromium: Browser, tmp_path: Path
) -> None:
    seen = group(tmp_path / "a.png")
    grey(tmp_path / "b.png")
    with labelling(tmp_path, detector=Seeing(*seen[:2])) as work, opened(chromium, work) as page:
        press(page, "d")
        expect(chosen(page)).to_have_text("Face 1 of 2")
        press(page, "Tab")
        expect(chosen(page)).to_have_text("Face 2 of 2")
        assert focused(page) == "stage"
        press(page, "Tab")
        assert focused(page) == "1"  # the first of the buttons behind the picture
        press(page, "3")
        expect(chosen(page)).to_have_text("Face 1 of 2")
        assert focused(page) == "stage"
        go(page, "b.png")
        assert work.saved.media[0].faces[1].said[0].label == "surprise"
