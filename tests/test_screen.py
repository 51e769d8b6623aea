from __future__ import annotations

import errno
from collections.abc import Iterator
from itertools import islice, pairwise

import av
import pytest
from av.container import InputContainer

from streamer.errors import ConfigError, SourceError, SourceLost
from streamer.sources.devices import Attempt
from streamer.sources.grabbing import Area, attempt_of, parse_area, refusal
from streamer.sources.reconnect import Reconnecting, Waiting
from streamer.sources.screen import ScreenSource
from streamer.types import Image
from tests.xvfb import Screen, screen

RED, GREEN = 0xFF0000, 0x00FF00


@pytest.fixture(scope="module")
def desktop() -> Iterator[Screen]:
    """Black, with a red rectangle of 60 × 40 at 100, 50."""
    with screen() as made:
        made.paint(100, 50, 60, 40, RED)
        yield made


def source(on: Screen, value: str = "", fps: float = 30.0) -> ScreenSource:
    return ScreenSource(value, fps=fps, name="talk", environ={"DISPLAY": on.display}, platform="linux")


def seen(made: ScreenSource) -> Image:
    with made:
        return next(made.frames()).image


def test_the_whole_screen(desktop: Screen) -> None:
    image = seen(source(desktop))
    assert image.shape == (240, 320, 3)
    assert image[60, 110].tolist() == [0, 0, 255]  # BGR
    assert image[49, 110].tolist() == image[60, 99].tolist() == image[90, 110].tolist() == [0, 0, 0]


def test_a_region(desktop: Screen) -> None:
    image = seen(source(desktop, "64x48+90+45"))
    assert image.shape == (48, 64, 3)
    assert image[5, 10].tolist() == [0, 0, 255]
    assert image[4, 10].tolist() == image[5, 9].tolist() == [0, 0, 0]


def test_a_window_wherever_it_is(desktop: Screen) -> None:
    window = desktop.paint(200, 150, 50, 30, GREEN)
    image = seen(source(desktop, f"window={window:#x}"))
    assert image.shape == (30, 50, 3)
    assert (image == (0, 255, 0)).all()
    desktop.shut(window)
    with pytest.raises(SourceError, match="is the window still open"):
        seen(source(desktop, f"window={window}"))


def test_it_is_live_and_keeps_the_pace(desktop: Screen) -> None:
    with source(desktop, fps=50.0) as made:
        assert made.live
        assert made.name == "talk"
        frames = list(islice(made.frames(), 25))
    assert [frame.index for frame in frames] == list(range(25))
    assert frames[0].pts == 0
    assert all(later.pts > earlier.pts for earlier, later in pairwise(frames))
    assert frames[-1].pts == pytest.approx(24 / 50, abs=0.2)
    assert {frame.source for frame in frames} == {"talk"}
    assert made.damaged == 0


def test_what_changes_is_seen(desktop: Screen) -> None:
    with source(desktop) as made:
        frames = made.frames()
        assert next(frames).image[200, 20].tolist() == [0, 0, 0]
        window = desktop.paint(10, 190, 30, 30, GREEN)
        later = [frame.image[200, 20].tolist() for frame in islice(frames, 10)]
    desktop.shut(window)
    assert later[-1] == [0, 255, 0]


def test_a_region_beyond_the_screen(desktop: Screen) -> None:
    with pytest.raises(SourceError, match=f"does the region lie within the display {desktop.display}") as caught:
        seen(source(desktop, "320x240+1+0"))
    assert not isinstance(caught.value, SourceLost)
    assert caught.value.__suppress_context__


def test_a_screen_that_goes_away_is_lost_and_comes_back_as_another() -> None:
    with screen() as first, screen() as second:
        second.paint(0, 0, 320, 240, GREEN)
        rest = iter([first, second])
        made = Reconnecting(lambda: source(next(rest)), waiting=Waiting(lambda _: False))
        with made:
            frames = made.frames()
            assert next(frames).image[0, 0].tolist() == [0, 0, 0]
            first.server.kill()
            found = [frame.image[0, 0].tolist() for frame in islice(frames, 20)]
    assert found[-1] == [0, 255, 0]
    assert made.reconnects == 1


def test_a_display_that_is_gone_may_come() -> None:
    made = ScreenSource("", environ={"DISPLAY": ":4711"}, platform="linux")
    with pytest.raises(SourceLost, match="is the display :4711 running, and may this user see it"):
        made.__enter__()


