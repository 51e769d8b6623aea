"""Plays a league: every detector looks at every picture once, and every classifier reads what it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import cv2

from engines.errors import EngineError
from streamer.analyzer import Models
from streamer.errors import ConfigError
from tools.compare.league import ClassifierRow, DetectorRow, League, Pair
from tools.compare.rivals import Contest, check, classifier, detector, unknown, verified
from tools.compare.timed import TimedClassifier, TimedDetector
from tools.evaluate.detections import detection_scores
from tools.evaluate.expressions import expression_scores
from tools.evaluate.judging import material_of, nothing
from tools.evaluate.looking import Material, Watch, looks
from tools.evaluate.notes import notes
from tools.evaluate.samples import reading_samples, told_samples
from tools.evaluate.seen import Look, Samples
from tools.machine import machine

T = TypeVar("T", TimedDetector, TimedClassifier)


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """A league, and each classifier's readings of the labelled boxes."""

    league: League
    readings: Mapping[str, Samples]


def play(contest: Contest, watch: Watch | None = None) -> Played:
    """Everything that can be run here is; what cannot is listed with the reason.

    Raises:
        ConfigError: the labels cannot be read, a name is unknown, or no detector or no classifier can be run.
        EngineError: a card is none, or a model fails while it runs.
    """
    check(contest)
    material = material_of(contest.labels, contest.rate)
    cv2.setNumThreads(1)  # as the program runs
    follower = watch or Watch()
    with ExitStack() as stack:
        make = partial(classifier, contest=contest, fetching=follower.fetching)
        readers, silent = _opened(contest.classifiers, make, stack)
        if not readers:
            raise ConfigError(f"none of the classifiers can be run: {_listed(silent)}")
        game = _Game(contest, material, follower, readers)
        for name in contest.detectors:
            game.turn(name)
        return game.played(silent)


def _opened(names: Sequence[str], make: Callable[[str], T], stack: ExitStack) -> tuple[dict[str, T], dict[str, str]]:
    """Those that can be run, open until the stack is closed, and why the others cannot."""
    there: dict[str, T] = {}
    missing = {}
    for name in names:
        try:
            there[name] = stack.enter_context(make(name))
        except (ConfigError, EngineError) as error:
            missing[name] = str(error)
    return there, missing


def _listed(reasons: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {reason}" for name, reason in reasons.items())


class _Game:
    """Keeps what the turns give."""

    def __init__(
        self, contest: Contest, material: Material, watch: Watch, readers: Mapping[str, TimedClassifier]
    ) -> None:
        self._contest, self._material, self._watch, self._readers = contest, material, watch, readers
        self._rows: list[DetectorRow] = []
        self._pairs: list[Pair] = []
        self._looks: tuple[Look, ...] = ()
        self._notes: tuple[str, ...] | None = None
        self._readings: dict[str, Samples] = {}

    def turn(self, name: str) -> None:
        """One detector with every classifier.

        Raises:
            EngineError: a model fails while it runs.
            ConfigError: there is nothing to look at.
        """
        with ExitStack() as stack:
            make = partial(detector, contest=self._contest, fetching=self._watch.fetching)
            there, missing = _opened([name], make, stack)
            if name in missing:
                self._rows.append(DetectorRow(name, name, verified(name), missing[name]))
                return
            for reader in self._readers:
                seen = self._seen(name, there[name], reader)
            row = DetectorRow(name, there[name].about, verified(name), "", there[name].milliseconds)
            self._rows.append(replace(row, scores=detection_scores(seen)))

    def _seen(self, name: str, found: TimedDetector, reader: str) -> tuple[Look, ...]:
        config = self._contest.config(name, reader)
        seen = tuple(looks(self._material, config, Models(found, self._readers[reader]), self._watch))
        if not seen:
            raise ConfigError(nothing(self._contest.labels, self._material.labels, self._watch))
        self._looks = self._looks or seen
        limits = notes(self._material.labels, seen)
        self._notes = limits if self._notes is None else tuple(one for one in self._notes if one in limits)
        self._pairs.append(Pair(name, reader, expression_scores(told_samples(seen))))
        if reader not in self._readings:
            self._readings[reader] = reading_samples(seen)
        return seen

    def played(self, silent: Mapping[str, str]) -> Played:
        """``silent``: the classifiers that cannot be run, with the reason.

        Raises:
            ConfigError: no detector could be run.
        """
        if not self._readings:
            raise ConfigError(f"none of the detectors can be run: {_listed({r.name: r.reason for r in self._rows})}")
        labels, there = self._material.labels, {look.medium for look in self._looks}
        kinds = [medium.kind for medium in labels.media if medium.file in there]
        league = League(
            labels=self._contest.labels.name,
            images=kinds.count("image"),
            videos=kinds.count("video"),
            frames=len(self._looks),
            detectors=tuple(self._rows),
            classifiers=tuple(self._reader_row(name, silent.get(name, "")) for name in self._contest.classifiers),
            pairs=tuple(self._pairs),
            notes=self._notes or (),
            failed=dict(self._watch.failed),
            command=self._contest.command,
            machine=machine(),
        )
        return Played(league, self._readings)

    def _reader_row(self, name: str, reason: str) -> ClassifierRow:
        row = ClassifierRow(name, name, verified(name), unknown(name), reason)
        if reason:
            return row
        reader, scores = self._readers[name], expression_scores(self._readings[name])
        return replace(row, about=reader.about, milliseconds=reader.milliseconds, scores=scores)
