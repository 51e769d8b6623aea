"""Rooms and their events on an MQTT broker, where Home Assistant finds them by itself."""

from __future__ import annotations

import contextlib
import json
import platform
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from streamer.errors import SinkError
from streamer.mailbox import Mailbox
from streamer.occurrences import identity
from streamer.outbox.broker import Broker, MqttSettings
from streamer.outbox.entries import Entry
from streamer.outbox.intake import AGAIN, Intake, ended_early
from streamer.outbox.retained import Retained
from streamer.outbox.store import Store
from streamer.outbox.tally import Tally
from streamer.outbox.terms import Terms
from streamer.outbox.topics import Topics
from streamer.timeline.rows import Row, Second

KINDS = ("moment", "alert", "mark")
"""What is told as an event; cameras are not."""

SECONDS = 256
"""Seconds of rooms that may wait in memory; only the newest of each is told."""

CLOSING = 0.5
"""Seconds that closing may wait for each of the five things it waits for."""


def receiver_of(settings: MqttSettings) -> str:
    """What the store calls a broker."""
    return f"mqtt {identity(settings.host, settings.port, settings.prefix)}"


class MqttOut:
    """The newest second of each room (retained, at most each ``every`` seconds), its moments, alerts and marks (QoS 1,
    in order, from the outbox), and whether this program is there: see ``streamer.outbox.topics``.

    While the broker is away nothing waits for it; events are delivered later. A context manager; ``put`` from any
    thread.
    """

    def __init__(self, settings: MqttSettings, store: Path, most: int, terms: Terms | None = None) -> None:
        """
        Raises:
            ConfigError: a prefix may begin no topic, or the CA cannot be read.
        """
        self._topics = Topics(settings.prefix, settings.discovery)
        self._bell = Mailbox[bool]("latest")
        # The same in each run, so that the broker ends a connection of the run before when this one comes.
        client = f"groupmood-{identity(platform.node(), store.absolute(), receiver_of(settings))[:12]}"
        self._broker = Broker(settings, self._topics, client, self._ring)
        terms = terms or Terms()
        self.name = terms.name or self._broker.name
        self._tally = Tally(self.name, terms.metrics, terms.label)
        self._kept, self._queue = (Store(store, receiver_of(settings), most) for _ in range(2))
        self._intake = Intake(self._tally, KINDS, self._keep)
        self._seconds = Mailbox[Second]("latest", SECONDS)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._states = Retained(self._topics, self._broker, settings.every)
        self._sent: tuple[int, Entry] | None = None
        self._acknowledged: set[int] = set()
        self._fault = ""

    def __enter__(self) -> Self:
        self._tally.begin(lambda: self.state)
        with contextlib.suppress(SinkError):  # told and tried again by the intake
            self._tally.waiting(self._kept.waiting)
        self._intake.start()
        self._broker.open()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def state(self) -> str:
        """'' or what is wrong."""
        gone = f"{self.name} is told no more: its thread ended" if ended_early(self._thread, self._over) else ""
        return gone or self._intake.state or self._fault or self._broker.state

    def put(self, row: Row) -> None:
        if isinstance(row, Second):
            self._seconds.put(row)
            self._ring()
        else:
            self._intake.put(row)

    def close(self) -> None:
        """Within three seconds; what is not delivered stays for the next time. Closing again does nothing."""
        if self._over.is_set():
            return
        self._intake.close(CLOSING)
        self._over.set()
        self._ring()
        if self._thread.is_alive():
            self._thread.join(CLOSING)  # the event under way may be acknowledged, so that it need not be sent again
            self._bell.close()
            self._thread.join(CLOSING)
        self._broker.close(CLOSING)
        if not self._thread.is_alive():
            self._kept.close()
            self._queue.close()

    def _ring(self) -> None:
        self._bell.put(True)

    def _keep(self, entry: Entry) -> None:
        before = self._kept.dropped
        self._kept.add(entry.id, entry.kind, entry.payload)
        self._tally.dropped(self._kept.dropped - before)
        self._tally.waiting(self._kept.waiting)
        self._ring()

    def _run(self) -> None:
        pause: float | None = None
        while not (self._bell.finished or (self._over.is_set() and not self._under_way)):
            self._bell.take(pause)
            while (second := self._seconds.take(0)) is not None:
                self._states.note(second)
            pause = self._states.tell(time.monotonic())
            try:
                self._send()
                self._fault = ""
            except SinkError as error:
                self._fault = str(error)
                pause = AGAIN

    @property
    def _under_way(self) -> bool:
        return self._sent is not None and self._broker.connected

    def _send(self) -> None:
        """Send what waits, each once the one before it is acknowledged and noted: in order, and none twice.

        Raises:
            SinkError: the outbox cannot be read or written.
        """
        while True:
            if self._sent is None:
                entry = self._queue.next() if self._broker.connected and not self._over.is_set() else None
                if entry is None:
                    return
                room = json.loads(entry.payload)["room"]
                self._sent = self._broker.send(self._topics.event(room), entry.payload), entry
            number, entry = self._sent
            while (one := self._broker.acknowledged.take(0)) is not None:
                self._acknowledged.add(one)
            if number not in self._acknowledged:
                return
            self._queue.done(entry.id)
            self._sent = None
            self._acknowledged.clear()
            self._tally.delivered()
            self._tally.waiting(self._queue.waiting)
