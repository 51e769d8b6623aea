from __future__ import annotations

import logging
import threading
import time
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from pydantic import SecretStr

from streamer.errors import SinkError
from streamer.metrics import Metrics
from streamer.noted import Events, Webhook
from streamer.outbox import FILE, outboxes_of, together
from streamer.outbox.store import Store
from streamer.outbox.webhook import receiver_of
from tests.outbox_rows import marks
from tests.webhook_receiver import SECRET, receiver


class Part:
    """Leaving it waits for ``free``, and for those who leave with it."""

    def __init__(self, met: threading.Barrier, free: threading.Event) -> None:
        self._met, self._free = met, free
        self.opened = self.closed = False

    def __enter__(self) -> Self:
        self.opened = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._met.wait(10)
        assert self._free.wait(10)
        self.closed = True


class Broken(Part):
    def __enter__(self) -> Self:
        raise SinkError("it cannot be opened")


def free() -> threading.Event:
    made = threading.Event()
    made.set()
    return made


def test_all_are_left_at_once() -> None:
    """Each waits for all the others to be left as well."""
    met = threading.Barrier(3)
    parts = [Part(met, free()) for _ in range(3)]
    with together(parts):
        assert [part.opened for part in parts] == [True] * 3
    assert [part.closed for part in parts] == [True] * 3
    assert not met.broken


def test_where_one_cannot_be_opened_those_before_are_closed() -> None:
    met = threading.Barrier(1)
    first, last = Part(met, free()), Part(met, free())
    with pytest.raises(SinkError, match="it cannot be opened"), together([first, Broken(met, free()), last]):
        raise AssertionError("entered")
    assert (first.closed, last.opened) == (True, False)


def test_who_does_not_end_is_left_behind_and_named(caplog: pytest.LogCaptureFixture) -> None:
    met, stuck = threading.Barrier(1), threading.Event()
    slow, quick = Part(met, stuck), Part(met, free())
    with caplog.at_level(logging.ERROR), together([slow, quick], 1.0):
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert (slow.closed, quick.closed) == (False, True)
    assert [record.getMessage() for record in caplog.records] == ["left behind because they do not end: closing Part"]
    stuck.set()


def test_many_receivers_that_hang_take_no_longer_than_one(tmp_path: Path) -> None:
    """Six of them, each of which may take three seconds; what they did not take waits for the next time."""
    with receiver() as hung:
        hung.fault = "hang"
        urls = [f"{hung.url}&number={number}" for number in range(6)]
        hooks = tuple(Webhook(url=SecretStr(url), secret=SecretStr(SECRET), events=("mark",)) for url in urls)
        outboxes = outboxes_of(Events(webhooks=hooks), tmp_path, Metrics())
        with together(outboxes):
            for row in marks(4):
                for one in outboxes:
                    one.put(row)
            assert hung.wait(6, asked=True)
            began = time.monotonic()
        assert time.monotonic() - began < 6
    for url in urls:
        with closing(Store(tmp_path / FILE, receiver_of(url), 10)) as store:
            assert store.waiting() == 4
