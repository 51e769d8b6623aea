"""``groupmood serve``: cameras, meetings and browsers' pictures, each room on a page."""

from __future__ import annotations

import logging
import os
import signal
import time
import webbrowser
from collections.abc import Callable, Mapping
from functools import partial

from engines.errors import EngineError
from streamer.commands.credentials import with_credentials
from streamer.commands.run import raise_failed, time_limit
from streamer.commands.setup import Serving, configured
from streamer.commands.terminal import console
from streamer.commands.turn import Progress, Turn, turn
from streamer.config import Config
from streamer.errors import StreamerError
from streamer.notify import Notifier, Pulse
from streamer.redaction import redact
from streamer.reload import Signals, Turns
from streamer.service import Service

log = logging.getLogger(__name__)

KEYBOARD = 0
"""The descriptor of the standard input."""


def serve(options: Serving, environ: Mapping[str, str]) -> int:
    """Serve until Ctrl-C, a stop signal or the end of every source; SIGHUP has the configuration read again.

    Raises:
        StreamerError, EngineError: in one line what was wrong.
    """
    attendant = Attendant(options, environ)
    attendant.run()
    return 0


class Attendant:
    """Runs one service after the other, each until the next configuration, and answers signals meanwhile."""

    def __init__(self, options: Serving, environ: Mapping[str, str]) -> None:
        """
        Raises:
            StreamerError, EngineError: the first one cannot run.
        """
        self._options, self._environ, self._notifier = options, environ, Notifier(environ)
        self._turns = Turns(turn(self._read(), offline=options.offline))
        self._terminal = os.isatty(KEYBOARD)

    def run(self) -> None:
        """
        Raises:
            StreamerError, EngineError: what ended the last one.
        """
        begun, well = time.monotonic(), partial(self._well, Progress())
        with Signals(self._answers()), Pulse(self._notifier, well):
            for each in self._turns:
                self._perform(each, begun)
        raise_failed(self._turns.now.made.pipeline)

    def _perform(self, each: Turn, begun: float) -> None:
        """One turn, to the end of everything in it."""
        with each.server as server:
            announce(each, server.url)
            self._notifier.ready(state_of(each.made, server.url))
            if self._options.open_page and each.number == 1:
                webbrowser.open(server.url)
            most = self._options.max_seconds
            limit = time_limit(each.made.pipeline, None if most is None else most + begun - time.monotonic())
            try:
                each.made.run()
            except (StreamerError, EngineError) as error:
                if not self._turns.goes_on:
                    raise
                log.warning("before the new configuration: %s", redact(str(error)))
            finally:
                limit.cancel()

    def _answers(self) -> dict[signal.Signals, Callable[[], None]]:
        ends: list[signal.Signals] = [signal.SIGTERM, signal.SIGINT]
        answers: dict[signal.Signals, Callable[[], None]] = dict.fromkeys(ends, self._stop)
        return {**answers, signal.SIGHUP: self._hang_up} if hasattr(signal, "SIGHUP") else answers

    def _stop(self) -> None:
        self._notifier.stopping()
        self._turns.stop()

    def _hang_up(self) -> None:
        """Read the configuration again; but end where the terminal was closed, so that no camera runs on unseen."""
        if self._terminal and not os.isatty(KEYBOARD):
            self._stop()
        else:
            self._reload()

    def _reload(self) -> None:
        """Go over to what the configuration says now, or on as it was where that is wrong or the same."""
        self._notifier.reloading()
        now = self._turns.now
        try:
            config = self._read()
            if now.is_of(config):
                log.warning("the configuration is as it was, nothing changes")
                self._notifier.ready(state_of(now.made, now.server.url))
                return
            following = turn(config, offline=self._options.offline, before=now)
        except (StreamerError, EngineError) as error:
            text = redact(str(error))
            log.error("the configuration is not taken, everything goes on as it was: %s", text)
            self._notifier.ready(f"goes on as it was, the new configuration is not taken: {text}")
            return
        log.warning("the configuration is another one, everything begins anew with it")
        if self._turns.follow(following):
            following.made.keeping.note("reloaded", settings=following.made.keeping.settings)

    def _read(self) -> Config:
        return configured(self._options.config, self._options.overrides, with_credentials(self._environ))

    def _well(self, progress: Progress) -> bool:
        now = self._turns.now
        return progress.goes_on(now.made.pipeline.metrics, now.server.answers)


def state_of(made: Service, url: str) -> str:
    return f"serves {', '.join(made.site.rooms)} at {url}"


def announce(each: Turn, url: str) -> None:
    """Where it is, what it is for, and what the people seen must know."""
    site = each.made.site
    console.print(f"groupmood {state_of(each.made, url)}", highlight=False)
    console.print(f"purpose: {site.purpose}; the notice for those who are seen: {url}/notice", highlight=False)
    for line in each.made.warnings:
        console.print(line, style="yellow", highlight=False)
    if each.number == 1:
        console.print("Ctrl-C ends it.", highlight=False)
