from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streamer.errors import ConfigError
from streamer.metrics import Metrics
from streamer.occurrences import Alert, past_moment
from streamer.timeline.rows import CameraChange, Row
from tests.outbox_rows import BEGIN, marks, second, slides, text_of, until

pytest.importorskip("paho.mqtt", reason="needs paho-mqtt (the extra mqtt)")

from streamer.outbox.broker import MqttSettings
from streamer.outbox.mqtt import MqttOut
from streamer.outbox.terms import Terms
from tests.mosquitto import Listener, Mosquitto, mosquitto, password_line

STATUS, STATE, EVENT = "groupmood/status", "groupmood/hall/state", "groupmood/hall/event"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with mosquitto(folder) as running:
        yield running


def out(port: int, folder: Path, metrics: Metrics | None = None, **settings: Any) -> MqttOut:
    made = MqttSettings("127.0.0.1", port, **({"every": 0.5} | settings))
    return MqttOut(made, folder / "outbox.sqlite3", 100, Terms("broker", "", metrics or Metrics()))


def valence(text: str) -> float:
    return float(json.loads(text)["mood"]["valence"])


def test_rooms_and_events_are_told(broker: Mosquitto, tmp_path: Path) -> None:
    metrics = Metrics()
    alert = Alert("alert 1", "hall", BEGIN, "gloom", "valence was below -0.4", -0.5, None, 6)
    with Listener(broker.port) as ears, out(broker.port, tmp_path, metrics) as mqtt:
        rows: list[Row] = [second(), past_moment("hall", BEGIN, 9.0, 0.5), alert, *marks(2), *marks(2)]
        for row in rows:
            mqtt.put(row)
        mqtt.put(CameraChange("left", "hall", BEGIN, "online"))
        assert ears.wait(lambda: len(ears.of(EVENT)) >= 4 and ears.of(STATE))
        assert until(lambda: metrics.snapshot().gauges.get(("events waiting", "broker")) == 0)
        assert mqtt.state == ""
        state = json.loads(ears.of(STATE)[0])
        assert ears.of(STATUS) == ["online"]
    events = [json.loads(text) for text in ears.of(EVENT)]
    assert [event["type"] for event in events] == ["moment", "alert", "mark", "mark"]
    assert events[1]["reason"] == "valence was below -0.4"
    assert (state["type"], state["room"], state["mood"]["valence"]) == ("second", "hall", 0.25)
    assert metrics.snapshot().count("events delivered", "broker") == 4
    with Listener(broker.port, "groupmood/#") as later:
        assert later.wait(lambda: later.of(STATUS))
        assert later.of(STATUS) == ["offline"]


def test_the_newest_second_is_told_no_more_often_than_wanted(broker: Mosquitto, tmp_path: Path) -> None:
    with Listener(broker.port) as ears, out(broker.port, tmp_path, every=0.5) as mqtt:
        began = time.monotonic()
        for number in range(60):
            mqtt.put(second(number, valence=number / 100))
            threading.Event().wait(0.02)  # seconds come by and by
        assert ears.wait(lambda: ears.of(STATE) and valence(ears.of(STATE)[-1]) == 0.59)
        spent = time.monotonic() - began
    told = [valence(text) for text in ears.of(STATE)]
    assert told == sorted(told)
    assert 2 <= len(told) <= spent / 0.5 + 2


def test_whoever_comes_later_finds_the_newest_second_and_no_events(broker: Mosquitto, tmp_path: Path) -> None:
    with out(broker.port, tmp_path) as mqtt:
        with Listener(broker.port, "groupmood/#") as ears:
            mqtt.put(second(1, valence=0.5))
            mqtt.put(second(1, "attic / left+#", valence=-0.5))
            mqtt.put(marks(1)[0])
            assert ears.wait(lambda: ears.of(EVENT) and len({topic for topic, *_ in ears.heard}) == 4)
        with Listener(broker.port, "+/+/state") as late:
            assert late.wait(lambda: len(late.heard) == 2)
            late.say("sync", "")
    kept = {topic: valence(text) for topic, text, retained in late.heard if retained}
    other = next(topic for topic in kept if topic != STATE)
    assert kept == {STATE: 0.5, other: -0.5}
    assert other.startswith("groupmood/attic_left-")
    assert other.count("/") == 2


def test_home_assistant_finds_the_rooms_and_is_told_again_when_it_starts(broker: Mosquitto, tmp_path: Path) -> None:
    with Listener(broker.port, "homeassistant/#") as ears, out(broker.port, tmp_path) as mqtt:
        mqtt.put(second())
        assert ears.wait(lambda: len(ears.heard) == 6)
        ears.say("homeassistant/status", "offline")
        ears.say("homeassistant/status", "online")
        assert ears.wait(lambda: len(ears.heard) == 14)  # both words, and all of it again
    topics = [topic for topic, *_ in ears.heard]
    parts = ["sensor/{}/valence", "sensor/{}/people", "sensor/{}/positive", "sensor/{}/negative"]
    parts += ["binary_sensor/{}/alert", "event/{}/event"]
    expected = [f"homeassistant/{part.format('groupmood_hall')}/config" for part in parts]
    assert topics[:6] == expected
    assert topics[8:] == expected
    with Listener(broker.port, "homeassistant/+/+/+/config") as late:
        assert late.wait(lambda: len(late.heard) == 6)
        assert all(retained for *_, retained in late.heard)


