from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial

from streamer.fanout import Fanout, Reader
from streamer.packets import Packet
from streamer.sinks.packets_out import PacketsOut
from tests.fakes import FORMAT


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(5):
            await scenario()

    asyncio.run(limited())


def in_a_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def give(put: Callable[[int], None], count: int) -> None:
    for number in range(count):
        put(number)


def test_every_reader_gets_every_item() -> None:
    async def scenario() -> None:
        fanout: Fanout[int] = Fanout(8)
        readers = [fanout.join(), fanout.join()]
        in_a_thread(partial(give, fanout.put, 5))
        fanout.close()
        assert [[item async for item in reader] for reader in readers] == [[0, 1, 2, 3, 4]] * 2
        assert [reader.dropped for reader in readers] == [0, 0]

    run(scenario)


def test_a_slow_reader_loses_what_is_old_and_holds_nobody_up() -> None:
    async def scenario() -> None:
        fanout: Fanout[int] = Fanout(3)
        slow = fanout.join()
        in_a_thread(partial(give, fanout.put, 10))
        assert [await slow.take() for _ in range(3)] == [7, 8, 9]
        assert slow.dropped == 7

    run(scenario)


def test_who_waits_is_woken_from_another_thread_each_time() -> None:
    async def scenario() -> None:
        reader: Reader[int] = Reader(1, asyncio.get_running_loop())
        for number in range(200):
            waiting = asyncio.ensure_future(reader.take())
            await asyncio.sleep(0)
            await asyncio.to_thread(reader.put, number)
            assert await waiting == number

    run(scenario)


def test_nothing_is_lost_between_two_threads() -> None:
    async def scenario() -> None:
        reader: Reader[int] = Reader(100_000, asyncio.get_running_loop())
        thread = threading.Thread(target=give, args=(reader.put, 20_000))
        thread.start()
        taken = [await reader.take() for _ in range(20_000)]
        thread.join()
        assert taken == list(range(20_000))

    run(scenario)


def test_a_reader_that_never_reads_wakes_nobody() -> None:
    """Of ten thousand items for one who does not come, the loop hears once."""

    async def scenario() -> None:
        fanout: Fanout[int] = Fanout(2)
        reader = fanout.join()
        in_a_thread(partial(give, fanout.put, 10_000))
        assert reader.dropped == 9_998
        assert await reader.take() == 9_998

    run(scenario)


def test_wanted_and_asked_for() -> None:
    async def scenario() -> None:
        asked: list[str] = []
        fanout: Fanout[int] = Fanout(2, lambda: asked.append("keyframe"))
        assert not fanout.wanted
        reader = fanout.join()
        assert (fanout.wanted, asked) == (True, ["keyframe"])
        fanout.leave(reader)
        assert not fanout.wanted
        fanout.put(1)
        assert await reader.take() is None

    run(scenario)


def test_a_closed_fanout_ends_readers_of_now_and_later() -> None:
    async def scenario() -> None:
        fanout: Fanout[int] = Fanout(2)
        before = fanout.join()
        waiting = asyncio.ensure_future(before.take())
        await asyncio.sleep(0)
        in_a_thread(fanout.close)
        assert await waiting is None
        assert await fanout.join().take() is None

    run(scenario)


def test_the_end_of_the_loop_harms_nobody_who_still_gives() -> None:
    made: list[Reader[int]] = []

    async def scenario() -> None:
        made.append(Reader(2, asyncio.get_running_loop()))

    run(scenario)
    made[0].put(1)
    made[0].close()


def test_packets_go_to_whoever_looks_until_the_end() -> None:
    async def scenario() -> None:
        fanout: Fanout[Packet] = Fanout(4)
        with PacketsOut(fanout) as sink:
            assert not sink.wanted
            reader = fanout.join()
            assert sink.wanted
            packet = Packet(b"x", 0, 0, True, 0, FORMAT)
            sink.write(packet)
            assert await reader.take() is packet
        assert await reader.take() is None

    run(scenario)
