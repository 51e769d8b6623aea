"""Takes rows from any thread and has each of them kept, in a thread of its own, for as long as that takes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection

from streamer.errors import SinkError
from streamer.mailbox import Mailbox
from streamer.outbox.entries import KIND_OF, Entry, entry_of
from streamer.outbox.tally import Tally
from streamer.timeline.rows import Row

log = logging.getLogger(__name__)

HANDED = 1000
"""Rows that may wait in memory for a disk that is slow or full; the oldest gives way."""

AGAIN = 1.0
"""Seconds after which what could not be kept is tried again."""


class Intake:
    """``keep`` is called in the intake's thread, one entry after the other; on SinkError again until it succeeds.
    ``state`` says meanwhile what is wrong. A row that cannot be told is left out and counted, and those behind it go
    on."""

    def __init__(self, tally: Tally, kinds: Collection[str], keep: Callable[[Entry], None]) -> None:
        self._tally, self._kinds, self._keep = tally, frozenset(kinds), keep
        self._box = Mailbox[Row]("latest", HANDED)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{tally.name} intake", daemon=True)
        self._counted = 0
        self._fault = ""

    def start(self) -> None:
        self._thread.start()

    @property
    def state(self) -> str:
        """'' or what is wrong."""
        if ended_early(self._thread, self._over):
            return f"{self._tally.name}: no more events are kept, their thread ended"
        return self._fault

    def put(self, row: Row) -> None:
        """From any thread; returns at once and raises nothing. Rows of other kinds are left out."""
        if KIND_OF.get(type(row)) in self._kinds:
            self._tally.told()
            self._box.put(row)

    def close(self, seconds: float) -> None:
        """What was put before is kept, unless that takes longer than ``seconds``, or fails."""
        self._over.set()
        self._box.close()
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._box.close(discard=True)
        self._count_dropped()

    def _run(self) -> None:
        for row in self._box:
            entry = self._entry(row)
            if entry is not None:
                self._insist(entry)
            self._count_dropped()

    def _entry(self, row: Row) -> Entry | None:
        try:
            return entry_of(row)
        except (ValueError, OverflowError) as error:  # the latter of a time that is none
            log.warning("%s cannot be told of a %s: %s", self._tally.name, type(row).__name__, type(error).__name__)
            self._tally.failed()
            return None

    def _insist(self, entry: Entry) -> None:
        while not self._kept(entry):
            if self._over.is_set():
                self._tally.dropped(1)
                self._box.close(discard=True)
                return
            self._over.wait(AGAIN)

    def _kept(self, entry: Entry) -> bool:
        try:
            self._keep(entry)
        except SinkError as error:
            self._say(str(error))
            return False
        self._say("")
        return True

    def _say(self, state: str) -> None:
        if state and not self._fault:
            log.warning("%s: %s", self._tally.name, state)
        elif self._fault and not state:
            log.warning("%s: events are kept again", self._tally.name)
        self._fault = state

    def _count_dropped(self) -> None:
        dropped = self._box.dropped
        self._tally.dropped(dropped - self._counted)
        self._counted = dropped


def ended_early(thread: threading.Thread, over: threading.Event) -> bool:
    """Whether a thread that was started has ended although nobody wanted it to: by a fault of this program's own."""
    return thread.ident is not None and not thread.is_alive() and not over.is_set()
