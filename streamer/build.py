"""From a configuration to the parts of a run. The only place that knows which class a name stands for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Literal, cast

import cv2

from engines.cache import fetch, read_verified, weights_dir
from engines.cards import Card, load_card
from engines.errors import ModelRejected
from streamer import sending, sourcing
from streamer.analysing import analyzer as analyzer
from streamer.analysing import moods as moods
from streamer.analysing import room_mood as room_mood
from streamer.analyzer import Analyzer, Models
from streamer.config import Config
from streamer.config import Source as SourceSettings
from streamer.engine_factory import EngineFactory
from streamer.errors import ConfigError, did_you_mean
from streamer.governor import Governor
from streamer.inlet import Inlet
from streamer.line import Camera
from streamer.one_pass import PassClassifier, PassDetector
from streamer.overlay import Overlay
from streamer.passes import Passes, task_of
from streamer.pipeline import Ask, Hooks, Pipeline, WindowSink
from streamer.purposes import check_purpose, infers_emotion, needs_purpose
from streamer.registry import CLASSIFIERS, DETECTORS, ENGINES, GPU_ENGINES, WITHOUT_MODEL, find
from streamer.sinks.h264 import H264Encoder
from streamer.sinks.jsonl import JsonLines
from streamer.sinks.target import check_target, file_word, free_name
from streamer.sinks.video_file import VideoFile, check_video_target
from streamer.sources.address import parse
from streamer.sourcing import OnState, Opening, unheard
from streamer.stages import Classifier, Detector, MoodMeter, PacketSink, PictureSink, ResultSink, Source
from streamer.stages import Overlay as DrawnBy
from streamer.types import Fit, View

ROOM = "centerface"
AUTO = ("mediapipe", ROOM)
"""What ``auto`` chooses from: for people near the camera, and for rooms."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Extras:
    """What a command adds to a configuration: a window, sinks of its own, the length, the pace of a file.

    A sink is used in one thread, so with several sources ``each``, ``pictures`` and ``packets`` make those of one, told
    its name; ``drawn`` what draws its picture. ``first``, ``on_state`` and ``inlets``: see streamer.sourcing.Opening;
    ``moods``: of the rooms, where somebody else looks at them too. ``badge``: the picture says that an analysis is on.
    """

    window: bool = False
    result_sinks: tuple[ResultSink, ...] = ()
    picture_sinks: tuple[PictureSink, ...] = ()
    each: Callable[[str], tuple[ResultSink, ...]] = lambda _: ()
    pictures: Callable[[str], tuple[PictureSink, ...]] = lambda _: ()
    packets: Callable[[str], tuple[PacketSink, ...]] = lambda _: ()
    drawn: Callable[[str, Overlay], DrawnBy] = lambda _, overlay: overlay
    seconds: float | None = None
    recordings: Path = Path()
    first: Literal["raise", "retry"] = "raise"
    on_state: OnState = unheard
    inlets: Mapping[str, Inlet] = field(default_factory=dict)
    hooks: Hooks | None = None
    moods: Mapping[str, MoodMeter] | None = None
    badge: bool = False


def cards(config: Config) -> dict[Card, Path | None]:
    """The models a run needs, each with the file that the configuration names for it, if any.

    Raises:
        ConfigError: there is no such detector.
        ModelRejected: there is no such card.
    """
    names = AUTO if config.detector.name == "auto" else (config.detector.name,)
    known = {**ENGINES, **dict.fromkeys(GPU_ENGINES, "")}
    faults = [
        *unknown("detector", names, {"auto": "", **DETECTORS}, DETECTORS),
        *unknown("engine", config.engine.order, known, known),
    ]
    if faults:
        raise ConfigError("\n".join(faults))
    if (config.detector.weights or config.detector.card) and config.detector.name in ("auto", *WITHOUT_MODEL):
        named = ", ".join(name for name in DETECTORS if name not in WITHOUT_MODEL)
        raise ConfigError(f"weights and card need a detector that has them ({named}), got {config.detector.name}")
    wanted = {detector_card(config, name): config.detector.weights for name in names if name not in WITHOUT_MODEL}
    return wanted | {load_card(config.classifier.card): config.classifier.weights}


