from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pytest

from streamer.analyzer import Analyzer, Models
from streamer.errors import SinkError, SourceError, SourceLost
from streamer.labels import Labels
from streamer.line import Camera
from streamer.packets import Packet
from streamer.pipeline import STOP_SECONDS, Ask, Hooks, Pipeline
from streamer.schedule import Plan, Schedule
from streamer.types import Command, Frame, FrameResult, Image
from tests.fakes import (
    FakeClassifier,
    FakeDetector,
    FakeEncoder,
    FakeMood,
    FakeOverlay,
    FakeSource,
    FakeTracker,
    FakeWindow,
    ListSink,
    PacketList,
    PictureList,
    StuckSink,
)


class Rig:
    """One models object, and cameras of fakes on it."""

    def __init__(self, detector: FakeDetector | None = None, plan: Plan | None = None) -> None:
        self.detector = detector or FakeDetector()
        self.classifier = FakeClassifier()
        self.models = Models(self.detector, self.classifier)
        self.overlay = FakeOverlay()
        self._plan = plan or Plan()

    def camera(
        self,
        source: FakeSource,
        *,
        results: Sequence[ListSink | StuckSink] = (),
        pictures: Sequence[PictureList] = (),
        encoder: FakeEncoder | None = None,
        packets: Sequence[PacketList] = (),
        recorder: Callable[[], PacketList] | None = None,
    ) -> Camera:
        analyzer = Analyzer(self.models, FakeTracker(), Labels(), FakeMood(), Schedule(self._plan))
        return Camera(source, analyzer, self.overlay, results, pictures, encoder, packets, recorder)

    def run(self, *cameras: Camera) -> Pipeline:
        pipeline = Pipeline(self.models, cameras)
        pipeline.run()
        return pipeline


def balanced(pipeline: Pipeline) -> bool:
    """Captured = processed + dropped + in the slot, for each camera."""
    counts = pipeline.metrics.snapshot()
    return all(
        counts.count("captured", line.name) - refused(counts.count("captured", line.name), line.frames.received)
        == counts.count("processed", line.name) + line.dropped + line.frames.waiting
        for line in pipeline.lines
    )


def refused(captured: int, received: int) -> int:
    """At most the one frame that was captured while the box was being closed."""
    assert captured - received in (0, 1)
    return captured - received


def test_a_file_loses_nothing_even_behind_a_slow_sink() -> None:
    rig, sink, pictures = Rig(), ListSink(seconds=0.002), PictureList()
    pipeline = rig.run(rig.camera(FakeSource(100, live=False), results=[sink], pictures=[pictures]))
    assert [r.index for r in sink.results] == list(range(100))
    assert [p.index for p in pictures.pictures] == list(range(100))
    assert (sink.opened, sink.closed) == (1, 1)
    assert balanced(pipeline)


def test_a_live_source_drops_old_frames_keeps_order_and_counts_every_one() -> None:
    rig, sink = Rig(FakeDetector(seconds=0.01)), ListSink()
    pipeline = rig.run(rig.camera(FakeSource(200, live=True, period=0.001), results=[sink]))
    indices = [r.index for r in sink.results]
    assert indices == sorted(set(indices))
    assert indices[-1] == 199
    assert pipeline.lines[0].frames.dropped == 200 - len(indices) > 0
    assert sink.results[-1].dropped == pipeline.lines[0].frames.dropped
    assert balanced(pipeline)


def test_a_slow_sink_does_not_slow_a_live_pipeline() -> None:
    rig, slow, fast = Rig(), PictureList(seconds=0.05), ListSink()
    pipeline = rig.run(rig.camera(FakeSource(100, live=True, period=0.002), results=[fast], pictures=[slow]))
    line = pipeline.lines[0]
    assert len(fast.results) + line.frames.dropped == 100
    assert len(slow.pictures) + line.pictures[0][1].dropped + line.drawings.dropped == len(fast.results)
    assert len(slow.pictures) < len(fast.results)


def test_a_failing_sink_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    rig, bad, good = Rig(), ListSink(fail_at=3), ListSink()
    pipeline = rig.run(rig.camera(FakeSource(50, live=False), results=[bad, good]))
    assert (len(bad.results), len(good.results)) == (3, 50)
    assert [part for part, _ in pipeline.failed] == [bad]
    assert (bad.closed, good.closed) == (1, 1)
    assert [r.message for r in caplog.records if "disk full" in r.message] == [
        "ListSink of fake is out of service, the others go on: disk full"
    ]
    assert pipeline.metrics.snapshot().count("failed outputs", "fake") == 1


