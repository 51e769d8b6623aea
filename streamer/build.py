"""From a configuration to the parts of a run. The only place that knows which class a name stands for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import cv2

from engines.base import Engine
from engines.cache import fetch, read_verified, weights_dir
from engines.cards import Card, load_card
from engines.opening import open_first
from streamer.analyzer import Analyzer, Models
from streamer.config import Config, Room
from streamer.config import Engine as EngineSettings
from streamer.config import Source as SourceSettings
from streamer.detectors.centerface import dynamic
from streamer.errors import ConfigError
from streamer.labels import Labels
from streamer.line import Camera
from streamer.mailbox import Mailbox
from streamer.mood import MoodRules, RoomMood
from streamer.overlay import Overlay
from streamer.pipeline import Pipeline, WindowSink
from streamer.registry import CLASSIFIERS, DETECTORS, ENGINES, find, suggestion
from streamer.schedule import Plan, Schedule
from streamer.sinks.h264 import H264Encoder
from streamer.sinks.jsonl import JsonLines
from streamer.sinks.target import free_name
from streamer.sinks.video_file import VideoFile
from streamer.sources.address import Address, parse
from streamer.sources.capture import CaptureSource
from streamer.sources.file import FileSource
from streamer.sources.paced import Limited, Paced
from streamer.sources.reconnect import Reconnecting
from streamer.sources.synthetic import SyntheticSource
from streamer.stages import Classifier, Detector, PictureSink, ResultSink, Source, Tracker
from streamer.trackers.norfair_tracker import NorfairTracker
from streamer.types import Command, View

DETECTOR_CARDS = {"mediapipe": "mediapipe_full_range", "centerface": "centerface", "yunet": "yunet"}
AUTO = ("mediapipe", "centerface")
"""What ``auto`` chooses from: for people near the camera, and for rooms."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Extras:
    """What a command adds to a configuration: a window, sinks of its own, the length, the pace of a file."""

    window: bool = False
    result_sinks: tuple[ResultSink, ...] = ()
    picture_sinks: tuple[PictureSink, ...] = ()
    seconds: float | None = None
    recordings: Path = Path()


def cards(config: Config) -> dict[Card, Path | None]:
    """The models a run needs, each with the file that the configuration names for it, if any.

    Raises:
        ConfigError: there is no such detector.
        ModelRejected: there is no such card.
    """
    names = AUTO if config.detector.name == "auto" else (config.detector.name,)
    unknown = [name for name in names if name not in DETECTOR_CARDS]
    if unknown:
        known = {"auto": "", **DETECTORS}
        hint = suggestion(unknown[0], known)
        raise ConfigError(f"unknown detector {unknown[0]!r}{hint}; known: {', '.join(sorted(known))}")
    unknown = [name for name in config.engine.order if name not in ENGINES]
    if unknown:
        hint = suggestion(unknown[0], ENGINES)
        raise ConfigError(f"unknown engine {unknown[0]!r}{hint}; known: {', '.join(sorted(ENGINES))}")
    if config.detector.weights and config.detector.name == "auto":
        raise ConfigError("detector weights need a detector's name, got auto; name mediapipe, centerface or yunet")
    wanted = {load_card(DETECTOR_CARDS[name]): config.detector.weights for name in names}
    return wanted | {load_card(config.classifier.card): config.classifier.weights}


def fetch_weights(config: Config, *, offline: bool, progress: Progress | None = None) -> None:
    """Bring what is missing into the cache, before anything is opened.

    Raises:
        EngineError: something cannot be had, or is not what its card says.
    """
    for card, local in cards(config).items():
        fetch(card, weights_dir(config.cache_dir), offline=offline, local=local, progress=progress)


def models(config: Config) -> Models:
    """The detector and the classifier, not yet opened.

    Raises:
        ConfigError, EngineError: see cards() and engines.cache.read_verified().
    """
    cards(config)
    return Models(detector(config), classifier(config))


def detector(config: Config) -> Detector:
    if config.detector.name != "auto":
        return single_detector(config.detector.name, config)
    from streamer.detectors.auto import AutoDetector

    near, room = (single_detector(name, config) for name in AUTO)
    return AutoDetector(near, room)


def single_detector(name: str, config: Config) -> Detector:
    data = read_verified(load_card(DETECTOR_CARDS[name]), weights_dir(config.cache_dir))
    least = {} if config.detector.min_score is None else {"min_score": config.detector.min_score}
    kind = find(DETECTORS, name)
    if name == "mediapipe":  # brings its own engine
        made: Detector = kind(data, **least)
    else:
        model = dynamic(data) if name == "centerface" else data
        made = kind(opener(model, name, config.engine), **least)
    return made


