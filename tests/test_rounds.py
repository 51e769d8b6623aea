from __future__ import annotations

from collections.abc import Sequence

import pytest

from streamer.errors import SourceError
from streamer.types import Command, Frame, FrameResult, Image
from tests.fakes import picture
from tests.simulated import Costs, World

COSTS = Costs(look=0.004, face=0.001, rest=0.001)


def world(cameras: int = 1) -> World:
    return World([30] * cameras, COSTS)


def test_the_results_of_each_round_are_told_together() -> None:
    two = world(2)
    two.run(1)
    assert len(two.told) == 30
    assert all([result.source for result in told] == ["camera 0", "camera 1"] for told in two.told)
    assert [result for told in two.told for result in told] == [result for result, _ in two.results]


def test_what_is_raised_by_who_is_told_is_not_swallowed() -> None:
    def refuse(_: Sequence[FrameResult]) -> None:
        raise RuntimeError("the hub is gone")

    with pytest.raises(RuntimeError, match="the hub is gone"):
        World([30], COSTS, on_results=refuse).run(1)


def test_off_and_on_say_how_it_is_to_be_and_pause_switches() -> None:
    one = world()
    asked: list[Command] = ["off", "off", "on", "on", "pause", "off", "pause", "pause", "on"]
    states = []
    for command in asked:
        one.rounds.ask(command)
        one.run(0.1)
        states.append(one.rounds.paused)
    assert states == [True, True, False, False, True, True, False, True, False]


def test_off_holds_before_the_next_frame_comes() -> None:
    one = world()
    one.rounds.ask("off")
    assert one.rounds.paused
    one.rounds.ask("on")
    assert not one.rounds.paused


def test_while_off_nothing_is_looked_at_published_or_told() -> None:
    one = world()
    one.run(1)
    before = one.detector.calls, len(one.results), len(one.told)
    one.rounds.ask("off")
    one.run(1)
    assert (one.detector.calls, len(one.results), len(one.told)) == before
    one.rounds.ask("on")
    one.run(1)
    assert len(one.results) == before[1] + 30


def test_off_in_the_middle_of_a_round_keeps_its_results_back() -> None:
    def ask(one: World) -> None:
        if one.detector.calls == 10:
            one.rounds.ask("off")

    one = World([30], COSTS, meanwhile=ask)
    one.run(1)
    assert one.detector.calls == 10
    assert len(one.results) == len(one.told) == 9


def test_a_picture_that_cannot_be_read_ends_its_camera_only() -> None:
    two = world(2)
    two.run(0.5)

    def unreadable() -> Image:
        raise SourceError("a format that nobody knows")

    line = two.lines[0]
    two.rounds.run([(line, Frame(line.name, 99, 3.3, two.clock.now, unreadable))])
    assert [str(error) for error in two.errors] == ["a format that nobody knows"]
    assert line.frames.finished
    before = len(two.results)
    two.run(0.5)
    assert {result.source for result, _ in two.results[before:]} == {"camera 1"}


def test_frames_for_which_there_is_no_time_are_never_converted() -> None:
    one = World([30], Costs(look=0.03, rest=0.030))
    one.run(5)
    assert one.governor is not None
    assert one.governor.rung.pace > 0
    converted = []

    def convert(index: int) -> Image:
        converted.append(index)
        return picture(200, 140)

    line = one.lines[0]
    for index in range(1000, 1008):
        frame = Frame(line.name, index, index / 30, one.clock.now, lambda index=index: convert(index))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        one.rounds.run([(line, frame)])
    assert converted == [1000, 1002, 1004, 1006]
    assert line.camera.analyzer.schedule.note.endswith("analysing 1 frame in 2")
