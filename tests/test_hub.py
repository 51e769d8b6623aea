"""The newest of each room and camera, for whoever looks."""

from __future__ import annotations

from itertools import pairwise

from streamer.hub import HISTORY, Event, Hub
from streamer.states import CameraStatus
from streamer.types import RoomResult


def room(pts: float, name: str = "hall") -> RoomResult:
    return RoomResult(name, pts, None, ("left",))


def test_the_newest_of_each_is_kept() -> None:
    hub = Hub()
    for event in (room(1.0), room(2.0), room(1.5, "desk")):
        hub.publish(event)
    hub.publish(CameraStatus("left", "hall", "starting", 0.0))
    hub.publish(CameraStatus("left", "hall", "online", 1.0))
    assert {name: result.pts for name, result in hub.rooms().items()} == {"hall": 2.0, "desk": 1.5}
    assert hub.cameras()["left"].state == "online"


def test_a_past_has_one_result_a_second_and_is_bounded() -> None:
    hub = Hub()
    for tenth in range(10 * (HISTORY + 50)):
        hub.publish(room(tenth / 10))
    past = [result.pts for result in hub.history("hall")]
    assert len(past) == HISTORY
    assert past[-1] == HISTORY + 49
    assert {round(after - before, 6) for before, after in pairwise(past)} == {1.0}
    assert hub.history("nowhere") == ()


def test_a_run_that_begins_anew_has_a_new_past() -> None:
    hub = Hub()
    for pts in (10.0, 11.0, 0.5):
        hub.publish(room(pts))
    assert [result.pts for result in hub.history("hall")] == [0.5]


def test_whoever_listens_hears_each_event_until_the_end() -> None:
    hub, heard, other = Hub(), list[Event](), list[Event]()
    end = hub.listen(heard.append)
    hub.listen(other.append)
    hub.publish(room(1.0))
    end()
    end()
    hub.publish(room(2.0))
    assert [event.pts for event in heard if isinstance(event, RoomResult)] == [1.0]
    assert len(other) == 2
