"""The made-up scene as a source: its spec and its clock."""

from __future__ import annotations

import pytest

from streamer.errors import ConfigError
from streamer.sources import story
from streamer.sources.scene import SceneSpec
from streamer.sources.synthetic import SyntheticSource
from streamer.stages import Source

SMALL = "size=320x180"


class Clock:
    """Time that passes only when somebody waits, or when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waited: list[float] = []
        self.ended = False

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.now += seconds
        return self.ended


def live(clock: Clock, spec: str) -> Source:
    return SyntheticSource(spec, clock=clock, wait=clock.wait)


# The spec


@pytest.mark.parametrize("spec", ["", "synthetic:", "synthetic:people=3,size=1280x720,fps=30,seconds=20,seed=1"])
def test_the_defaults_are_one_run_of_the_story_at_720p(spec: str) -> None:
    source = SyntheticSource(spec)
    assert source.spec == SceneSpec(people=3, width=1280, height=720, fps=30.0, seed=1)
    assert source.seconds == story.LENGTH


def test_every_key_is_obeyed_and_spaces_do_no_harm() -> None:
    source = SyntheticSource("synthetic: people=2, size=641X363 ,fps=29.97,seconds=1.5,seed=7,")
    assert source.spec == SceneSpec(people=2, width=641, height=363, fps=29.97, seed=7)
    assert source.seconds == 1.5


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        SyntheticSource("synthetic:peeple=3,people=5,size=big,fps=nan,seconds=-1,seed=x")
    message = str(caught.value)
    assert "unknown key 'peeple' (did you mean 'people'?); known: people, size, fps, seconds, seed" in message
    assert "people must be a whole number from 1 to 4, got '5'" in message
    assert "size must be WIDTHxHEIGHT of 64 to 4096 pixels each, as in 1280x720, got 'big'" in message
    assert "fps must be a number from 1 to 240, got 'nan'" in message
    assert "seconds must be a number from 0.1 to 86400, got '-1'" in message
    assert "seed must be a whole number from 0 to 4294967295, got 'x'" in message


@pytest.mark.parametrize(
    "part", ["people", "people=", "people=²", "size=0x0", "size=99999x720", "fps=0", "seconds=inf"]
)
def test_a_value_that_cannot_be_is_refused(part: str) -> None:
    with pytest.raises(ConfigError, match=part.partition("=")[0]):
        SyntheticSource(part)


# The source


def test_as_a_file_it_loses_nothing() -> None:
    with SyntheticSource(f"{SMALL},seconds=0.5,fps=20", realtime=False, name="demo") as source:
        frames = list(source.frames())
    assert not source.live
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.pts for frame in frames] == pytest.approx([index / 20 for index in range(10)])
    assert {frame.source for frame in frames} == {"demo"}
    assert {frame.size for frame in frames} == {(320, 180)}


def test_as_a_camera_frames_come_when_they_are_due() -> None:
    clock = Clock()
    with live(clock, f"{SMALL},seconds=0.5,fps=10") as source:
        captured = [(frame.index, frame.captured) for frame in source.frames()]
    assert source.live
    assert [index for index, _ in captured] == list(range(5))
    assert [time for _, time in captured] == pytest.approx([100.0, 100.1, 100.2, 100.3, 100.4])
    assert clock.waited == pytest.approx([0.1] * 4)


def test_who_reads_late_gets_the_frame_that_is_due_now() -> None:
    clock = Clock()
    with live(clock, f"{SMALL},seconds=1,fps=10") as source:
        frames = source.frames()
        assert next(frames).index == 0
        clock.now += 0.07
        assert next(frames).index == 1
        clock.now += 0.42
        late = next(frames)
        assert (late.index, late.pts) == (5, 0.5)
        assert abs(late.captured - 100.52) < 1e-9
        assert next(frames).index == 6
        assert abs(clock.now - 100.6) < 1e-9


def test_waiting_can_be_ended() -> None:
    clock = Clock()
    with live(clock, SMALL) as source:
        frames = source.frames()
        next(frames)
        clock.ended = True
        assert next(frames, None) is None


def test_the_truth_may_be_asked_for_before_and_after_the_run() -> None:
    source = SyntheticSource(f"{SMALL},seconds=0.1", realtime=False)
    assert source.expected_people(0) == 1
    with source:
        pass
    assert [person.key for person in source.truth(0)] == ["hopper"]