def test_result_sinks_never_see_pixels() -> None:
    rig, sink, pictures = Rig(), ListSink(), PictureList()
    rig.run(rig.camera(FakeSource(5, live=False), results=[sink], pictures=[pictures]))
    assert not hasattr(sink.results[0], "image")
    assert pictures.pictures[0].image.min() == 255


def test_an_engine_failure_ends_the_run_and_is_raised() -> None:
    rig, sink = Rig(FakeDetector(fail_at=5)), ListSink()
    with pytest.raises(RuntimeError, match="engine died"):
        rig.run(rig.camera(FakeSource(1000, live=False), results=[sink]))
    assert len(sink.results) == 4
    assert sink.closed == 1
    assert rig.detector.closed == 1


def test_an_overlay_failure_ends_the_run_and_is_raised() -> None:
    rig = Rig()
    rig.overlay.fail_at = 3
    with pytest.raises(RuntimeError, match="out of paint"):
        rig.run(rig.camera(FakeSource(1000, live=False), pictures=[PictureList()]))


def test_a_lost_camera_is_raised_after_what_it_gave_was_written() -> None:
    rig, sink = Rig(), ListSink()
    with pytest.raises(SourceLost, match="cable"):
        rig.run(rig.camera(FakeSource(50, live=False, lose_at=7), results=[sink]))
    assert len(sink.results) == 7


def test_a_lost_camera_does_not_end_the_others() -> None:
    rig, left, right = Rig(), ListSink(), ListSink()
    with pytest.raises(SourceLost):
        rig.run(
            rig.camera(FakeSource(60, live=False, name="left", lose_at=5), results=[left]),
            rig.camera(FakeSource(60, live=False, name="right"), results=[right]),
        )
    assert (len(left.results), len(right.results)) == (5, 60)


def test_the_faces_of_all_cameras_share_a_batch() -> None:
    rig = Rig(FakeDetector(seconds=0.002, faces=2), Plan(interval=0.02))
    left, right = ListSink(), ListSink()
    pipeline = rig.run(
        rig.camera(FakeSource(30, live=False, name="left"), results=[left]),
        rig.camera(FakeSource(30, live=False, name="right"), results=[right]),
    )
    assert (len(left.results), len(right.results)) == (30, 30)
    assert {r.source for r in left.results} == {"left"}
    assert max(rig.classifier.batches) == 4
    assert (rig.detector.opened, rig.classifier.opened) == (1, 1)
    assert balanced(pipeline)


@pytest.mark.parametrize("live", [True, False])
def test_stop_is_quick_and_leaves_no_thread(live: bool) -> None:
    before = set(threading.enumerate())
    rig, enough = Rig(FakeDetector(0.002)), threading.Event()
    sink = ListSink(after=lambda count: enough.set() if count == 10 else None)
    camera = rig.camera(
        FakeSource(10**6, live=live, period=0.001),
        results=[sink],
        pictures=[PictureList()],
        encoder=FakeEncoder(),
        packets=[PacketList()],
    )
    pipeline = Pipeline(rig.models, [camera])
    pipeline.start()
    assert enough.wait(10)
    start = time.monotonic()
    pipeline.stop()
    pipeline.join()
    assert time.monotonic() - start < STOP_SECONDS
    assert set(threading.enumerate()) == before
    assert balanced(pipeline)


def test_a_sink_that_hangs_is_left_behind_in_time(caplog: pytest.LogCaptureFixture) -> None:
    rig, stuck, enough = Rig(), StuckSink(), threading.Event()
    good = ListSink(after=lambda count: enough.set() if count == 10 else None)
    pipeline = Pipeline(rig.models, [rig.camera(FakeSource(10**6, live=True, period=0.001), results=[stuck, good])])
    pipeline.start()
    assert enough.wait(10)
    start = time.monotonic()
    pipeline.stop()
    pipeline.join()
    assert time.monotonic() - start < STOP_SECONDS + 0.5
    assert "left behind because they do not end: StuckSink fake" in caplog.text
    assert good.closed == 1
    assert "StuckSink fake" in str(pipeline.failed[0][1])
    stuck.let_go.set()


