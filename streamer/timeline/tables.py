"""The columns of what is exported; what each is, and how SQLite makes it of what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from streamer.emotions import LABELS
from streamer.timeline.schema import SCALE, SECOND_WITH_RUN, SIGN_SHARES

What: TypeAlias = Literal["seconds", "people", "occurrences"]

WHATS: tuple[What, ...] = get_args(What)


@dataclass(frozen=True, slots=True)
class Column:
    """``kind``: of its values; "time" is one in UTC, ISO 8601 with a Z where it is text. ``made``: of which SQL, where
    it is not a column of that name."""

    name: str
    kind: Literal["text", "time", "int", "real", "bool"]
    says: str
    made: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """``of``: where its rows come from; a row has a room and a time (``utc``)."""

    of: str
    columns: tuple[Column, ...]
    order: str = "utc"

    @property
    def selected(self) -> str:
        return ", ".join(one.made or one.name for one in self.columns)


def _real(name: str, says: str, stored: str = "") -> Column:
    return Column(name, "real", says, f"{stored or name} / {SCALE}.0")


def _dated(whole: bool) -> tuple[Column, ...]:
    return (
        Column("room", "text", "its name", ":name"),
        Column("time", "time", "when, in UTC", "utc"),
        Column("utc", "int" if whole else "real", "the same in seconds since 1970", "utc"),
    )


_SHARES = tuple(_real(label, f"share of {label}, 0…1, all eight sum to 1") for label in LABELS)
_SIGNS = tuple(_real(sign, f"share of people of whom {sign} is said, 0…1") for sign in SIGN_SHARES)

TABLES: Mapping[What, Table] = {
    "seconds": Table(
        SECOND_WITH_RUN,
        (
            *_dated(whole=True),
            Column("run", "text", "which start of the program", "run_name"),
            Column("paused", "bool", "the analysis was off"),
            Column("people", "int", "people seen", "coalesce(people, sign_people)"),
            Column("used", "int", "of whom the numbers are"),
            _real("valence", "−1 unpleasant … 1 pleasant, of apparent expressions"),
            _real("low", "lower end of valence's 80 % interval"),
            _real("high", "upper end of it"),
            _real("arousal", "−1 calm … 1 excited"),
            _real("dispersion", "standard deviation of valence between people, 0…1"),
            _real("cohesion", "mean correlation of people's valence, −1…1 (exploratory)"),
            Column("together", "bool", "whether cohesion is above chance"),
            _real("coverage", "people used of people seen, 0…1"),
            Column("positive", "int", "people with positive valence"),
            Column("negative", "int", "people with negative valence"),
            _real("polarisation", "0 one camp … 1 two equal camps"),
            _real("trend", "the valence usual over minutes"),
            Column("window", "real", "seconds behind the numbers", "span"),
            *_SHARES,
            *_SIGNS,
        ),
    ),
    "people": Table(
        "person",
        (
            *_dated(whole=True),
            Column("person", "text", "random, new in every run"),
            Column("label", "text", "what is said of the expression"),
            _real("confidence", "probability of the label, 0…1"),
            _real("valence", "−1…1"),
            _real("quality", "of the face as a picture, 0…1"),
        ),
        "utc, person",
    ),
    "occurrences": Table(
        "occurrence",
        (
            *_dated(whole=False),
            Column("id", "text", "the same for the same occurrence"),
            Column("kind", "text", "moment, alert or mark"),
            Column("seconds", "real", "how long a moment lasted"),
            Column("change", "real", "by how much a moment was away from the usual valence, −2…2"),
            Column("rule", "text", "of an alert"),
            Column("value", "real", "with which it fired"),
            Column("low", "real", "lower end of its 80 % interval"),
            Column("high", "real", "upper end of it"),
            Column("people", "int", "seen when it fired"),
            Column("text", "text", "the reason of an alert, what was marked"),
        ),
        "utc, id",
    ),
}
