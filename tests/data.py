"""Where the videos, pictures and labels lie that some tests need and the repository does not carry."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def data(name: str) -> Path:
    """The path of a data file; skips the test, with the reason, where it is absent."""
    path = Path(os.environ.get("GROUPMOOD_DATA", ROOT.parent / "shared" / "data")) / name
    if not path.exists():
        pytest.skip(f"needs {name} under GROUPMOOD_DATA, which is not on this machine")
    return path
