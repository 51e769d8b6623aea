"""What is handed to other machines: a row of the timeline as the text that is sent, with its id."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from streamer.errors import ConfigError, did_you_mean
from streamer.occurrences import Alert, Mark, PastMoment
from streamer.row_events import KINDS, event_of
from streamer.timeline.rows import CameraChange, Row, Second

KIND_OF: dict[type, str] = {
    Second: "second",
    PastMoment: "moment",
    Alert: "alert",
    Mark: "mark",
    CameraChange: "camera_changed",
}
"""The rows that may leave this machine."""


@dataclass(frozen=True, slots=True)
class Entry:
    """``payload``: the event of ``streamer.row_events`` as JSON, in one line."""

    id: str
    kind: str
    payload: str


def entry_of(row: Row) -> Entry | None:
    """None for rows that leave this machine in no case.

    Raises:
        ValueError, OverflowError: it cannot be told, as a text that is no Unicode and a time that is none cannot.
    """
    event = event_of(row)
    return None if event is None else Entry(event.id, event.type, event.model_dump_json())


def known_kinds(kinds: Collection[str], receiver: str) -> frozenset[str]:
    """
    Raises:
        ConfigError: one of them is no kind of event.
    """
    for kind in kinds:
        if kind not in KINDS:
            known = ", ".join(KINDS)
            raise ConfigError(
                f"{receiver}: events may be {known}, got {kind!r}{did_you_mean(kind, KINDS)}; choose among them"
            )
    return frozenset(kinds)
