"""Events for other machines from ``groupmood serve`` as it is started: nobody takes them, it is ended, and when it is
started again each receiver gets each of them once."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'groupmood[web]'")
pytest.importorskip("paho.mqtt", reason="needs paho-mqtt (the extra mqtt)")

import aiohttp

from streamer.occurrences import Alert, Mark
from streamer.outbox import FILE
from streamer.outbox.store import Store
from streamer.outbox.webhook import receiver_of
from streamer.timeline.reader import TimelineReader
from tests.mosquitto import Listener, Mosquitto
from tests.outbox_rows import until
from tests.serving import serving
from tests.webhook_receiver import SECRET, Got, receiver
from tests.weights import weights

TEXT = """
purpose: self
sources:
  left: "synthetic:people=2,size=640x360,seconds=600"
  right: "synthetic:people=2,size=640x360,seconds=600,seed=2"
rooms: {{hall: {{sources: [left, right]}}}}
detector: {{name: mediapipe}}
timeline: {{file: state/timeline.sqlite}}
state_dir: state
alerts:
  anything: valence > -0.99 for 1 s, n >= 1, cooldown 1 h
events:
  file: events.jsonl
  webhooks:
    - {{url: "{first}", secret: {secret}}}
    - {{url: "{second}", secret: {secret}}}
  mqtt: {{host: 127.0.0.1, port: {port}, every: 0.5}}
"""

EVENT = "groupmood/hall/event"
ALWAYS = (0, 2**40)


def lines(folder: Path, kind: str = "") -> list[dict[str, Any]]:
    """The events in the file, whole lines only."""
    path = folder / "events.jsonl"
    text = path.read_text() if path.exists() else ""
    found = [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
    return [one for one in found if not kind or one["type"] == kind]


def mark(url: str, text: str) -> None:
    body, headers = json.dumps({"text": text}).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/v1/rooms/hall/marks", body, headers)
    with urllib.request.urlopen(request, timeout=10) as reply:
        assert reply.status in (200, 201)


def told(url: str, kind: str) -> dict[str, Any]:
    """The first of this kind that the WebSocket says."""

    async def wait() -> dict[str, Any]:
        async with aiohttp.ClientSession() as client, client.ws_connect(f"{url}/api/v1/events") as ws:
            async for message in ws:
                event: dict[str, Any] = json.loads(message.data)
                if event["type"] == kind:
                    return event
        raise AssertionError(f"no {kind} is said")

    return asyncio.run(asyncio.wait_for(wait(), 60))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    (tmp_path / "broker").mkdir()
    made = Mosquitto(tmp_path / "broker")
    yield made
    made.stop()


def test_what_nobody_took_is_delivered_by_the_next_run_and_nothing_twice(tmp_path: Path, broker: Mosquitto) -> None:
    for name in ("mediapipe", "groupmood"):
        weights(name)
    with ExitStack() as stack, receiver() as second:
        first = stack.enter_context(receiver())
        port = first.server_port
        urls = (first.url, second.url)
        text = TEXT.format(first=urls[0], second=urls[1], secret=json.dumps(SECRET), port=broker.port)
        (tmp_path / "groupmood.yaml").write_text(text)
        first.fault = second.fault = "hang"
        with serving("--config", "groupmood.yaml", cwd=tmp_path) as url:
            assert until(lambda: lines(tmp_path, "alert"), 60)
            for number in range(3):
                mark(url, f"slide {number}")
            assert first.wait(1, asked=True)
            assert second.wait(1, asked=True)
        # It has ended within 10 s; serving() sees to that.
        assert first.taken == second.taken == []
        kept(tmp_path, runs=1)

        first.fault = second.fault = ""
        broker.start()
        with Listener(broker.port, EVENT) as ears, serving("--config", "groupmood.yaml", cwd=tmp_path) as url:
            alert = told(url, "alert")
            assert all(one.wait(5, seconds=30) for one in (first, second))
            stack.close()  # the first receiver goes
            mark(url, "slide 3")
            assert second.wait(6)
            with receiver(port) as again:
                assert again.wait(1, seconds=30)
                assert ears.wait(lambda: len(ears.of(EVENT)) >= 6)
        kept(tmp_path, runs=2)
    happened = {one["id"]: one for one in lines(tmp_path) if one["type"] in ("alert", "mark", "moment")}
    assert alert == happened[alert["id"]]
    signed_and_once([*first.taken, *again.taken], urls[0], happened, tmp_path)
    signed_and_once(second.taken, urls[1], happened, tmp_path)
    by_mqtt = [json.loads(event) for event in ears.of(EVENT)]
    assert max(Counter(event["id"] for event in by_mqtt).values()) == 1
    assert all(event == happened[event["id"]] for event in by_mqtt)
    assert alert in by_mqtt


def kept(folder: Path, runs: int) -> None:
    """All that was told stands in the timeline, to the last second, and each run with its end."""
    with TimelineReader(folder / "state" / "timeline.sqlite") as reader:
        seconds = [one.utc for one in reader.seconds("hall", *ALWAYS)]
        happened = reader.occurrences("hall", *ALWAYS)
        assert len(reader.runs(*ALWAYS)) == runs
        for name in ("left", "right"):
            states = [one.state for one in reader.cameras("hall", *ALWAYS) if one.source == name]
            assert (states.count("online"), states[-1]) == (runs, "stopped")
    assert len(seconds) == len(set(seconds)) == len(lines(folder, "second"))
    assert {one.id for one in happened} == {one["id"] for one in lines(folder) if one["type"] in ("alert", "mark")}
    assert sum(isinstance(one, Alert) for one in happened) == runs
    assert sum(isinstance(one, Mark) for one in happened) == 2 + runs
    assert "ended" in (folder / "state" / "audit.jsonl").read_text().splitlines()[-1]


def signed_and_once(taken: Sequence[Got], url: str, happened: dict[str, dict[str, Any]], folder: Path) -> None:
    """Each of them was taken once, in order, and nothing else."""
    assert all(one.signed() for one in taken)
    with closing(Store(folder / "state" / FILE, receiver_of(url), 10)) as store:
        assert store.waiting() == 0
    assert [json.loads(one.body) for one in taken] == list(happened.values())
    alerts = [event for event in happened.values() if event["type"] == "alert"]
    assert len(alerts) == 2
    for event in alerts:
        assert event["reason"].startswith("valence with its whole 80 % interval has been above −0.99 for ")
        low, high = event["interval"]
        assert -0.99 < low <= event["value"] <= high