def test_a_file_stopped_behind_a_hanging_sink_closes_all_the_others(caplog: pytest.LogCaptureFixture) -> None:
    rig, stuck, packets, pictures = Rig(), StuckSink(), PacketList(), PictureList()
    good = ListSink()
    camera = rig.camera(
        FakeSource(10**6, live=False),
        results=[stuck, good],
        pictures=[pictures],
        encoder=FakeEncoder(),
        packets=[packets],
    )
    pipeline = Pipeline(rig.models, [camera])
    pipeline.start()
    assert stuck.stuck.wait(10)
    pipeline.stop()
    pipeline.join()
    assert "left behind because they do not end: StuckSink fake" in caplog.text
    assert (good.closed, pictures.closed, packets.closed, rig.detector.closed) == (1, 1, 1, 1)
    stuck.let_go.set()


def test_models_are_opened_used_and_closed_in_one_thread() -> None:
    rig = Rig()
    rig.run(rig.camera(FakeSource(3, live=False)))
    assert rig.detector.thread == rig.classifier.thread == "analyze"
    assert (rig.detector.opened, rig.detector.closed) == (1, 1)


def test_the_last_packet_that_the_encoder_holds_back_is_written() -> None:
    rig, packets = Rig(), PacketList()
    rig.run(rig.camera(FakeSource(20, live=False), encoder=FakeEncoder(), packets=[packets]))
    assert [p.sequence for p in packets.packets] == list(range(20))


def test_an_encoder_that_fails_is_an_output_less() -> None:
    rig, packets, results = Rig(), PacketList(), ListSink()
    encoder = FakeEncoder(fail_at=5)
    pipeline = rig.run(rig.camera(FakeSource(20, live=False), encoder=encoder, packets=[packets], results=[results]))
    assert [part for part, _ in pipeline.failed] == [encoder]
    assert len(results.results) == 20
    assert packets.closed == 1


def test_without_anybody_to_see_them_no_pictures_are_drawn() -> None:
    rig = Rig()
    rig.run(rig.camera(FakeSource(10, live=False), results=[ListSink()]))
    assert rig.overlay.views == []


def windowed(presses: dict[int, Command], frames: int = 60, **parts: object) -> tuple[Rig, FakeWindow, Pipeline]:
    rig, windows = Rig(), list[FakeWindow]()

    def window(ask: Ask) -> FakeWindow:
        windows.append(FakeWindow({count: partial(ask, command) for count, command in presses.items()}))
        return windows[0]

    camera = rig.camera(FakeSource(frames, live=False), **parts)  # type: ignore[arg-type]  # passed on as they are
    pipeline = Pipeline(rig.models, [camera], window=window)
    pipeline.run()
    return rig, windows[0], pipeline


def test_the_window_is_served_by_the_calling_thread_to_the_end() -> None:
    _, window, _ = windowed({})
    assert window.thread == threading.current_thread().name
    assert [p.index for p in window.pictures] == list(range(60))
    assert window.closed == 1


def test_quit_ends_the_run() -> None:
    _, window, _ = windowed({5: "quit"}, frames=10**5)
    assert 5 <= len(window.pictures) < 100


@pytest.mark.parametrize("command", ["blur", "labels", "meter", "help"])
def test_a_key_switches_a_part_of_the_view(command: Command) -> None:
    rig, _, _ = windowed({5: command})
    values = [getattr(view, command) for view in rig.overlay.views]
    assert values[0] != values[-1]
    assert values == sorted(values, reverse=bool(values[0]))


def test_pause_shows_frames_but_analyses_none() -> None:
    sink = ListSink()
    rig, window, pipeline = windowed({5: "pause"}, frames=60, results=[sink])
    assert len(window.pictures) == 60
    assert 5 <= len(sink.results) < 30
    assert rig.detector.calls == len(sink.results)
    assert rig.overlay.views[-1].paused
    assert balanced(pipeline)


def test_calibrate_reaches_the_labels() -> None:
    sink = ListSink()
    windowed({20: "calibrate"}, frames=90, results=[sink])
    first, last = (r.people[0].emotion for r in (sink.results[10], sink.results[-1]))
    assert first is not None
    assert last is not None
    # Whoever looks happy while calibrated counts as less happy afterwards: it is the resting face.
    assert last.probabilities[1] < first.probabilities[1] - 0.2


