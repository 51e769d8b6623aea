"""The analysis of all cameras in one thread, round by round: the newest frame of each that has one. Between the rounds
it is done what viewers ask for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from streamer.analyzer import Models, Pending
from streamer.errors import SourceError
from streamer.line import Line, toggled, unanalysed
from streamer.mailbox import Mailbox
from streamer.types import Command, Frame, FrameResult, View

Round = Sequence[tuple[Line, Frame]]

ROOM = 0.5
"""Share of the target that frames may take in one round before any look or reading; the rest is for those."""


class Rounds:
    """``on_results`` is told the results of each round that is not paused; ``errors`` takes why a camera ended.
    ``about``: which models and engines run, '' before the first round. ``ask``, ``paused`` and ``not_recording`` may be
    used from any thread."""

    def __init__(
        self,
        models: Models,
        lines: Sequence[Line],
        view: View,
        errors: list[Exception],
        on_results: Callable[[Sequence[FrameResult]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._models, self._lines, self._view, self._errors = models, lines, view, errors
        self._on_results, self._clock = on_results, clock
        self._commands: Mailbox[Command] = Mailbox("latest", capacity=32)
        self._off = threading.Event()
        self.not_recording = threading.Event()
        self.about = ""

    def ask(self, command: Command) -> None:
        """Have a command carried out before the next frame; "off" holds at once, also for the round under way."""
        if command == "off":
            self._off.set()
        elif command == "on":
            self._off.clear()
        self._commands.put(command)

    @property
    def paused(self) -> bool:
        """Whether nothing is analysed or published."""
        return self._off.is_set() or self._view.paused

    def run(self, round_: Round) -> None:
        """Analyse these frames, at most one of each camera; their faces are classified in one batch."""
        self.about = self._lines[0].camera.analyzer.about
        self._obey()
        if self.paused:
            self._show(round_)
            return
        begun = self._begin(self._admitted(round_))
        results = self._finish(begun)
        if self.paused:  # meanwhile
            self._show([(line, pending.frame) for line, pending in begun])
            return
        for (line, pending), result in zip(begun, results, strict=True):
            line.publish(pending.frame, result, self._view)
        self._on_results(results)

    def _admitted(self, round_: Round) -> Round:
        """Whose turn it is, the longest not looked at first: as many as leave time for a look, those first that were
        waiting longest. What is not admitted is dropped, unconverted; a camera with a newer frame is in the next round.
        """
        admitted: list[tuple[Line, Frame]] = []
        spent = 0.0
        for line, frame in sorted(round_, key=lambda each: each[0].turn):
            schedule = line.camera.analyzer.schedule
            spent += schedule.rest
            if schedule.skips(frame.index) or (admitted and spent > ROOM * schedule.target):
                line.skip()
            else:
                admitted.append((line, frame))
        return sorted(admitted, key=lambda each: each[0].looked)

    def _begin(self, round_: Round) -> list[tuple[Line, Pending]]:
        """Detect and track. A look that would come too late for those who are first waits for the next round, in which
        they are last; so looks spread over the rounds where there is no time for all in one."""
        begun: list[tuple[Line, Pending]] = []
        analyzers = [line.camera.analyzer for line, _ in round_]
        readings = sum(one.held * one.schedule.face for one in analyzers)
        rest, looks = sum(one.schedule.rest for one in analyzers), 0
        for line, frame in round_:
            analyzer = line.camera.analyzer
            held, face = analyzer.held, analyzer.schedule.face
            rest -= analyzer.schedule.rest
            promised = readings + (rest if looks else 0.0)  # one look a round is due whatever frames there are
            try:
                pending = analyzer.begin(frame, self._clock() - frame.captured + promised)
            except SourceError as error:  # its picture cannot be read: the end of that camera
                self._errors.append(error)
                line.frames.close(discard=True)
                continue
            line.turn = frame.captured, line.turn[1] + 1
            if "detect" in pending.seconds:
                line.looked = frame.captured
                looks += 1
            readings += (len(pending.chips) - held) * face
            begun.append((line, pending))
        return begun

    def _finish(self, begun: Sequence[tuple[Line, Pending]]) -> list[FrameResult]:
        """Classify the chips of all cameras, and give each its own."""
        chips = [chip for _, pending in begun for chip in pending.chips]
        start = self._clock()
        emotions = self._models.classifier.classify(chips)
        seconds = self._clock() - start
        results, taken = [], 0
        for line, pending in begun:
            count = len(pending.chips)
            spent = seconds * count / len(chips) if chips else 0.0
            result = line.camera.analyzer.finish(pending, emotions[taken : taken + count], spent)
            taken += count
            results.append(replace(result, dropped=line.dropped))
        return results

    def _show(self, round_: Round) -> None:
        """Show the frames as they are, while paused."""
        for line, frame in round_:
            _ = frame.image  # converted here, in the one thread that may
            line.publish(frame, unanalysed(frame, line), replace(self._view, paused=True))

    def _obey(self) -> None:
        """Carry out the commands that wait."""
        if self.not_recording.is_set():
            self.not_recording.clear()
            self._view = replace(self._view, recording=False)
        while (command := self._commands.take(timeout=0)) is not None:
            if command == "calibrate":
                for line in self._lines:
                    line.camera.analyzer.calibrate()
            else:
                self._view = toggled(self._view, command)
            if command == "pause" and not self._view.paused:
                self._off.clear()
