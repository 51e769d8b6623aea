from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import cv2
import numpy as np
import pytest

from streamer.errors import SinkError
from streamer.fanout import Fanout, Reader
from streamer.sinks.mjpeg import Mjpeg, jpeg, narrowed
from streamer.types import Frame
from tests.clips import picture, result


def show(sink: Mjpeg, captured: Sequence[float]) -> None:
    for index, seconds in enumerate(captured):
        seen = picture(index, seconds)
        sink.write(Frame("cam", index, seconds, seconds, seen.image), result(index, seconds))


def greys(pictures: Sequence[bytes]) -> list[float]:
    """What the right halves of the pictures show; see tests.clips.picture()."""
    decoded = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for data in pictures]
    return [float(np.asarray(image)[:, 32:].mean()) for image in decoded]


def readers(count: int, act: Callable[[Mjpeg], None], **settings: float) -> list[list[bytes]]:
    """What each of so many readers finds after ``act``."""

    async def run() -> list[list[bytes]]:
        fanout: Fanout[bytes] = Fanout(100)
        joined = [fanout.join() for _ in range(count)]
        with Mjpeg(fanout, **settings) as sink:  # type: ignore[arg-type]  # quality and width are whole numbers
            await asyncio.to_thread(act, sink)
        return [[item async for item in reader] for reader in joined]

    return asyncio.run(run())


def test_each_reader_gets_each_picture() -> None:
    one, two = readers(2, lambda sink: show(sink, [n / 10 for n in range(5)]))
    assert greys(one) == pytest.approx([40, 41, 42, 43, 44], abs=2)
    assert all(mine is theirs for mine, theirs in zip(one, two, strict=True))  # encoded once
    assert one[0][:3] == b"\xff\xd8\xff"


def test_nothing_is_encoded_while_nobody_reads() -> None:
    async def run() -> bytes | None:
        fanout: Fanout[bytes] = Fanout(1)
        with Mjpeg(fanout) as sink:
            assert not sink.wanted
            # More than JPEG can hold: would raise if it were encoded.
            sink.write(Frame("cam", 0, 0.0, 0.0, np.zeros((70_000, 1, 3), np.uint8)), result(0, 0.0))
            reader = fanout.join()
            assert sink.wanted
            show(sink, [1.0])
            fanout.leave(reader)
            assert not sink.wanted
            return await reader.take()

    found = asyncio.run(run())
    assert found is not None
    assert greys([found]) == pytest.approx([40], abs=2)


@pytest.mark.parametrize(
    ("rate", "taken"),
    [
        (30.0, 15),  # every second one
        (14.0, 14),  # slower than the limit: all
        (60.0, 15),
        (25.0, 15),
    ],
)
def test_at_most_so_many_a_second(rate: float, taken: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        times = [n / rate + float(rng.uniform(-0.002, 0.002)) for n in range(round(4 * rate))]
        (found,) = readers(1, lambda sink, times=times: show(sink, times))  # type: ignore[misc]  # bound now
        assert len(found) == pytest.approx(4 * taken, abs=2)


def test_wavering_times_do_not_make_it_uneven() -> None:
    times = [n / 30 + (1 - n % 3) * 0.002 for n in range(60)]
    (found,) = readers(1, lambda sink: show(sink, times))
    assert greys(found) == pytest.approx([40 + n for n in range(0, 60, 2)], abs=0.9)


def test_after_a_pause_it_goes_on_at_the_same_pace() -> None:
    (found,) = readers(1, lambda sink: show(sink, [0.0, *(100 + n / 30 for n in range(30))]), max_fps=10.0)
    assert len(found) == pytest.approx(1 + 10, abs=1)


def test_wide_pictures_are_scaled_down() -> None:
    wide = np.zeros((300, 1000, 3), np.uint8)
    assert narrowed(wide, 500).shape == (150, 500, 3)
    assert narrowed(wide, 1000) is wide
    assert narrowed(np.zeros((1, 1000, 3), np.uint8), 10).shape == (1, 10, 3)

    def act(sink: Mjpeg) -> None:
        sink.write(Frame("cam", 0, 0.0, 0.0, wide), result(0, 0.0))

    ((data,),) = readers(1, act, max_width=640)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (192, 640, 3)


def test_quality_costs_bytes() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8).astype(np.uint8)
    assert len(jpeg(noise, 20)) < len(jpeg(noise, 90)) / 2


def test_a_reader_that_never_reads_costs_its_box_and_no_time() -> None:
    async def run() -> Reader[bytes]:
        fanout: Fanout[bytes] = Fanout(2)
        lazy = fanout.join()
        with Mjpeg(fanout) as sink:
            start = time.monotonic()
            show(sink, [n / 10 for n in range(200)])
            assert time.monotonic() - start < 10
        return lazy

    assert asyncio.run(run()).dropped == 198


def test_the_end_of_the_run_ends_the_readers() -> None:
    async def run() -> None:
        fanout: Fanout[bytes] = Fanout(2)
        reader = fanout.join()
        sink = Mjpeg(fanout)
        with sink:
            waiting: Awaitable[bytes | None] = asyncio.create_task(reader.take())
            await asyncio.sleep(0)
        assert await asyncio.wait_for(waiting, 5) is None
        sink.close()

    asyncio.run(run())


def test_what_jpeg_cannot_hold() -> None:
    with pytest.raises(SinkError, match="70000×1 cannot be encoded as JPEG; scale the source down"):
        jpeg(np.zeros((1, 70_000, 3), np.uint8), 80)


@pytest.mark.parametrize("wrong", [{"quality": 0}, {"quality": 101}, {"max_fps": 0}, {"max_width": 0}])
def test_senseless_settings(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Mjpeg(Fanout(1), **wrong)
