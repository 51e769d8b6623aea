"""Events for a web server: each a POST, signed, in order, until it is taken."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self

from streamer.errors import ConfigError, SinkError
from streamer.mailbox import Mailbox
from streamer.occurrences import identity
from streamer.outbox.entries import Entry, known_kinds
from streamer.outbox.intake import AGAIN, Intake, ended_early
from streamer.outbox.post import Poster, target_of
from streamer.outbox.store import Store
from streamer.outbox.tally import Tally
from streamer.outbox.terms import Terms
from streamer.timeline.rows import Row

log = logging.getLogger(__name__)

CLOSING = 0.8
"""Seconds that closing may wait for each of the three things it waits for."""


def receiver_of(url: str) -> str:
    """What the store calls a webhook: the same for the same URL, which cannot be read off it."""
    return f"webhook {identity(url)}"


class Webhook:
    """POSTs each event of ``kinds`` to ``url`` as JSON with ``X-Groupmood-Id``, ``Idempotency-Key`` (the same id: what
    comes with it a second time can be left out) and ``X-Groupmood-Signature`` (see ``post.signature``).

    One after the other, so their order is kept; an event that is not taken holds up those behind it. Network errors,
    408, 425, 429 and 5xx are tried again for as long as it takes; what is refused with another status is given up.

    A context manager; ``put`` from any thread. ``name`` for people: its host.
    """

    def __init__(
        self, url: str, secret: str, kinds: Collection[str], store: Path, most: int, terms: Terms | None = None
    ) -> None:
        """
        Raises:
            ConfigError: the URL is not one that events may be sent to, the secret is empty, a kind is unknown.
        """
        target, self._terms = target_of(url), terms or Terms()
        self.name = self._terms.name or f"webhook {target.shown}"
        if not secret:
            raise ConfigError(f"{self.name} has an empty secret; give one of 16 characters or more")
        self._tally = Tally(self.name, self._terms.metrics, self._terms.label)
        self._poster = Poster(target, secret, self._terms.timeout, self._terms.clock)
        self._kept, self._queue = (Store(store, receiver_of(url), most) for _ in range(2))
        self._intake = Intake(self._tally, known_kinds(kinds, self.name), self._keep)
        self._bell, self._over = Mailbox[bool]("latest"), threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._attempt, self._trouble, self._fault = 0, "", ""

    def __enter__(self) -> Self:
        self._tally.begin(lambda: self.state)
        with contextlib.suppress(SinkError):  # told and tried again by the intake
            self._tally.waiting(self._kept.waiting)
        self._intake.start()
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
        return gone or self._intake.state or self._fault or self._trouble

    def put(self, row: Row) -> None:
        self._intake.put(row)

    def close(self) -> None:
        """Within three seconds; what is not delivered stays for the next time. Closing again does nothing."""
        self._intake.close(CLOSING)
        self._over.set()
        self._bell.close()
        if self._thread.is_alive():
            self._thread.join(CLOSING)  # what is under way may still arrive, so that it need not be sent again
            self._poster.cut()
            self._thread.join(CLOSING)
        if not self._thread.is_alive():  # one that hangs is left to its own
            self._kept.close()
            self._queue.close()

    def _keep(self, entry: Entry) -> None:
        before = self._kept.dropped
        self._kept.add(entry.id, entry.kind, entry.payload)
        self._tally.dropped(self._kept.dropped - before)
        self._tally.waiting(self._kept.waiting)
        self._bell.put(True)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                entry = self._queue.next()
            except SinkError as error:
                self._fault = str(error)
                self._over.wait(AGAIN)
                continue
            self._fault = ""
            if entry is None:
                self._bell.take()
            else:
                self._deliver(entry)

    def _deliver(self, entry: Entry) -> None:
        answer = self._poster.send(entry.id, entry.payload.encode())
        if answer.verdict == "later":
            if not self._over.is_set():
                self._say(f"{self.name} {answer.reason}; its events wait")
                self._over.wait(self._terms.wait(self._attempt, answer.after))
                self._attempt += 1
            return
        self._attempt = 0
        if answer.verdict == "refused":
            log.warning("%s %s: gave up the %s %s", self.name, answer.reason, entry.kind, entry.id)
            self._tally.failed()
            self._trouble = f"{self.name} {answer.reason} to the last event, which was given up"
        else:
            self._tally.delivered()
            self._say("")
        while not self._finished(entry) and not self._over.wait(AGAIN):
            pass  # nothing else is sent before that is noted: this event is not to be sent twice

    def _finished(self, entry: Entry) -> bool:
        try:
            self._queue.done(entry.id)
            self._tally.waiting(self._queue.waiting)
        except SinkError as error:
            self._fault = str(error)
            return False
        return True

    def _say(self, trouble: str) -> None:
        if trouble and not self._trouble:
            log.warning("%s", trouble)
        elif self._trouble and not trouble:
            log.warning("%s takes events again", self.name)
        self._trouble = trouble
