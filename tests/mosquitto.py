"""A broker of Debian's, started by the tests that need one, and somebody who listens to it."""

from __future__ import annotations

import base64
import hashlib
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.outbox_rows import until


class Mosquitto:
    """``folder`` holds its configuration and, over a restart, its messages."""

    def __init__(self, folder: Path, *lines: str) -> None:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/sbin")
        if program is None:
            pytest.skip("needs the broker mosquitto (apt-get install mosquitto)")
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = int(one.getsockname()[1])
        self._command = [program, "-c", str(folder / "mosquitto.conf")]
        self._running: subprocess.Popen[bytes] | None = None
        self._file = folder / "mosquitto.conf"
        self._settings = [
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {folder}/",
            # Run by root it becomes another user, who may not write here.
            "user root",
        ]
        self.set(*lines)

    def set(self, *lines: str) -> None:
        """Its other settings from the next start on; without any it lets everybody in."""
        self._file.write_text("\n".join([*self._settings, *(lines or ("allow_anonymous true",))]) + "\n")

    def start(self) -> None:
        self._running = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert until(self._answers), "mosquitto did not start"

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._running is not None:
            self._running.send_signal(how)
            self._running.wait(10)
            self._running = None

    def freeze(self) -> None:
        """It keeps its connections and does nothing any more."""
        assert self._running is not None
        self._running.send_signal(signal.SIGSTOP)

    def _answers(self) -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0


def password_line(user: str, password: str) -> str:
    """As mosquitto_passwd writes it: PBKDF2 with SHA-512, 101 rounds."""
    salt = b"twelve bytes"
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101, 64)
    return f"{user}:$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


@contextmanager
def mosquitto(folder: Path, *lines: str) -> Iterator[Mosquitto]:
    broker = Mosquitto(folder, *lines)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


class Listener:
    """Hears all below ``topic``, over a restart of the broker as well. ``heard``: topic, text, whether it was kept for
    us since before we came."""

    def __init__(
        self, port: int, topic: str = "#", login: tuple[str, str] | None = None, ca: Path | None = None
    ) -> None:
        self.heard: list[tuple[str, str, bool]] = []
        self._changed = threading.Condition()
        self._topic, self._there = topic, threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=f"listener-{id(self)}", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        if login is not None:
            self._client.username_pw_set(*login)
        if ca is not None:
            self._client.tls_set(str(ca))
        self._client.on_connect = lambda client, *_: client.subscribe(self._topic, qos=1)
        self._client.on_subscribe = lambda *_: self._there.set()
        self._client.on_message = self._hear
        self._client.connect_async("127.0.0.1", port)

    def __enter__(self) -> Listener:
        self._client.loop_start()
        assert self._there.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with self._changed:
            if message.dup and message.payload.decode() in self.of(message.topic):
                return  # the broker did not hear our thanks before it was stopped; what we were told anew has no dup
            self.heard.append((message.topic, message.payload.decode(), message.retain))
            self._changed.notify_all()

    def say(self, topic: str, text: str) -> None:
        self._client.publish(topic, text, qos=1).wait_for_publish(10)

    def wait(self, what: Callable[[], object], seconds: float = 15.0) -> bool:
        """Whether it holds in time, asked with each message."""
        with self._changed:
            return bool(self._changed.wait_for(what, seconds))

    def of(self, topic: str) -> list[str]:
        return [text for one, text, _ in self.heard if one == topic]
