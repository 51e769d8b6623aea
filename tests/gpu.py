"""Whether there is an NVIDIA GPU for the tests that need one."""

from __future__ import annotations

import pytest

from engines.errors import EngineUnavailable
from engines.probe import Driver, driver


def needs_gpu() -> Driver:
    """What the driver has; skips the test, with the reason, where there is no GPU."""
    try:
        return driver()
    except EngineUnavailable as error:
        pytest.skip(f"no NVIDIA GPU here: {error}")
