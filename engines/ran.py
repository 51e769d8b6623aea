"""Where a backend has been seen to run: what has only been built, refused and held to its contract is said to be so."""

from __future__ import annotations

from pathlib import Path

import yaml

PATH = Path(__file__).parent / "ran.yaml"

NEVER = "never run on a GPU by those who made it"


def seen(backend: str, path: Path = PATH) -> tuple[str, ...]:
    """A line for each GPU: name, compute capability, driver, version of the backend, date. () where it never ran."""
    return tuple(yaml.safe_load(path.read_text("utf-8"))[backend])


def told(backend: str, path: Path = PATH) -> str:
    """The same in a few words."""
    return f"seen to run on {'; '.join(lines)}" if (lines := seen(backend, path)) else NEVER
