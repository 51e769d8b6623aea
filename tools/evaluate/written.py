"""An evaluation as a file: JSON of plain values, read back as what it was."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from streamer.errors import ConfigError
from tools.evaluate.result import Evaluation

NAME = "evaluation.json"
DIGITS = 4


def document(evaluation: Evaluation) -> dict[str, Any]:
    """What is written; every number to ``DIGITS`` digits behind the point, None where something cannot be told."""
    made: dict[str, Any] = rounded(asdict(evaluation))
    return made


def write(path: Path, evaluation: Evaluation) -> None:
    path.write_text(text(document(evaluation)), "utf-8")


def text(made: Mapping[str, Any]) -> str:
    """JSON as any program reads it: a number that is none is refused, never written as NaN."""
    return json.dumps(made, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read(path: Path) -> Evaluation:
    """
    Raises:
        ConfigError: it cannot be read, or is no evaluation.
    """
    try:
        return TypeAdapter(Evaluation).validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ConfigError(
            f"{path} is not what `python -m tools.evaluate` writes as {NAME}: {where}: {first['msg']}"
        ) from None


def rounded(value: Any) -> Any:
    """Wherever there are numbers with digits behind the point; NaN, which cannot be told, becomes None."""
    if isinstance(value, Mapping):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, DIGITS)
    return value
