from __future__ import annotations

from streamer.commands.run import line, time_limit
from streamer.pipeline import Pipeline
from streamer.types import FrameResult, GroupMood
from tests.fakes import FakeSource
from tests.test_pipeline import Rig, SilentSource


def test_a_camera_that_gives_nothing_more_is_ended_by_the_time_limit() -> None:
    rig, source = Rig(), SilentSource()
    made = Pipeline(rig.models, [rig.camera(source)], stop_event=source.ended)
    limit = time_limit(made, 0.05, grace=0.0)
    made.run()
    limit.join()
    assert source.closed == 1


def test_a_file_has_its_limit_in_its_own_time() -> None:
    rig = Rig()
    made = Pipeline(rig.models, [rig.camera(FakeSource(3, live=False))])
    assert not time_limit(made, 0.05, grace=0.0).is_alive()


def test_the_state_of_a_run_in_one_line() -> None:
    mood = GroupMood(7, 5, 0.3, 0.1, None, None, 0.2, None, 5 / 7, 10.0)
    result = FrameResult("cam", 9, 83.2, 0.0, (), mood, dropped=4)
    assert line(result, 29.6, 0.0312) == "1:23  5 of 7 people, mood +0.30  30 fps, 31 ms, 4 dropped"
    nobody = FrameResult("cam", 9, 5.0, 0.0, (), None)
    assert line(nobody, 30, 0.01) == "0:05  no faces  30 fps, 10 ms, 0 dropped"
