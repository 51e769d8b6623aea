"""What a report is made of: the measured results, an evaluation, a league, and the demo's scene as it was analysed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from streamer.errors import ConfigError
from tools.compare.league import League
from tools.evaluate import written
from tools.evaluate.result import Evaluation
from tools.report.observed import Observed

RESULTS = Path(__file__).parent.parent / "results"
LEAGUE = "league.json"

COMMANDS = {
    "cameras": "python -m tools.cameras",
}
"""Of results that do not name theirs."""

PICTURES = (".png", ".jpg")


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """``results`` by the name of their file; ``pictures`` and ``league_pictures``: what lies beside the evaluation and
    the league, by name. ``scene`` None where it could not be analysed, for the reason ``scene_fault``. ``people``:
    pictures of people who were labelled may be shown. ``machine``: on which the report is made."""

    title: str
    command: str
    machine: Mapping[str, str]
    results: Mapping[str, Mapping[str, Any]]
    evaluation: Evaluation | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    league: League | None = None
    league_pictures: Mapping[str, bytes] = field(default_factory=dict)
    scene: Observed | None = None
    scene_fault: str = ""
    people: bool = True


def measured(folder: Path = RESULTS) -> dict[str, Mapping[str, Any]]:
    """Every result that is there.

    Raises:
        ConfigError: one is not JSON.
    """
    found = dict[str, Mapping[str, Any]]()
    for path in sorted(folder.glob("*.json")):
        try:
            document = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise ConfigError(f"{path.name} is not JSON ({error}): measure it again") from None
        found[path.stem] = {**({"command": COMMANDS[path.stem]} if path.stem in COMMANDS else {}), **document}
    return found


def evaluation_in(folder: Path) -> Evaluation:
    """
    Raises:
        ConfigError: there is none, or it is not one.
    """
    return written.read(folder / written.NAME)


def league_in(folder: Path) -> League:
    """
    Raises:
        ConfigError: there is none, or it is not one.
    """
    path = folder / LEAGUE
    try:
        return TypeAdapter(League).validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}; `python -m tools.compare` writes it") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ConfigError(f"{path} is not what `python -m tools.compare` writes: {where}: {first['msg']}") from None


def pictures_in(folder: Path) -> dict[str, bytes]:
    """Those that lie in the folder itself."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix.lower() in PICTURES}
