"""Moments, alerts and marks: in the Hub, over the WebSocket, as metrics."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from pydantic import TypeAdapter

from streamer.hub import OCCURRENCES, Hub
from streamer.occurrences import Alert, Mark, Occurrence, PastMoment, identity, mark, past_moment
from streamer.row_events import AlertEvent, MarkEvent, MomentEvent
from streamer.types import RoomResult
from streamer.web.events import WAITING, Spread
from streamer.web.server import WebServer
from streamer.web.told import Message
from tests.test_web_events import BusyLoop
from tests.web_site import ask, result, serving, site

UTC = 1_800_000_000.0

MESSAGE: TypeAdapter[object] = TypeAdapter(Message)


def alert(room: str = "hall", rule: str = "low") -> Alert:
    return Alert(identity(room, rule), room, UTC, rule, "valence has been below", -0.6, (-0.7, -0.5), 12)


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(work(), 30)

    asyncio.run(limited())


async def heard(server: WebServer, query: str, after: Callable[[], None], skip: int, count: int) -> list[object]:
    """``count`` messages after the ``skip`` of the state of now."""
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{server.url}/api/v1/events{query}") as ws,
    ):
        for _ in range(skip):
            await ws.receive_str(timeout=10)
        after()
        return [MESSAGE.validate_json(await ws.receive_str(timeout=10)) for _ in range(count)]


def test_the_hub_keeps_the_latest_of_each_room_and_counts_all() -> None:
    hub, happened = Hub(), list[Occurrence]()
    for number in range(OCCURRENCES + 20):
        happened.append(mark("hall", UTC + number, f"slide {number}"))
        hub.publish(happened[-1])
    hub.publish(alert())
    hub.publish(alert("desk"))
    hub.publish(past_moment("desk", UTC, 20.0, 0.3))
    assert hub.occurrences("hall") == (*happened[-OCCURRENCES + 1 :], alert())
    assert [type(one) for one in hub.occurrences("desk")] == [Alert, PastMoment]
    assert hub.occurrences("nowhere") == ()
    assert hub.counts() == {
        ("mark", "hall", ""): OCCURRENCES + 20,
        ("alert", "hall", "low"): 1,
        ("alert", "desk", "low"): 1,
        ("moment", "desk", ""): 1,
    }
    assert (hub.rooms(), hub.cameras()) == ({}, {})


def test_what_happens_is_said_to_each_subscriber_in_order() -> None:
    made = site()
    told: tuple[Occurrence, ...] = (past_moment("hall", UTC, 20.0, 0.3), alert(), mark("hall", UTC + 2, "slide 7"))

    def happen() -> None:
        for one in told:
            made.hub.publish(one)

    async def work() -> None:
        moment, warning, marked = await heard(server, "", happen, 3, 3)
        assert isinstance(moment, MomentEvent)
        assert (moment.id, moment.seconds, moment.utc) == (told[0].id, 20.0, "2027-01-15T08:00:00.000Z")
        assert isinstance(warning, AlertEvent)
        assert (warning.rule, warning.interval, warning.people) == ("low", (-0.7, -0.5), 12)
        assert isinstance(marked, MarkEvent)
        assert marked.text == "slide 7"

    with serving(made) as server:
        run(work)


def test_only_of_the_room_that_was_asked_for_and_of_the_site() -> None:
    made = site()

    def happen() -> None:
        for one in (alert("elsewhere"), alert("hall"), mark("desk", UTC, "here")):
            made.hub.publish(one)

    async def work() -> None:
        (told,) = await heard(server, "?room=desk", happen, 1, 1)
        assert isinstance(told, MarkEvent)
        assert (told.room, told.text) == ("desk", "here")

    with serving(made) as server:
        run(work)


def test_a_state_does_not_push_out_what_happened() -> None:
    made = site()

    async def work() -> None:
        spread = Spread(made, asyncio.get_running_loop())
        with spread.reader("hall") as reader:
            for number in range(50):  # nothing else runs in the loop meanwhile
                made.hub.publish(result("hall", pts=float(number)))
                if number in (10, 20):
                    made.hub.publish(mark("hall", UTC, f"slide {number}"))
            taken = await reader.take()
        spread.end()
        assert [one.pts for one in taken if isinstance(one, RoomResult)] == [49.0]
        assert [one.text for one in taken if isinstance(one, Mark)] == ["slide 10", "slide 20"]

    run(work)


def test_a_flood_of_marks_costs_no_memory() -> None:
    made = site()

    async def work() -> None:
        spread = Spread(made, asyncio.get_running_loop())
        with spread.reader(None) as reader:
            for _ in range(3):
                for number in range(WAITING + 50):
                    made.hub.publish(mark("hall", UTC, str(number)))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            taken = await reader.take()
        spread.end()
        assert len(taken) == WAITING

    run(work)


def test_a_busy_loop_is_woken_once() -> None:
    made, loop = site(), BusyLoop()
    spread = Spread(made, loop)
    for number in range(100):
        made.hub.publish(mark("hall", UTC, str(number)))
        made.hub.publish(result(pts=float(number)))
    assert loop.calls == 1
    spread.end()
    loop.close()


def test_they_are_counted_for_prometheus() -> None:
    made = site(settings={"alerts": {"low": {"room": None}, 'odd "name"': {"room": "desk"}, "quiet": {"room": "desk"}}})
    with serving(made) as server:
        before = ask(server, "/metrics").text
        assert 'groupmood_moments_total{room="hall"} 0.0' in before
        told = (alert(), alert(), alert("desk", 'odd "name"'), mark("hall", UTC, "x"), alert("elsewhere"))
        for one in (*told, alert(rule="not of the configuration")):
            made.hub.publish(one)
        text = ask(server, "/metrics").text
    assert 'groupmood_alerts_total{room="hall",rule="low"} 2.0' in text
    assert 'groupmood_alerts_total{room="desk",rule="odd \\"name\\""} 1.0' in text
    assert 'groupmood_alerts_total{room="desk",rule="quiet"} 0.0' in text
    assert 'groupmood_alerts_total{room="desk",rule="low"} 0.0' in text
    assert 'room="hall",rule="quiet"' not in text
    assert 'groupmood_marks_total{room="hall"} 1.0' in text
    assert "elsewhere" not in text
    assert "configuration" not in text
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