def classifier(config: Config) -> Classifier:
    card = load_card(config.classifier.card)
    data = read_verified(card, weights_dir(config.cache_dir))
    made: Classifier = find(CLASSIFIERS, "carded")(card, opener(data, card.name, config.engine))
    return made


def opener(model: bytes, name: str, settings: EngineSettings) -> Callable[[], Engine]:
    """Makes the first engine of the configured order that can run here; each refusal is logged with its reason."""
    kinds: Mapping[str, Callable[[], Engine]] = {
        kind: partial(find(ENGINES, kind), model, name=name, threads=settings.threads, precision=settings.precision)
        for kind in settings.order
    }
    return lambda: open_first(name, kinds)


def source(name: str, settings: SourceSettings, stop: threading.Event, extras: Extras) -> Source:
    """The source at an address, brought back when it is a camera, paced when somebody watches a file.

    Raises:
        ConfigError: nothing can be read from such an address.
    """
    made = opened_at(name, parse(settings.address.get_secret_value()), settings, stop)
    if not made.live and extras.window:
        made = Paced(made, stop.wait)
    return made if extras.seconds is None else Limited(made, extras.seconds)


def opened_at(name: str, address: Address, settings: SourceSettings, stop: threading.Event) -> Source:
    if address.kind == "file":
        return FileSource(Path(address.value), name=name)
    if address.kind == "synthetic":
        return SyntheticSource(address.value, name=name, wait=stop.wait)
    if address.kind == "url":
        raise ConfigError(f"{address}: network cameras are not part of this version; give a camera, file or lavfi:…")
    capture = partial(CaptureSource, address, size=settings.size, fps=settings.fps, mirror=settings.mirror, name=name)
    # A graph ends when it is meant to; a camera that ends was unplugged.
    return capture() if address.kind == "lavfi" else Reconnecting(capture, stop)


def plan(config: Config, *, live: bool) -> Plan:
    """A file is detected on frame by frame unless told otherwise; a live source follows the load."""
    every = config.detector.every
    fixed = every if every != "auto" else None if live else 1
    return Plan(detect_every=fixed, interval=config.classifier.interval)


def analyzer(config: Config, models: Models, mood: RoomMood, *, live: bool, tracker: Tracker | None = None) -> Analyzer:
    """The analysis of one camera, on models and a mood that it may share with others."""
    return Analyzer(models, tracker or NorfairTracker(), Labels(), mood, Schedule(plan(config, live=live)))


def room_mood(room: Room) -> RoomMood:
    return RoomMood(MoodRules(tau=room.smoothing))


def view(config: Config) -> View:
    return View(blur=config.overlay.blur, labels=config.overlay.labels, meter=config.overlay.meter)


Ask = Callable[[Command], object]
"""How a window asks the pipeline for something."""


def pipeline(config: Config, extras: Extras, window: Callable[[Ask], WindowSink] | None = None) -> Pipeline:
    """Everything for a run, nothing opened yet; ``window`` makes the window, told whom to ask.

    Raises:
        ConfigError, EngineError: see models() and source().
    """
    cv2.setNumThreads(1)  # the pipeline's own threads use the cores
    stop = threading.Event()
    shared = models(config)
    rooms = {config.room_of(name)[0]: room_mood(config.room_of(name)[1]) for name in config.sources}
    cameras = []
    for number, (name, settings) in enumerate(config.sources.items()):
        made = source(name, settings, stop, extras)
        analysis = analyzer(config, shared, rooms[config.room_of(name)[0]], live=made.live)
        cameras.append(camera(config, made, analysis, extras, number))
    commands: Mailbox[Command] = Mailbox("latest", capacity=32)
    shown = window(commands.put) if window else None
    return Pipeline(shared, cameras, view=view(config), window=shown, commands=commands, stop_event=stop)


def camera(config: Config, made: Source, analysis: Analyzer, extras: Extras, number: int) -> Camera:
    """A source with its outputs; of several cameras each has files of its own name."""
    several = len(config.sources) > 1
    video, results = (
        path and (path.with_stem(f"{path.stem}-{made.name}") if several else path)
        for path in (config.output.video, config.output.results)
    )
    recorder = partial(record_to, extras.recordings / f"groupmood-{made.name}.mp4") if number == 0 else None
    return Camera(
        made,
        analysis,
        Overlay(interval=config.classifier.interval),
        (*([JsonLines(results)] if results else []), *extras.result_sinks),
        extras.picture_sinks,
        H264Encoder(rate_hint=Fraction(30)) if video or (extras.window and recorder) else None,
        [VideoFile(video)] if video else [],
        recorder,
    )


def record_to(path: Path) -> VideoFile:
    """A recording beside earlier ones, never over them."""
    return VideoFile(free_name(path))
