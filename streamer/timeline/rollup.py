"""Minutes and hours as sums over their seconds: right after late and repeated rows, because each is summed anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from streamer.timeline.schema import MEANS, SIGN_SHARES

Table: TypeAlias = Literal["second", "minute", "hour"]

WIDTHS: Mapping[Table, int] = {"second": 1, "minute": 60, "hour": 3600}

PEOPLE = "nullif(coalesce(people, sign_people), 0)"
"""Nobody is not a number of people that a mean is made of; so ``people_n`` is how many seconds had anybody in them."""

_BOUNDS = {"first": "min", "last": "max", "top": "max", "least": "min", "most": "max", "paused": "sum"}


def sums(table: Table) -> str:
    """The columns of a minute after room and utc, as a SELECT over rows of ``table`` finds them."""
    if table != "second":
        bounds = (f"{function}({name})" for name, function in _BOUNDS.items())
        parts = (f"sum({name}), sum({name}_n)" for name in MEANS)
        return ", ".join(("sum(known)", "sum(seconds)", *bounds, *parts))
    numbers = f"count(coalesce(valence, {', '.join(SIGN_SHARES)}))"
    there = f"FILTER (WHERE {PEOPLE} IS NOT NULL)"
    occupied = (f"min(utc) {there}", f"max(utc) {there}", f"max({PEOPLE})")
    columns = (PEOPLE if name == "people" else name for name in MEANS)
    parts = (f"sum({column}), count({column})" for column in columns)
    return ", ".join(("count(*)", numbers, *occupied, "min(valence), max(valence), sum(paused)", *parts))


def _summing(into: Table, out_of: Table) -> tuple[str, str]:
    width = WIDTHS[into]
    delete = f"DELETE FROM {into} WHERE room = :room AND utc = :utc"
    insert = (
        f"INSERT INTO {into} SELECT room, :utc, {sums(out_of)} FROM {out_of} "
        f"WHERE room = :room AND utc >= :utc AND utc < :utc + {width} GROUP BY room"
    )
    return delete, insert


_MINUTE, _HOUR = _summing("minute", "second"), _summing("hour", "minute")


def refresh(connection: sqlite3.Connection, seconds: Iterable[tuple[int, int]]) -> None:
    """Sum anew the minutes and hours of these (room, utc), in the caller's transaction."""
    minutes = {(room, utc - utc % 60) for room, utc in seconds}
    hours = {(room, utc - utc % 3600) for room, utc in minutes}
    for statements, keys in ((_MINUTE, minutes), (_HOUR, hours)):
        for room, utc in sorted(keys):
            for statement in statements:
                connection.execute(statement, {"room": room, "utc": utc})
