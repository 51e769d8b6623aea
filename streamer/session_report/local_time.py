"""Times of day as people where the room is read them, also on the days when the clock is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

SHORT = 600
"""Seconds up to which times of day are told with their seconds."""


class SystemZone(tzinfo):
    """The zone of this computer at each time, with its summer time."""

    def fromutc(self, when: datetime) -> datetime:
        there = when.replace(tzinfo=UTC).astimezone()
        wall = there.replace(tzinfo=self, fold=0)
        return wall if wall.utcoffset() == there.utcoffset() else wall.replace(fold=1)

    def utcoffset(self, when: datetime | None) -> timedelta | None:
        return None if when is None else here(when).utcoffset()

    def tzname(self, when: datetime | None) -> str | None:
        return None if when is None else here(when).tzname()

    def dst(self, when: datetime | None) -> timedelta | None:  # noqa: ARG002  (tzinfo's)
        return None


def here(when: datetime) -> datetime:
    """The wall clock's time as an instant; the second of two equal times where ``fold`` says so."""
    return when.replace(tzinfo=None).astimezone()


def local(utc: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(utc, zone)


def offset(utc: float, zone: tzinfo) -> int:
    """Seconds east of UTC."""
    found = local(utc, zone).utcoffset()
    return 0 if found is None else round(found.total_seconds())


def clock(utc: float, zone: tzinfo, *, seconds: bool = False) -> str:
    """'14:32', '14:32:07'"""
    return local(utc, zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(utc: float, zone: tzinfo) -> str:
    """'Tuesday, 14 November 2023'"""
    when = local(utc, zone)
    return f"{when:%A}, {when.day} {when:%B %Y}"


def zone_name(utc: float, zone: tzinfo) -> str:
    """'CET (UTC+01:00)', 'UTC'"""
    name, east = local(utc, zone).tzname() or "", offset(utc, zone)
    hours, minutes = divmod(abs(east) // 60, 60)
    numbers = f"UTC{'+' if east >= 0 else '−'}{hours:02d}:{minutes:02d}"
    if east == 0 and name in ("", "UTC", "GMT"):
        return name or "UTC"
    return f"{name} ({numbers})" if name and not name.startswith(("UTC", "+", "-")) else numbers


def times(begin: float, end: float, zone: tzinfo) -> str:
    """'14:00 to 14:50, CET (UTC+01:00)'; with both zones where the clock was changed between, and with the day of the
    end where that is another."""
    seconds = end - begin < SHORT
    first, last = clock(begin, zone, seconds=seconds), clock(end, zone, seconds=seconds)
    if local(begin, zone).date() != local(end, zone).date():
        last = f"{last} on {day(end, zone)}"
    if offset(begin, zone) == offset(end, zone):
        return f"{first} to {last}, {zone_name(begin, zone)}"
    return f"{first} {zone_name(begin, zone)} to {last} {zone_name(end, zone)}; the clock was changed between"
