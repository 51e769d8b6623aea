"""What is said of a frame outside the program: one record, its schema ``groupmood.frame/1``, never a pixel.

``frame-1.schema.json`` beside this file is ``schema_text()``; a test compares them. A number that is not finite is
null. A field that goes, or changes its meaning, needs a new version.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from streamer.emotions import LABELS
from streamer.types import SIGNS, UNSURE, Box, FrameResult, GroupMood, Moment, Person, Signs

SCHEMA = "groupmood.frame/1"

Measured: TypeAlias = float | None

SAID = (*LABELS, *SIGNS, UNSURE)
"""Every label."""


def known_labels(shares: dict[str, Measured]) -> dict[str, Measured]:
    if set(shares) != set(LABELS):
        raise ValueError(f"expected one number for each of {', '.join(LABELS)}, got {', '.join(shares)}")
    return shares


def known_label(label: str) -> str:
    if label not in SAID:
        raise ValueError(f"expected one of {', '.join(SAID)}; got {label!r}")
    return label


Shares: TypeAlias = Annotated[
    dict[str, Measured],
    AfterValidator(known_labels),
    Field(json_schema_extra={"propertyNames": {"enum": list(LABELS)}, "required": list(LABELS)}),
]
Label: TypeAlias = Annotated[str, AfterValidator(known_label), Field(json_schema_extra={"enum": list(SAID)})]


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SignsRecord(Record):
    """What a face does, where no emotion is inferred; null where it cannot be told."""

    smile: bool | None
    frown: bool | None
    nod: bool | None = Field(description="of the head, in the last second or so")
    shake: bool | None = Field(description="of the head, in the last second or so")
    facing: bool | None = Field(description="turned towards the camera")


class PersonRecord(Record):
    """A tracked face and what is said of it."""

    id: int = Field(description="stays with a face; never given again within a run")
    box: tuple[float, float, float, float] | None = Field(
        description="x1, y1, x2, y2 in pixels of the full frame, x2 and y2 exclusive; may reach past its edge"
    )
    seen: bool = Field(description="found by the latest detection; false: predicted only")
    age: Measured = Field(description="seconds since it was first seen")
    label: Label = Field(description="the smoothed expression, a sign, or unsure")
    confidence: Measured = Field(
        description="0…1, probability of the label; of the likeliest visible one where unsure; of a sign, 1"
    )
    probabilities: Shares | None = Field(
        description="0…1 by label, summing to 1; null before the first reading, and where no emotion is inferred"
    )
    emotion_age: Measured = Field(description="seconds between the frame the probabilities were read from and this one")
    quality: Measured = Field(description="0…1, of the face as a picture")
    signs: SignsRecord | None = Field(default=None, description="null where emotions are inferred")


class MomentRecord(Record):
    """A change of the room's mood."""

    start: Measured = Field(description="seconds, room time")
    seconds: Measured = Field(description="how long so far")
    change: Measured = Field(description="−2…2, of valence from what was usual before")
    over: bool = Field(description="true once, when it has ended")


class MoodRecord(Record):
    """The mood of the room over its last ``window`` seconds."""

    people: int = Field(description="people seen")
    used: int = Field(description="people the numbers are made from")
    valence: Measured = Field(description="−1…1; null where the evidence is not enough")
    arousal: Measured = Field(description="−1…1; null where the evidence is not enough")
    interval: tuple[float, float] | None = Field(description="80 % interval of valence")
    shares: Shares | None = Field(description="0…1 by label, summing to 1")
    dispersion: Measured = Field(description="0…1, standard deviation of valence between people")
    cohesion: Measured = Field(description="−1…1, mean correlation of people's valence; exploratory")
    coverage: Measured = Field(description="0…1, people used of people seen")
    window: Measured = Field(description="seconds")
    positive: int | None = Field(default=None, description="people whose valence is clearly above 0")
    negative: int | None = Field(default=None, description="people whose valence is clearly below 0")
    polarisation: Measured = Field(default=None, description="0…1, 1 for two camps of equal size")
    together: bool | None = Field(default=None, description="whether the cohesion is above chance")
    trend: Measured = Field(default=None, description="−1…1, the valence that is usual, over minutes")
    moment: MomentRecord | None = Field(default=None, description="the change under way, or one that just ended")


