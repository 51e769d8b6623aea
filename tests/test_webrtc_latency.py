"""How the measurement of WebRTC's latency reads numbers and joins them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("playwright", reason="needs playwright: uv sync --group dev")

from tools.webrtc_clip import HEIGHT, PICTURES, WIDTH, burn, number_in
from tools.webrtc_latency import Mark, matched, minute_of


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (960, 540)])
def test_every_number_is_read_again_at_any_size(size: tuple[int, int]) -> None:
    for number in range(0, PICTURES, 7):
        picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        burn(picture, number)
        small = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), size, interpolation=cv2.INTER_AREA)
        assert number_in(small.astype(np.uint8)) == number


def test_a_picture_without_a_number_has_none() -> None:
    assert number_in(np.full((720, 1280), 90, np.uint8)) is None


def test_a_drawing_belongs_to_the_latest_capture_of_its_number() -> None:
    captured = [(1, 1000.0), (2, 1033.0), (1, 9000.0), (1, 9000.0)]
    drawn = [(1, 1080.0), (2, 1150.0), (1, 9050.0), (3, 9060.0), (None, 9070.0), (2, 9080.0), (1, 500.0)]
    latencies, unmatched = matched(captured, drawn)
    assert latencies == [(1080.0, 80.0), (1150.0, 117.0), (9050.0, 50.0)]
    assert unmatched == 4


def test_a_minute_has_its_own_figures() -> None:
    latencies = [(1000.0 * second, 50.0 + second) for second in range(120)]
    cpu = [(500.0 + second, second * 0.5) for second in range(120)]
    second = minute_of(latencies, cpu, Mark(60_000, 560, 10, 90), Mark(120_000, 620, 70, 150))
    assert (second.count, second.p50, second.p95, second.greatest) == (60, 139.0, 166.0, 169.0)
    assert (second.server_cpu, second.machine_cpu) == (0.5, 0.5)
