"""What a configuration makes of faces: which analysis, and whose mood."""

from __future__ import annotations

from engines.cards import Card, load_card
from streamer.analyzer import Analyzer, Models
from streamer.config import Config, Room
from streamer.correction import Answers
from streamer.cuts import Cuts
from streamer.emotions import order_of
from streamer.governor import Governor
from streamer.labels import Labels
from streamer.mood import MoodRules, RoomMood
from streamer.purposes import infers_emotion
from streamer.schedule import Plan, Schedule
from streamer.signs import NoMood, SignReader
from streamer.stages import MoodMeter, Tracker
from streamer.trackers.norfair_tracker import NorfairTracker
from streamer.trackers.scenes import SceneTracker


def plan(config: Config, *, live: bool) -> Plan:
    """A file is detected on frame by frame unless told otherwise; a live source follows the load."""
    every = config.detector.every
    fixed = every if every != "auto" else None if live else 1
    return Plan(detect_every=fixed, interval=config.classifier.interval)


def analyzer(
    config: Config,
    models: Models,
    mood: MoodMeter,
    *,
    live: bool,
    tracker: Tracker | None = None,
    governor: Governor | None = None,
) -> Analyzer:
    """The analysis of one camera, on models and a mood that it may share with others; ``governor``: shared by all live
    cameras; ``tracker``: another than the usual one, which parts with everybody at a cut."""
    reader = Labels() if infers_emotion(config.purpose) else SignReader()
    schedule = Schedule(plan(config, live=live), governor if live else None)
    return Analyzer(models, tracker or SceneTracker(NorfairTracker(), Cuts()), reader, mood, schedule)


def moods(config: Config) -> dict[str, RoomMood | NoMood]:
    """The mood of each room; none where no emotion may be inferred."""
    rooms = dict(config.room_of(name) for name in config.sources)
    inferred = infers_emotion(config.purpose)
    return {name: room_mood(config, room) if inferred else NoMood() for name, room in rooms.items()}


def room_mood(config: Config, room: Room) -> RoomMood:
    """The mood of a room whose faces are read by the configuration's classifier."""
    answers = answers_of(load_card(config.classifier.card)) if room.correction else None
    return RoomMood(MoodRules(tau=room.smoothing, weighting=room.weighting), answers)


def answers_of(card: Card) -> Answers | None:
    """How the model answers to faces of known labels; None where its card does not say."""
    if not card.answers or not card.confusion:
        return None
    return Answers.of(card.answers, [sum(row) for row in card.confusion], order_of(card.labels))