def test_without_discovery_nothing_is_said_to_home_assistant(broker: Mosquitto, tmp_path: Path) -> None:
    with Listener(broker.port) as ears, out(broker.port, tmp_path, discovery=None, prefix="my/house") as mqtt:
        mqtt.put(second())
        assert ears.wait(lambda: ears.of("my/house/hall/state"))
    assert {topic for topic, *_ in ears.heard} <= {"my/house/status", "my/house/hall/state"}


class Cable:
    """Between a client and the broker, to be pulled."""

    def __init__(self, port: int) -> None:
        self._target, self._pairs = port, list[socket.socket]()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._pairs += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while text := one.recv(65536):
                other.sendall(text)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    def pull(self) -> None:
        """Nobody says goodbye."""
        self._listening.close()
        for one in self._pairs:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def test_when_the_connection_is_lost_the_last_will_is_told(broker: Mosquitto, tmp_path: Path) -> None:
    cable = Cable(broker.port)
    with Listener(broker.port, STATUS) as ears, out(cable.port, tmp_path) as mqtt:
        assert ears.wait(lambda: ears.of(STATUS) == ["online"])
        cable.pull()
        assert ears.wait(lambda: ears.of(STATUS) == ["online", "offline"])
        assert until(lambda: mqtt.state)
        assert "its events wait" in mqtt.state
        began = time.monotonic()
    assert time.monotonic() - began < 3


def test_over_a_restart_of_the_broker_nothing_is_lost_and_nothing_comes_twice(
    broker: Mosquitto, tmp_path: Path
) -> None:
    metrics = Metrics()
    with Listener(broker.port) as ears, out(broker.port, tmp_path, metrics) as mqtt:
        mqtt.put(second())
        for row in marks(3):
            mqtt.put(row)
        assert ears.wait(lambda: len(ears.of(EVENT)) == 3 and ears.of(STATE))
        assert until(lambda: metrics.snapshot().count("events delivered", "broker") == 3)
        broker.stop()
        assert until(lambda: mqtt.state)
        for row in marks(8):  # five are new
            mqtt.put(row)
        broker.start()
        assert ears.wait(lambda: len(ears.of(EVENT)) >= 8)
        mqtt.put(marks(1, begin=8)[0])
        assert ears.wait(lambda: len(ears.of(EVENT)) >= 9 and ears.of(STATUS)[-1] == "online")
        assert until(lambda: not mqtt.state)
    assert [text_of(text) for text in ears.of(EVENT)] == slides(9)
    assert metrics.snapshot().count("events delivered", "broker") == 9  # the last one's thanks were waited for


def test_what_the_broker_did_not_acknowledge_is_sent_by_the_next_run(broker: Mosquitto, tmp_path: Path) -> None:
    metrics = Metrics()
    with out(broker.port, tmp_path, metrics) as mqtt:
        assert until(lambda: not mqtt.state)
        broker.freeze()
        for row in marks(3):
            mqtt.put(row)
        assert until(lambda: metrics.snapshot().gauges.get(("events waiting", "broker")) == 3)
    assert metrics.snapshot().count("events delivered", "broker") == 0
    broker.stop(signal.SIGKILL)
    broker.start()
    with Listener(broker.port, EVENT) as ears, out(broker.port, tmp_path):
        assert ears.wait(lambda: len(ears.heard) >= 3)
    assert [text_of(text) for text in ears.of(EVENT)] == slides(3)


def test_a_broker_that_was_never_there_gets_all_of_it_in_the_next_run(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Mosquitto(folder)
    with out(broker.port, tmp_path) as mqtt:
        for row in marks(5):
            mqtt.put(row)
        assert until(lambda: "cannot be reached" in mqtt.state)
        began = time.monotonic()
    assert time.monotonic() - began < 3
    broker.start()
    try:
        with Listener(broker.port, EVENT) as ears, out(broker.port, tmp_path) as mqtt:
            for row in marks(7):
                mqtt.put(row)
            assert ears.wait(lambda: len(ears.heard) >= 7)
    finally:
        broker.stop()
    assert [text_of(text) for text in ears.of(EVENT)] == slides(7)


def test_a_broker_may_want_a_password(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    passwords = folder / "passwords"
    passwords.write_text(password_line("me", "CANARYpass"))
    passwords.chmod(0o600)
    with mosquitto(folder, "allow_anonymous false", f"password_file {passwords}") as broker:
        with out(broker.port, tmp_path, username="me", password="CANARYwrong") as mqtt:
            assert until(lambda: "refuses us" in mqtt.state)
            assert "check user name and password" in mqtt.state
            said = f"{mqtt.state} {mqtt!r} {MqttSettings('h', password='CANARY')}"
        login = ("me", "CANARYpass")
        with (
            Listener(broker.port, EVENT, login) as ears,
            out(broker.port, tmp_path, username=login[0], password=login[1]) as mqtt,
        ):
            mqtt.put(marks(1)[0])
            assert ears.wait(lambda: ears.of(EVENT))
    assert "CANARY" not in said + caplog.text
    assert "Normal disconnection" not in caplog.text  # going is no news


def test_nobody_waits_for_a_host_that_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as deaf:
        with out(int(deaf.getsockname()[1]), tmp_path) as mqtt:
            for row in marks(50):
                mqtt.put(row)
            for number in range(500):
                mqtt.put(second(number))
            assert "is not reached yet" in mqtt.state
            began = time.monotonic()
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("host", ["", "mqtt://broker", "me@broker", "a..b"])
def test_a_host_is_a_name_alone(host: str) -> None:
    with pytest.raises(ConfigError, match="a name or an address alone"):
        MqttSettings(host)