def test_a_recording_begins_and_ends_in_mid_run() -> None:
    recordings: list[PacketList] = []

    def recorder() -> PacketList:
        recordings.append(PacketList())
        return recordings[-1]

    windowed({5: "record", 40: "record"}, frames=100, encoder=FakeEncoder(), recorder=recorder)
    assert len(recordings) == 1
    assert 20 <= len(recordings[0].packets) <= 60
    assert recordings[0].closed == 1


def test_the_status_tells_what_runs_and_what_was_skipped() -> None:
    rig = Rig(plan=Plan(detect_every=3))
    rig.run(rig.camera(FakeSource(10, live=False), pictures=[PictureList()]))
    assert rig.overlay.statuses[0].engine == "fake detector · fake classifier"
    assert rig.overlay.statuses[0].note == "detecting on 1 frame in 3"
    assert rig.detector.calls == 4


def test_no_camera_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one camera"):
        Pipeline(Rig().models, [])


def test_nothing_is_captured_before_the_models_are_open() -> None:
    rig, opened = Rig(), threading.Event()

    class Slow(FakeDetector):
        def __enter__(self) -> Slow:
            super().__enter__()
            assert opened.wait(10)
            return self

    rig.models = Models(Slow(), rig.classifier)
    pipeline = Pipeline(rig.models, [rig.camera(FakeSource(5, live=True))])
    pipeline.start()
    assert pipeline.lines[0].frames.received == 0
    opened.set()
    pipeline.join()
    assert pipeline.lines[0].frames.received == 5


def test_models_that_do_not_open_end_the_run() -> None:
    rig = Rig()

    class Broken(FakeDetector):
        def __enter__(self) -> Broken:
            raise RuntimeError("no engine can run it")

    rig.models = Models(Broken(), rig.classifier)
    source = FakeSource(10**6, live=True, period=0.001)
    with pytest.raises(RuntimeError, match="no engine can run it"):
        Pipeline(rig.models, [rig.camera(source)]).run()
    assert source.closed == source.opened


def test_ctrl_c_ends_the_run_and_keeps_what_was_written() -> None:
    rig = Rig()
    sink = ListSink(after=lambda count: os.kill(os.getpid(), signal.SIGINT) if count == 20 else None)
    pipeline = rig.run(rig.camera(FakeSource(10**6, live=True, period=0.001), results=[sink]))
    assert pipeline.interrupted
    assert len(sink.results) >= 20
    assert sink.closed == 1
    assert balanced(pipeline)


class SilentSource(FakeSource):
    """A camera that gives two frames and then nothing until it is told to end."""

    def __init__(self) -> None:
        super().__init__(2, live=True)
        self.ended = threading.Event()

    def frames(self) -> Iterator[Frame]:
        yield from super().frames()
        self.ended.wait()


def test_quit_is_heard_while_the_camera_gives_nothing() -> None:
    rig, source = Rig(), SilentSource()
    camera = rig.camera(source)
    pipeline = Pipeline(
        rig.models,
        [camera],
        window=lambda ask: FakeWindow({-3: partial(ask, "quit")}),
        stop_event=source.ended,
    )
    pipeline.run()
    assert source.closed == 1
    assert balanced(pipeline)


def test_a_window_that_fails_ends_the_run_in_order() -> None:
    rig, sink = Rig(), ListSink()

    class Broken(FakeWindow):
        def write(self, picture: Frame, result: FrameResult) -> None:
            super().write(picture, result)
            raise SinkError("the display is gone")

    before = set(threading.enumerate())
    pipeline = Pipeline(
        rig.models, [rig.camera(FakeSource(10**6, live=False), results=[sink])], window=lambda _: Broken({})
    )
    with pytest.raises(SinkError, match="the display is gone"):
        pipeline.run()
    assert set(threading.enumerate()) == before
    assert (sink.closed, rig.detector.closed) == (1, 1)


def test_a_picture_that_cannot_be_converted_ends_its_camera_only() -> None:
    class Broken(FakeSource):
        def frames(self) -> Iterator[Frame]:
            def convert() -> Image:
                raise SourceError("a format that nobody knows")

            for frame in super().frames():
                yield Frame("broken", frame.index, frame.pts, frame.captured, convert)

    rig, sink = Rig(), ListSink()
    with pytest.raises(SourceError, match="a format that nobody knows"):
        rig.run(
            rig.camera(Broken(5, live=False, name="broken")),
            rig.camera(FakeSource(40, live=False), results=[sink]),
        )
    assert len(sink.results) == 40


