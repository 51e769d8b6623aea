"""What is kept and told of a run beside its pages: the timeline, events for other machines, and the log of what was
done. Nothing of it is made unless the configuration asks for it."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from streamer.alerts import rules_of
from streamer.audit import NAME, Audit, Fact
from streamer.chronicle import Chronicle
from streamer.config import Config
from streamer.errors import ConfigError, SinkError, did_you_mean
from streamer.hub import Hub
from streamer.metrics import Metrics
from streamer.occurrences import Mark
from streamer.outbox import outboxes_of
from streamer.outbox.leaving import together
from streamer.publish.lasting import NAME as NOISE
from streamer.publish.lasting import lasting_secret
from streamer.timeline.places import state_dir, timeline_path
from streamer.timeline.rows import Row, RunBegan, RunEnded
from streamer.timeline.writer import TimelineWriter

SAID = 120
"""Signs of a text that are written into the log."""


def unheard() -> None:
    """Nobody is to be told."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is written down of a run when it begins. ``settings``: the configuration without its secrets."""

    purpose: str
    program: str
    models: str
    notice: str
    settings: Mapping[str, Any]


class Keeping:
    """Entered around a run; until then nothing is opened. ``timeline``: its file, None where nothing is kept.
    ``clock``: seconds since 1970 by which rows are dated.

    Raises:
        ConfigError: alerts, rooms of theirs or receivers cannot be carried out.
    """

    def __init__(
        self,
        config: Config,
        rooms: tuple[str, ...],
        hub: Hub,
        metrics: Metrics,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        wanted = config.timeline is not None and config.timeline.enabled
        told = config.events.webhooks or config.events.mqtt or config.events.file
        folder = state_dir(config.state_dir) if wanted or told else None
        self.timeline = timeline_path(config.timeline.file, config.state_dir) if config.timeline and wanted else None
        self._writer = self._writer_of(config)
        self._boxes = outboxes_of(config.events, folder, metrics) if folder is not None and told else ()
        self._audit = Audit(folder / NAME) if folder is not None and config.audit.enabled else None
        self.rules = rules_of(config.alerts)
        check_rooms([(rule.name, rule.room) for rule in self.rules], rooms)
        self._run = secrets.token_hex(8)
        receivers: list[Callable[[Row], None]] = [] if self._writer is None else [self._writer.put]
        receivers += [box.put for box in self._boxes]
        self._clock, self._stop = clock, unheard
        self._chronicle = Chronicle(hub, receivers, self.rules, run=self._run, clock=clock, broken=lambda: self._stop())
        self._measure(metrics)
        self._told: Told | None = None
        self._begun: RunBegan | None = None
        self._engines = ""
        self.settings = ""
        """Their SHA-256, once entered."""
        self._stack = ExitStack()
        self._scribe = ThreadPoolExecutor(1, "audit")
        self._lock, self._off = threading.Lock(), False

    def _writer_of(self, config: Config) -> TimelineWriter | None:
        if self.timeline is None or config.timeline is None:
            return None
        days = config.timeline.retention_days
        return TimelineWriter(self.timeline, retention_days=days, forgot=self._forgot)

    def _forgot(self, rows: int, before: float) -> None:
        limit = datetime.fromtimestamp(before, UTC).isoformat(timespec="seconds")
        self.note("deleted", rows=rows, before=limit, reason="retention")

    def _measure(self, metrics: Metrics) -> None:
        if (writer := self._writer) is not None:
            metrics.follow("timeline rows written", lambda: writer.acknowledged)
            metrics.follow("timeline rows lost", lambda: writer.dropped)
            metrics.follow("timeline rows waiting", lambda: writer.waiting)
            metrics.follow("timeline failing", lambda: bool(writer.state))
        metrics.follow("events lost", lambda: self._chronicle.lost)

    def tell(self, told: Told, stop: Callable[[], None] = unheard) -> None:
        """What stands at the beginning of the run, and how to ``stop`` it should rows be told no more; before it is
        entered."""
        self._told, self._stop = told, stop

    def __enter__(self) -> Self:
        """
        Raises:
            SinkError: the timeline or a file of events cannot be written.
        """
        with ExitStack() as stack:
            stack.callback(self._scribe.shutdown)
            stack.enter_context(together([*([] if self._writer is None else [self._writer]), *self._boxes]))
            stack.callback(self._ended)
            self._began()
            stack.enter_context(self._chronicle)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def put(self, row: Row) -> None:
        """A row for the timeline alone: of a person, where the purpose allows it."""
        if self._writer is not None:
            self._writer.put(row)

    def mark(self, room: str, text: str, utc: float | None) -> Mark:
        """
        Raises:
            ConfigError: there is no such room, or nothing or too much is said.
        """
        made = self._chronicle.mark(room, text, utc)
        self.note("marked", id=made.id)
        return made

    def runs_on(self, engines: str) -> None:
        """On which engines the models run, once that is known and when it changes; of the run the last is kept."""
        begun = self._begun
        if begun is not None and engines not in ("", self._engines):
            self._engines = engines
            self.put(replace(begun, models=f"{begun.models}: {engines}"))
            self.note("models", models=engines[:SAID])

    def switched(self, *, off: bool) -> None:
        """The analysis is off, or on: noted where it was not so before. From any thread."""
        with self._lock:
            changed, self._off = off is not self._off, off
        if changed:
            self.note("off" if off else "on")

    def note(self, what: str, **facts: Fact) -> None:
        """A line of the log of what was done; written in a thread of its own, for the caller may not wait. What comes
        after the run has ended is not of this run."""
        if self._audit is not None:
            with suppress(RuntimeError):  # the thread has ended
                self._scribe.submit(self._audit.write, what, **facts)

    def _began(self) -> None:
        told = self._told
        if told is None:
            return
        settings = json.dumps(told.settings, ensure_ascii=False, default=str)
        begun = RunBegan(self._run, int(self._clock()), told.purpose, told.program, told.models, settings, told.notice)
        self.put(begun)
        self._begun = begun
        self.settings = digest(settings)
        self.note("started", run=self._run, program=told.program, purpose=told.purpose, settings=self.settings)
        self.note("notice shown", sha256=digest(told.notice), words=told.notice[:SAID])
        self.note("models", models=told.models[:SAID])

    def _ended(self) -> None:
        self.put(RunEnded(self._run, int(self._clock())))
        self.note("ended", run=self._run)


def noise_key(config: Config) -> tuple[bytes | None, str]:
    """The key by which the rooms' noise is the same in every run, or None and what is to be said about that: noise
    that is new each time averages out over many runs."""
    try:
        return lasting_secret(state_dir(config.state_dir) / NOISE), ""
    except SinkError as error:
        return None, f"the noise of the rooms is new in this run: {error}"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def check_rooms(rules: list[tuple[str, str | None]], rooms: tuple[str, ...]) -> None:
    """
    Raises:
        ConfigError: a rule is for a room that is not there.
    """
    for name, room in rules:
        if room is not None and room not in rooms:
            raise ConfigError(f"alerts.{name}.room: there is no room {room!r}{did_you_mean(room, rooms)}")
