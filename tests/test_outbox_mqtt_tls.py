"""MQTT over TLS, against a real broker with certificates made on the spot."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from streamer.errors import ConfigError
from streamer.metrics import Metrics
from streamer.noted import Events, Mqtt
from streamer.outbox import outboxes_of
from tests.certificates import certificate
from tests.outbox_rows import marks, slides, text_of, until

pytest.importorskip("paho.mqtt", reason="needs paho-mqtt (the extra mqtt)")

from streamer.outbox.broker import MqttSettings
from streamer.outbox.mqtt import MqttOut
from tests.mosquitto import Listener, Mosquitto, mosquitto, password_line

EVENT, LOGIN = "groupmood/hall/event", ("CANARYme", "CANARYpass")


@dataclass
class Secured:
    """A broker of 127.0.0.1 that wants a password; ``ours`` signed its certificate, ``other`` did not."""

    broker: Mosquitto
    folder: Path
    ours: tuple[Path, Path]
    other: tuple[Path, Path]

    def lines(self, pair: tuple[Path, Path]) -> tuple[str, ...]:
        return (
            f"certfile {pair[0]}",
            f"keyfile {pair[1]}",
            "allow_anonymous false",
            f"password_file {self.folder / 'passwords'}",
        )

    def out(self, **changes: object) -> MqttOut:
        """As a configuration has it made."""
        settings: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.broker.port,
            "username": SecretStr(LOGIN[0]),
            "password": SecretStr(LOGIN[1]),
            "tls": True,
            "ca": self.ours[0],
        }
        (made,) = outboxes_of(Events(mqtt=Mqtt.model_validate(settings | changes)), self.folder, Metrics())
        assert isinstance(made, MqttOut)
        return made

    def ears(self) -> Listener:
        return Listener(self.broker.port, EVENT, LOGIN, self.ours[0])


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Secured]:
    folders = [tmp_path / name for name in ("ours", "other", "broker")]
    for folder in folders:
        folder.mkdir()
    passwords = folders[2] / "passwords"
    passwords.write_text(password_line(*LOGIN))
    passwords.chmod(0o600)
    with mosquitto(folders[2]) as broker:
        made = Secured(broker, folders[2], certificate(folders[0]), certificate(folders[1]))
        broker.stop()
        broker.set(*made.lines(made.ours))
        broker.start()
        yield made


def test_events_go_to_a_broker_whose_ca_is_given(secured: Secured, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), secured.ears() as ears, secured.out() as mqtt:
        for row in marks(3):
            mqtt.put(row)
        assert ears.wait(lambda: len(ears.of(EVENT)) == 3)
        assert until(lambda: mqtt.state == "")
    assert [text_of(text) for text in ears.of(EVENT)] == slides(3)
    assert "CANARY" not in caplog.text


def test_a_wrong_name_is_not_believed(secured: Secured, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), secured.out(host="localhost") as mqtt:
        mqtt.put(marks(1)[0])
        assert until(lambda: "not believed" in mqtt.state)
        name = f"MQTT broker localhost:{secured.broker.port}"
        assert mqtt.state.startswith(f"{name} shows a certificate that is not believed (Hostname mismatch")
        assert mqtt.state.endswith("check its host and ca; its events wait")
    assert mqtt.state in caplog.text
    assert "CANARY" not in caplog.text


def test_an_unknown_ca_is_not_believed_and_a_known_one_is_later(
    secured: Secured, caplog: pytest.LogCaptureFixture
) -> None:
    secured.broker.stop()
    secured.broker.set(*secured.lines(secured.other))
    secured.broker.start()
    with caplog.at_level(logging.DEBUG), secured.out() as mqtt:
        for row in marks(2):
            mqtt.put(row)
        assert until(lambda: "(self-signed certificate)" in mqtt.state)
        secured.broker.stop()
        secured.broker.set(*secured.lines(secured.ours))
        secured.broker.start()
        with secured.ears() as ears:
            assert ears.wait(lambda: len(ears.of(EVENT)) == 2)
        assert until(lambda: mqtt.state == "")
    assert [text_of(text) for text in ears.of(EVENT)] == slides(2)
    assert [record.levelname for record in caplog.records if "not believed" in record.getMessage()] == ["WARNING"]
    assert "CANARY" not in caplog.text


def test_without_its_ca_it_is_unknown(secured: Secured) -> None:
    with secured.out(ca=None) as mqtt:
        assert until(lambda: "not believed" in mqtt.state)


def test_tls_where_there_is_none_and_none_where_there_is(secured: Secured) -> None:
    with secured.out(tls=False, ca=None) as mqtt:
        assert until(lambda: "hangs up before it answers; check its port and tls" in mqtt.state)
    secured.broker.stop()
    secured.broker.set()
    secured.broker.start()
    with secured.out() as mqtt:
        assert until(lambda: "check its port and tls" in mqtt.state)


def test_a_ca_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.pem cannot be read: No such file"):
        made(ca=tmp_path / "gone.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ConfigError, match=r"empty\.pem holds no certificate; give the one of the CA, in PEM"):
        made(ca=tmp_path / "empty.pem")
    with pytest.raises(ConfigError, match="tls is off; set tls: true"):
        made(ca=tmp_path / "empty.pem", tls=False)


def made(ca: Path, *, tls: bool = True) -> object:
    return outboxes_of(Events(mqtt=Mqtt(host="broker", tls=tls, ca=ca)), ca.parent, Metrics())


def test_nothing_secret_is_printed() -> None:
    settings = MqttSettings("broker", username="CANARYme", password="CANARYpass")
    assert "CANARY" not in f"{settings!r} {Mqtt(host='broker', username=SecretStr('CANARY'))!r}"
