"""How the numbers were published: as they were, to the local user alone, or guarded so that nobody can be read off."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from streamer.session_report.gathered import Gathered
from streamer.timeline.rows import RunBegan

ALONE = ("127.0.0.1", "::1", "localhost")
"""Hosts on which only the local user can look."""

LEAST = 5
"""People of a room whose settings say nothing."""


def settings_of(run: RunBegan) -> Mapping[str, Any]:
    """Empty where they cannot be read."""
    try:
        found = json.loads(run.settings)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def part(settings: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """A mapping within mappings, empty where it is not there."""
    for name in names:
        inner = settings.get(name)
        settings = inner if isinstance(inner, dict) else {}
    return settings


def direct(run: RunBegan) -> bool:
    """As ``streamer.service`` decides: the user alone is seen, and he alone can look."""
    server = part(settings_of(run), "server")
    return run.purpose == "self" and server.get("host", ALONE[0]) in ALONE and not server.get("behind_proxy")


def guarded(found: Gathered) -> bool:
    """Whether any of it was; also where no run is known."""
    return not found.runs or any(not direct(run) for run in found.runs)


def least_of(found: Gathered) -> int:
    """People below whom nothing was published; the fewest of all runs."""
    rooms = [part(settings_of(run), "rooms", found.room) for run in found.runs if not direct(run)]
    told = [int(room["least"]) for room in rooms if isinstance(room.get("least"), int | float)]
    return min([*told, *([LEAST] if len(told) < len(rooms) or not rooms else [])])


def guard_of(found: Gathered) -> str:
    """A sentence for whoever reads the numbers."""
    if not guarded(found):
        return (
            "The numbers are those that were shown on the screen, as they were: only the user's own place was "
            "watched (purpose “self”), so with one person seen they are that person's."
        )
    return (
        f"The numbers are those that were published: of {least_of(found)} people or more, rounded, smoothed, with some "
        "noise, and held still for a while when somebody comes or goes, so that they give no single person away; "
        "small and quick differences mean nothing."
    )