class FrameRecord(Record):
    """Everything known about one frame, without a pixel of it."""

    format: Literal["groupmood.frame/1"] = Field(alias="schema", description="name and version of this schema")
    source: str
    index: int = Field(ge=0, description="counts captured frames from 0; a gap shows what was dropped")
    pts: Measured = Field(description="media time in seconds, rising within a source")
    captured: Measured = Field(description="monotonic clock of this run at capture, seconds")
    utc: str = Field(description="wall clock when the record was made, ISO 8601; a label, no measure")
    people: list[PersonRecord]
    mood: MoodRecord | None = Field(description="null where there is no data")
    seconds: dict[str, Measured] = Field(description="spent by stage")
    dropped: int = Field(ge=0, description="frames of this source dropped so far")
    size: tuple[int, int] | None = Field(default=None, description="width and height of the frame in pixels")


def to_record(result: FrameResult, utc: datetime) -> dict[str, Any]:
    """The record of a result, ready for ``json.dumps(…, allow_nan=False)``. ``utc`` must know its time zone."""
    return {
        "schema": SCHEMA,
        "source": result.source,
        "index": int(result.index),
        "pts": rounded(result.pts, 6),
        "captured": rounded(result.captured, 6),
        "utc": iso(utc),
        "people": [person_record(person, result.pts) for person in result.people],
        "mood": None if result.mood is None else mood_record(result.mood),
        "seconds": {stage: rounded(seconds, 6) for stage, seconds in result.seconds.items()},
        "dropped": int(result.dropped),
        "size": None if result.size is None else [int(side) for side in result.size],
    }


def person_record(person: Person, pts: float) -> dict[str, Any]:
    """``pts`` of the frame, so that the age of the emotion can be said."""
    track, emotion = person.track, person.emotion
    return {
        "id": int(track.id),
        "box": corners(track.face.box),
        "seen": bool(track.seen),
        "age": rounded(track.age, 3),
        "label": person.label,
        "confidence": rounded(person.confidence, 4),
        "probabilities": None if emotion is None else by_label(emotion.probabilities),
        "emotion_age": None if emotion is None else rounded(pts - emotion.pts, 3),
        "quality": rounded(person.quality, 3),
        **({} if person.signs is None else {"signs": signs_record(person.signs)}),
    }


def signs_record(signs: Signs) -> dict[str, bool | None]:
    return {
        "smile": signs.smile,
        "frown": signs.frown,
        "nod": signs.nod,
        "shake": signs.shake,
        "facing": signs.facing,
    }


def mood_record(mood: GroupMood) -> dict[str, Any]:
    interval = None if mood.interval is None else [rounded(bound, 4) for bound in mood.interval]
    return {
        "people": int(mood.people),
        "used": int(mood.used),
        "valence": rounded(mood.valence, 4),
        "arousal": rounded(mood.arousal, 4),
        "interval": None if interval is None or None in interval else interval,
        "shares": None if mood.shares is None else by_label(mood.shares),
        "dispersion": rounded(mood.dispersion, 4),
        "cohesion": rounded(mood.cohesion, 4),
        "coverage": rounded(mood.coverage, 4),
        "window": rounded(mood.window, 3),
        "positive": mood.positive,
        "negative": mood.negative,
        "polarisation": rounded(mood.polarisation, 4),
        "together": mood.together,
        "trend": rounded(mood.trend, 4),
        "moment": None if mood.moment is None else moment_record(mood.moment),
    }


def moment_record(moment: Moment) -> dict[str, Any]:
    return {
        "start": rounded(moment.start, 3),
        "seconds": rounded(moment.seconds, 3),
        "change": rounded(moment.change, 4),
        "over": bool(moment.over),
    }


def rounded(number: float | None, digits: int) -> Measured:
    """None where there is no number, or none that JSON can say; −0 becomes 0."""
    if number is None or not math.isfinite(number):
        return None
    return round(float(number), digits) + 0.0


def corners(box: Box) -> list[Measured] | None:
    numbers = [rounded(number, 1) for number in (box.x1, box.y1, box.x2, box.y2)]
    return None if None in numbers else numbers


def by_label(shares: Sequence[float]) -> Mapping[str, Measured]:
    return {label: rounded(share, 4) for label, share in zip(LABELS, shares, strict=True)}


def iso(utc: datetime) -> str:
    """``2026-03-01T09:30:00.250Z``.

    Raises:
        ValueError: the time does not know its zone.
    """
    if utc.tzinfo is None:
        raise ValueError(f"expected a time with its zone, got {utc.isoformat()}")
    return utc.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def schema_text() -> str:
    """The JSON Schema (draft 2020-12) of a record, as it lies in ``frame-1.schema.json``."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        **{key: value for key, value in FrameRecord.model_json_schema().items() if key != "title"},
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