def test_without_a_display() -> None:
    with pytest.raises(SourceError, match=r"DISPLAY is not set.*share the window through a browser.*groupmood serve"):
        ScreenSource("", environ={}, platform="linux").__enter__()


def test_wayland_is_said_clearly() -> None:
    environ = {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}
    with pytest.raises(SourceError, match=r"a Wayland session.*groupmood serve.*log in to an X11 session"):
        ScreenSource("", environ=environ, platform="linux").__enter__()


def test_a_source_is_opened_before_it_is_read(desktop: Screen) -> None:
    made = source(desktop)
    with pytest.raises(RuntimeError, match="opened by 'with'"):
        next(made.frames())
    with made:
        frames = made.frames()
        next(frames)
    assert list(frames) == []
    made.__exit__(None, None, None)


def test_an_end_is_a_loss() -> None:
    def short(_attempt: Attempt) -> InputContainer:
        return av.open("testsrc2=size=64x48:rate=10:duration=0.5", format="lavfi")

    with ScreenSource("", environ={"DISPLAY": ":0"}, platform="linux", opener=short) as made:
        frames = made.frames()
        assert len(list(islice(frames, 5))) == 5
        with pytest.raises(SourceLost, match="screen: stopped: it delivers no more pictures"):
            next(frames)


@pytest.mark.parametrize(
    ("value", "area"),
    [
        ("", Area()),
        (" ", Area()),
        ("1", Area(screen=1)),
        ("1280x720+100+50", Area((1280, 720, 100, 50))),
        ("1280×720+0+0", Area((1280, 720, 0, 0))),
        ("window=Zoom Meeting = 3", Area(window="Zoom Meeting = 3")),
    ],
)
def test_what_may_follow_the_colon(value: str, area: Area) -> None:
    assert parse_area(value) == area


@pytest.mark.parametrize("value", ["1280x720", "720p", "window=", "title=Zoom", "1280x720-1+0", ":0", "9x9+0+0"])
def test_what_may_not(value: str) -> None:
    with pytest.raises(ConfigError, match=r"1280x720|too small") as caught:
        ScreenSource(value)
    assert f"screen:{value}" in str(caught.value)


PACE = {"framerate": "15"}
RATE = {**PACE, "fpsprobesize": "0"}
DISPLAY = {"DISPLAY": ":3"}


@pytest.mark.parametrize(
    ("platform", "value", "attempt"),
    [
        ("linux", "", Attempt("x11grab", ":3", RATE)),
        ("linux", "0", Attempt("x11grab", ":3", RATE)),
        ("linux", "64x48+1+2", Attempt("x11grab", ":3+1,2", {**RATE, "video_size": "64x48"})),
        ("linux", "window=0x10", Attempt("x11grab", ":3", {**RATE, "window_id": "16"})),
        ("win32", "", Attempt("gdigrab", "desktop", RATE)),
        ("win32", "window=Zoom Meeting", Attempt("gdigrab", "title=Zoom Meeting", RATE)),
        (
            "win32",
            "64x48+1+2",
            Attempt("gdigrab", "desktop", {**RATE, "video_size": "64x48", "offset_x": "1", "offset_y": "2"}),
        ),
        ("darwin", "", Attempt("avfoundation", "Capture screen 0:none", PACE)),
        ("darwin", "1", Attempt("avfoundation", "Capture screen 1:none", PACE)),
    ],
)
def test_how_each_system_opens_its_screen(platform: str, value: str, attempt: Attempt) -> None:
    assert attempt_of(parse_area(value), 15.0, DISPLAY, platform) == attempt


@pytest.mark.parametrize(
    ("platform", "value", "said"),
    [
        ("linux", "1", "only macOS counts its screens"),
        ("win32", "1", "only macOS counts its screens"),
        ("linux", "window=Zoom", "ask xwininfo"),
        ("darwin", "64x48+0+0", "share the window through a browser"),
        ("darwin", "window=Zoom", "share the window through a browser"),
    ],
)
def test_what_a_system_cannot_show(platform: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ScreenSource(value, environ=DISPLAY, platform=platform).__enter__()


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (Attempt("gdigrab", "title=Zoom", RATE), "a window of exactly that title"),
        (Attempt("avfoundation", "Capture screen 0:none", PACE), "Screen & System Audio Recording"),
    ],
)
def test_why_a_screen_does_not_open(attempt: Attempt, said: str) -> None:
    told = refusal("talk", attempt, OSError(errno.EIO, "why"))
    assert str(told).startswith("talk cannot be opened: why; ")
    assert said in str(told)
