"""Pictures are drawn, and encoded, only while somebody wants them."""

from __future__ import annotations

from collections.abc import Sequence

from streamer.analyzer import Analyzer, Models
from streamer.labels import Labels
from streamer.line import Camera, Demanding, Line, anybody
from streamer.mailbox import Mailbox
from streamer.metrics import Metrics
from streamer.pipeline import Pipeline
from streamer.schedule import Plan, Schedule
from streamer.types import View
from tests.fakes import (
    FakeClassifier,
    FakeDetector,
    FakeEncoder,
    FakeMood,
    FakeOverlay,
    FakeSource,
    FakeTracker,
    ListSink,
    PacketList,
    PictureList,
    frame,
)


class Gallery(PictureList):
    """A picture sink whose readers come and go."""

    wanted = False


class Station(PacketList):
    """A packet sink whose readers come and go."""

    wanted = False


class Willing(FakeEncoder):
    """Counts how often a keyframe was asked for."""

    asked = 0

    def ask_keyframe(self) -> None:
        self.asked += 1
        super().ask_keyframe()


class Desk:
    """One camera behind the analysis, with its threads' work done by hand."""

    def __init__(
        self,
        pictures: Sequence[PictureList] = (),
        packets: Sequence[PacketList] = (),
        *,
        recorder: bool = False,
    ) -> None:
        models = Models(FakeDetector(), FakeClassifier())
        self.analyzer = Analyzer(models, FakeTracker(), Labels(), FakeMood(), Schedule(Plan()))
        self.encoder = Willing()
        camera = Camera(
            FakeSource(0, live=True),
            self.analyzer,
            FakeOverlay(),
            (),
            pictures,
            self.encoder if packets or recorder else None,
            packets,
            PacketList if recorder else None,
        )
        self.line = Line(camera, Mailbox("latest"), Metrics(), windowed=False)
        self._index = 0

    def publish(self, view: View | None = None) -> tuple[bool, bool]:
        """Hand on one more result; whether its picture is to be drawn, and encoded."""
        picture = frame(self._index)
        self._index += 1
        self.line.publish(picture, self.analyzer.process(picture), view or View())
        drawing = self.line.drawings.take(0)
        return drawing is not None, drawing is not None and drawing.encoded


def test_a_sink_is_wanted_unless_it_says_no() -> None:
    gallery = Gallery()
    assert isinstance(gallery, Demanding)
    assert not isinstance(PictureList(), Demanding)
    assert not anybody([gallery])
    assert anybody([gallery, PictureList()])
    assert not anybody([])
    gallery.wanted = True
    assert anybody([gallery])


def test_pictures_are_drawn_while_somebody_looks() -> None:
    gallery = Gallery()
    desk = Desk([gallery])
    assert desk.publish() == (False, False)
    gallery.wanted = True
    assert desk.publish() == (True, False)
    gallery.wanted = False
    assert desk.publish() == (False, False)


def test_pictures_are_encoded_while_somebody_listens() -> None:
    station = Station()
    desk = Desk([PictureList()], [station])
    assert desk.publish() == (True, False)
    station.wanted = True
    assert desk.publish() == (True, True)


def test_without_packet_sinks_only_a_recording_is_encoded_and_one_picture_more_to_end_it() -> None:
    desk = Desk([PictureList()], recorder=True)
    views = [View(), View(recording=True), View(recording=True), View(), View()]
    assert [desk.publish(view)[1] for view in views] == [False, True, True, True, False]


def test_a_recording_that_nobody_else_looks_at_is_drawn_to_its_end() -> None:
    desk = Desk([Gallery()], [Station()], recorder=True)
    views = [View(), View(recording=True), View(), View()]
    assert [desk.publish(view) for view in views] == [(False, False), (True, True), (True, True), (False, False)]


def test_what_comes_after_a_break_begins_with_a_keyframe() -> None:
    station = Station()
    desk = Desk([], [station])
    asked = []
    for wanted in (False, True, True, False, False, True, True):
        station.wanted = wanted
        desk.publish()
        asked.append(desk.encoder.asked)
    assert asked == [0, 1, 1, 1, 1, 2, 2]


def test_who_joins_may_ask_for_a_keyframe() -> None:
    desk = Desk([], [PacketList()])
    desk.line.ask_keyframe()
    assert desk.encoder.asked == 1
    Desk([PictureList()]).line.ask_keyframe()  # nothing is encoded, so nothing happens


def test_in_a_run_nobody_is_drawn_for_until_somebody_comes_and_gets_a_keyframe_first() -> None:
    station, gallery, overlay = Station(), Gallery(), FakeOverlay()
    drawn: list[int] = []

    def come(count: int) -> None:
        if count == 30:
            drawn.append(len(overlay.views))
            station.wanted = True

    sink = ListSink(after=come)
    models = Models(FakeDetector(), FakeClassifier())
    analyzer = Analyzer(models, FakeTracker(), Labels(), FakeMood(), Schedule(Plan()))
    camera = Camera(FakeSource(100, live=False), analyzer, overlay, [sink], [gallery], FakeEncoder(), [station])
    Pipeline(models, [camera]).run()
    assert drawn == [0]
    assert not gallery.pictures
    assert station.packets[0].keyframe
    assert 1 <= len(station.packets) <= 71


def test_a_picture_is_given_only_to_those_who_want_it() -> None:
    gallery, always = Gallery(), PictureList()
    models = Models(FakeDetector(), FakeClassifier())
    analyzer = Analyzer(models, FakeTracker(), Labels(), FakeMood(), Schedule(Plan()))
    camera = Camera(FakeSource(20, live=False), analyzer, FakeOverlay(), [], [gallery, always])
    Pipeline(models, [camera]).run()
    assert (len(gallery.pictures), len(always.pictures)) == (0, 20)