def test_a_frame_shown_while_paused_is_converted_before_it_is_drawn() -> None:
    threads = set()

    class Lazy(FakeSource):
        def frames(self) -> Iterator[Frame]:
            for frame in super().frames():

                def convert(image: Image = frame.image) -> Image:
                    threads.add(threading.current_thread().name)
                    return image.copy()

                yield Frame(frame.source, frame.index, frame.pts, frame.captured, convert)

    rig = Rig()
    pipeline = Pipeline(
        rig.models,
        [rig.camera(Lazy(40, live=False))],
        window=lambda ask: FakeWindow({5: partial(ask, "pause"), 20: partial(ask, "pause")}),
    )
    pipeline.run()
    assert threads == {"analyze"}
    assert pipeline.metrics.snapshot().count("paused", "fake") > 0


def test_a_recording_that_fails_is_no_longer_shown_as_one() -> None:
    class Full(PacketList):
        def write(self, packet: Packet) -> None:
            super().write(packet)
            raise SinkError("disk full")

    rig, _, pipeline = windowed({5: "record"}, frames=400, encoder=FakeEncoder(), recorder=Full)
    assert [str(error) for _, error in pipeline.failed] == ["disk full"]
    shown = [view.recording for view in rig.overlay.views]
    assert True in shown
    assert not shown[-1]


def test_only_the_camera_with_a_recorder_shows_a_recording() -> None:
    rig, _, _ = windowed({5: "record"}, encoder=FakeEncoder())
    assert not any(view.recording for view in rig.overlay.views)


def test_what_a_slow_sink_never_got_is_counted_and_said(caplog: pytest.LogCaptureFixture) -> None:
    slow = ListSink(seconds=0.02)
    rig = Rig()
    pipeline = rig.run(rig.camera(FakeSource(400, live=True, period=0.001), results=[slow]))
    lost = pipeline.metrics.snapshot().count("dropped by ListSink", "fake")
    assert lost == pipeline.metrics.snapshot().count("processed", "fake") - len(slow.results)
    assert lost > 0
    assert "ListSink of fake is too slow" in caplog.text


