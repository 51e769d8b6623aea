"""The key of the room's noise stays, and with it a room that is started anew again and again tells little more."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from streamer.aggregate import Aggregate, AggregateRules
from streamer.errors import SinkError
from streamer.publish.lasting import NAME, SIZE, lasting_secret
from streamer.publish.rooms import POINTS
from streamer.types import GroupMood


def test_it_stays_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "state" / NAME
    key = lasting_secret(path)
    assert len(key) == SIZE
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    path.chmod(0o644)
    assert lasting_secret(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert lasting_secret(tmp_path / "other") != key
    assert [one.name for one in path.parent.iterdir()] == [NAME]


def test_of_several_that_make_it_at_once_all_have_the_same(tmp_path: Path) -> None:
    keys, barrier = list[bytes](), threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        keys.append(lasting_secret(tmp_path / NAME))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_what_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"short")
    with pytest.raises(SinkError, match="must have 32 bytes, has 5; delete it"):
        lasting_secret(tmp_path / NAME)
    with pytest.raises(SinkError, match=r"cannot be kept: .*; name another state_dir"):
        lasting_secret(tmp_path / NAME / "below")


def left_of_noise(lasting: bool) -> float:
    """What many meetings on average tell too much when one of six leaves a room of equals: its deviation over rooms."""
    told = []
    for room in range(30):
        key = bytes([room]) * 32 if lasting else None
        told.append(np.mean([difference(key) for _ in range(20)]))
    return float(np.std(told))


def difference(key: bytes | None) -> float:
    """Between the valences that are published of six and of five in one run of its own."""
    aggregate = Aggregate("room", AggregateRules(), secret=os.urandom(32), points=POINTS, lasting=key)
    shown: dict[int, float] = {}
    for now in range(0, 120, 5):
        people = 6 if now < 60 else 5
        mood = aggregate.update(ideal(people), range(people), ["camera"], float(now)).mood
        shown[people] = 0.0 if mood is None or mood.valence is None else mood.valence
    return shown[6] - shown[5]


def ideal(people: int) -> GroupMood:
    """Everybody is a little happy."""
    shares = (0.7, 0.2, 0.02, 0.02, 0.02, 0.02, 0.01, 0.01)
    return GroupMood(people, people, 0.15, 0.1, (0.1, 0.2), shares, 0.1, None, 1.0, 10.0)


def test_what_a_room_adds_does_not_average_out_over_many_starts() -> None:
    """The standard deviation that remains of 20 starts: with keys of their own a √20-th, with one that stays all that
    belongs to the room."""
    assert left_of_noise(lasting=False) < 0.04
    assert left_of_noise(lasting=True) > 0.06