def detector_card(config: Config, name: str) -> Card:
    """That of the same name, or the configuration's own.

    Raises:
        ModelRejected: there is no such card, or it is not a detector's."""
    card = load_card(config.detector.card or name)
    if card.task != "detection":
        raise ModelRejected(f"{card.name} is a model for {card.task}, a detector's card is wanted")
    return card


def unknown(what: str, names: Sequence[str], known: Mapping[str, str], usable: Mapping[str, str]) -> Iterator[str]:
    """A line for each name that stands for nothing."""
    for name in names:
        if name not in usable:
            yield f"unknown {what} {name!r}{did_you_mean(name, known)}; known: {', '.join(sorted(known))}"


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
    engines = engines_of(config)
    passes = passes_of(config, engines)
    return Models(detector(config, engines, passes), classifier(config, engines, passes))


def passes_of(config: Config, engines: EngineFactory) -> Passes | None:
    """What finds and reads faces in one pass on the GPU, once both plans are there; None where nobody asks for that."""
    names = AUTO if config.detector.name == "auto" else (config.detector.name,)
    if ROOM not in names or config.engine.order[0] not in GPU_ENGINES:
        return None
    from streamer.detectors import centerface

    folder, card = weights_dir(config.cache_dir), load_card(config.classifier.card)
    room = detector_card(config, ROOM)
    found = centerface.dynamic(read_verified(room, folder)), room
    read = read_verified(card, folder), card
    least = centerface.MIN_SCORE if config.detector.min_score is None else config.detector.min_score
    task = task_of(card, Fit(), least)
    return Passes(lambda width, height: engines.one_pass(found, read, task, (width, height)))


def engines_of(config: Config) -> EngineFactory:
    """Makes the engines of a run, for its detector and its classifier."""
    return EngineFactory(config.engine, config.cache_dir and config.cache_dir / "engines")


def detector(config: Config, engines: EngineFactory, passes: Passes | None = None) -> Detector:
    if config.detector.name != "auto":
        return single_detector(config.detector.name, config, engines, passes)
    from streamer.detectors.auto import AutoDetector

    near, room = (single_detector(name, config, engines, passes) for name in AUTO)
    return AutoDetector(near, room)


def single_detector(name: str, config: Config, engines: EngineFactory, passes: Passes | None = None) -> Detector:
    """From the file that the card of the same name means, if it needs one."""
    least = {} if config.detector.min_score is None else {"min_score": config.detector.min_score}
    if name in WITHOUT_MODEL:
        return cast(Detector, find(DETECTORS, name)(**least))
    card = detector_card(config, name)
    model = read_verified(card, weights_dir(config.cache_dir))
    made: Detector = find(DETECTORS, name).of(model, partial(engines.opener, card=card), **least)
    return made if passes is None or name != ROOM else PassDetector(made, passes)


def classifier(config: Config, engines: EngineFactory, passes: Passes | None = None) -> Classifier:
    card = load_card(config.classifier.card)
    data = read_verified(card, weights_dir(config.cache_dir))
    made: Classifier = find(CLASSIFIERS, "carded")(card, engines.opener(data, card))
    return made if passes is None else PassClassifier(made, card, passes)


def source(name: str, settings: SourceSettings, stop: threading.Event, extras: Extras) -> Source:
    """The source at an address; see streamer.sourcing.

    Raises:
        ConfigError: nothing can be read from such an address.
    """
    opening = Opening(stop, extras.window, extras.seconds, extras.first, extras.on_state, extras.inlets)
    return sourcing.source(name, settings, opening)


def view(config: Config, *, badge: bool = False) -> View:
    overlay, badge = config.overlay, badge or seen_by_others(config)
    return View(blur=bool(overlay.blur), labels=overlay.labels, meter=overlay.meter, badge=badge)


