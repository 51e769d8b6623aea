from __future__ import annotations

import pytest

from engines.trt_build import BuildSettings, Sizes
from engines.trt_progress import Phases


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"max_batch": 4}, r"best_batch must be 1…max_batch \(4\), got 8"),
        ({"best_batch": 0}, "got 0"),
    ],
)
def test_settings_check_themselves(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BuildSettings(**wrong)  # type: ignore[arg-type]  # a dict of ints fits the ints


@pytest.mark.parametrize("wrong", [((2, 1), (1, 1), (3, 3)), ((1, 1), (2, 4), (3, 3)), ((0, 1), (1, 1), (1, 1))])
def test_sizes_check_themselves(wrong: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="1 ≤ least ≤ best ≤ most"):
        Sizes(*wrong)


def test_a_phase_counts_as_one_step_of_its_parent() -> None:
    told: list[tuple[float, str]] = []
    phases = Phases(lambda share, what: told.append((share, what)))
    phases.start("whole", None, 4)
    phases.step("whole", 0)
    phases.start("part", "whole", 2)
    phases.step("part", 0)
    phases.finish("part")
    phases.step("unknown", 3)
    phases.step("whole", 1)
    assert told == [(0, "whole"), (0.25, "whole"), (0.25, "part"), (0.375, "part"), (0.375, "unknown"), (0.5, "whole")]