class Choosy(FakeDetector):
    """A detector that every camera needs a copy of its own of."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: list[FakeDetector] = []

    def apart(self) -> FakeDetector:
        self.copies.append(FakeDetector())
        return self.copies[-1]


def test_a_detector_that_adapts_does_so_for_each_camera() -> None:
    choosy = Choosy()
    rig = Rig(choosy)
    rig.run(
        rig.camera(FakeSource(7, live=False, name="left")),
        rig.camera(FakeSource(9, live=False, name="right")),
    )
    assert [copy.calls for copy in choosy.copies] == [7, 9]
    assert (choosy.calls, choosy.opened) == (0, 1)


def test_a_recording_beside_a_file_begins_with_a_keyframe_at_once() -> None:
    file, recording = PacketList(), PacketList()
    rig, _, _ = windowed({13: "record"}, frames=60, encoder=FakeEncoder(), packets=[file], recorder=lambda: recording)
    shown = [view.recording for view in rig.overlay.views].index(True)
    assert recording.packets[0].keyframe
    assert recording.packets[0].sequence == shown
    assert [packet.sequence for packet in file.packets] == list(range(60))


def test_each_round_is_told_and_each_frame_captured() -> None:
    rig, left, right = Rig(), ListSink(), ListSink()
    told: list[FrameResult] = []
    captured: list[str] = []
    cameras = [
        rig.camera(FakeSource(20, live=False, name="left"), results=[left]),
        rig.camera(FakeSource(30, live=False, name="right"), results=[right]),
    ]
    Pipeline(rig.models, cameras, hooks=Hooks(told.extend, captured.append)).run()
    assert [r for r in told if r.source == "left"] == left.results
    assert [r for r in told if r.source == "right"] == right.results
    assert (captured.count("left"), captured.count("right")) == (20, 30)


def test_who_is_told_of_a_round_and_fails_ends_the_run() -> None:
    def refuse(_: Sequence[FrameResult]) -> None:
        raise RuntimeError("the hub is gone")

    rig, sink = Rig(), ListSink()
    camera = rig.camera(FakeSource(10**6, live=True, period=0.001), results=[sink])
    with pytest.raises(RuntimeError, match="the hub is gone"):
        Pipeline(rig.models, [camera], hooks=Hooks(on_results=refuse)).run()
    assert sink.closed == 1


def test_who_is_told_of_a_frame_and_fails_ends_that_camera_only() -> None:
    def refuse(name: str) -> None:
        if name == "left":
            raise RuntimeError("no watch")

    rig, right = Rig(), ListSink()
    cameras = [
        rig.camera(FakeSource(20, live=False, name="left")),
        rig.camera(FakeSource(30, live=False, name="right"), results=[right]),
    ]
    with pytest.raises(RuntimeError, match="no watch"):
        Pipeline(rig.models, cameras, hooks=Hooks(on_frame=refuse)).run()
    assert len(right.results) == 30


def test_off_is_heard_at_once_even_where_no_frame_comes() -> None:
    source, told = SilentSource(), list[FrameResult]()
    rig, begun = Rig(), threading.Event()
    sink = ListSink(after=lambda _: begun.set())
    camera = rig.camera(source, results=[sink])
    pipeline = Pipeline(rig.models, [camera], stop_event=source.ended, hooks=Hooks(told.extend))
    pipeline.start()
    assert begun.wait(10)
    assert not pipeline.paused
    pipeline.ask("off")
    assert pipeline.paused
    pipeline.ask("off")
    assert pipeline.paused
    pipeline.ask("on")
    assert not pipeline.paused
    pipeline.stop()
    pipeline.join()


class DeafSource(FakeSource):
    """A camera that gives three frames and then blocks, whatever happens."""

    def __init__(self, name: str) -> None:
        super().__init__(3, live=True, name=name)
        self.blocked, self.let_go = threading.Event(), threading.Event()

    def frames(self) -> Iterator[Frame]:
        yield from super().frames()
        self.blocked.set()
        self.let_go.wait()


def test_a_source_that_blocks_for_ever_is_left_behind_in_time(caplog: pytest.LogCaptureFixture) -> None:
    rig, deaf, sink = Rig(), DeafSource("deaf"), ListSink()
    pipeline = Pipeline(rig.models, [rig.camera(deaf, results=[sink])])
    pipeline.start()
    assert deaf.blocked.wait(10)
    start = time.monotonic()
    pipeline.stop()
    pipeline.join()
    assert time.monotonic() - start < STOP_SECONDS + 0.5 < 5.0
    assert "left behind because they do not end: capture deaf" in caplog.text
    assert (sink.closed, rig.detector.closed) == (1, 1)
    deaf.let_go.set()


def test_cameras_that_die_or_stall_cost_the_others_nothing() -> None:
    rig, deaf = Rig(), DeafSource("deaf")
    sinks = [ListSink(), ListSink()]
    well = [
        rig.camera(FakeSource(200, live=True, period=0.005, name=f"well {n}"), results=[sink])
        for n, sink in enumerate(sinks)
    ]
    lost = rig.camera(FakeSource(200, live=True, period=0.005, name="lost", lose_at=10))
    captured: list[str] = []
    done = [threading.Event(), threading.Event()]

    def count(name: str) -> None:
        captured.append(name)
        for n in range(2):
            if captured.count(f"well {n}") == 200:
                done[n].set()

    pipeline = Pipeline(rig.models, [rig.camera(deaf), lost, *well], hooks=Hooks(on_frame=count))
    pipeline.start()
    assert all(event.wait(20) for event in [deaf.blocked, *done])
    deaf.let_go.set()
    with pytest.raises(SourceLost):
        pipeline.join()
    processed = pipeline.metrics.snapshot()
    for n in range(2):
        assert processed.count("processed", f"well {n}") > 0.95 * 200
    assert balanced(pipeline)


def test_a_live_source_that_is_too_much_says_what_was_reduced() -> None:
    rig, pictures = Rig(FakeDetector(seconds=0.03), Plan(detect_every=None)), PictureList()
    pipeline = rig.run(rig.camera(FakeSource(60, live=True, period=0.01), pictures=[pictures]))
    assert any(status.note.startswith("detecting on 1 frame in") for status in rig.overlay.statuses)
    gauges = pipeline.metrics.snapshot().gauges
    assert gauges["governor level", "fake"] > 0