def overlay(config: Config, *, trend: bool = True) -> Overlay:
    return Overlay(interval=config.classifier.interval, trend=trend, signs=not infers_emotion(config.purpose))


def seen_by_others(config: Config) -> bool:
    """Whether anybody but the local user may come before the cameras."""
    return any(map(others_before, config.sources.values()))


def others_before(settings: SourceSettings) -> bool:
    """Whether anybody but the local user may come before this camera."""
    return needs_purpose([sourcing.address_of(settings).kind], serving=False)


def pipeline(config: Config, extras: Extras, window: Callable[[Ask], WindowSink] | None = None) -> Pipeline:
    """Everything for a run, nothing opened yet; ``window`` makes the window, told whom to ask.

    Outputs are checked now, so that a run does not go to its end to find out that it cannot be written down.

    Raises:
        ConfigError, EngineError: see models() and source(); no purpose is given though others are seen; or an output
            would overwrite what is read.
        SinkError: an output cannot be written.
    """
    others = [name for name, settings in config.sources.items() if others_before(settings)]
    check_purpose(config.purpose, [f"by the source {name}" for name in others])
    check_outputs(config)
    sending.check_sending(config)
    cv2.setNumThreads(1)  # the pipeline's own threads use the cores
    stop = threading.Event()
    shared = models(config)
    rooms, governor = extras.moods or moods(config), Governor(config.latency.target)
    cameras = []
    for number, (name, settings) in enumerate(config.sources.items()):
        made = source(name, settings, stop, extras)
        mood = rooms[config.room_of(name)[0]]
        analysis = analyzer(config, shared, mood, live=made.live, governor=governor)
        cameras.append(camera(config, made, analysis, extras, number))
    return Pipeline(
        shared, cameras, view=view(config, badge=extras.badge), window=window, stop_event=stop, hooks=extras.hooks
    )


def camera(config: Config, made: Source, analysis: Analyzer, extras: Extras, number: int) -> Camera:
    """A source with its outputs; of several cameras each has files of its own name."""
    video, results = outputs(config, made.name)
    target = extras.recordings / f"groupmood-{file_word(made.name)}.mp4"
    recorder = partial(record_to, target) if number == 0 and extras.window else None
    sent = (*sending.packet_sinks(config, made.name), *extras.packets(made.name))
    packets = (*([VideoFile(video)] if video else []), *sent)
    return Camera(
        made,
        analysis,
        extras.drawn(made.name, overlay(config)),
        (*([JsonLines(results)] if results else []), *extras.result_sinks, *extras.each(made.name)),
        (*extras.picture_sinks, *sending.picture_sinks(config.output, number), *extras.pictures(made.name)),
        H264Encoder(rate_hint=Fraction(30)) if packets or recorder else None,
        packets,
        recorder,
        sending.veil(config, made.name),
    )


def outputs(config: Config, source: str) -> tuple[Path | None, Path | None]:
    """Video and results of one source; of several sources each has files of its own name."""
    video, results = config.output.video, config.output.results
    if len(config.sources) == 1:
        return video, results
    word = file_word(source)
    return (
        video and video.with_stem(f"{video.stem}-{word}"),
        results and results.with_stem(f"{results.stem}-{word}"),
    )


def check_outputs(config: Config) -> None:
    """Raises:
    ConfigError: an output is a source, or the same file as another output.
    SinkError: one cannot be written.
    """
    addresses = [parse(source.address.get_secret_value()) for source in config.sources.values()]
    taken = {Path(address.value).resolve(): "a source" for address in addresses if address.kind == "file"}
    for name in config.sources:
        for path, check in zip(outputs(config, name), (check_video_target, check_target), strict=True):
            if path is None:
                continue
            if (other := taken.get(path.resolve())) is not None:
                raise ConfigError(f"{path} is {other} already and would be overwritten; name another file")
            taken[path.resolve()] = "another output"
            check(path)


def record_to(path: Path) -> VideoFile:
    """A recording beside earlier ones, never over them."""
    return VideoFile(free_name(path))
