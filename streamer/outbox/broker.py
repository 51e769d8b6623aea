"""The connection to an MQTT broker: says when it is there, and is brought back for as long as it takes."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from streamer.errors import ConfigError
from streamer.mailbox import Mailbox
from streamer.outbox.encryption import UNANSWERED, TracedClient, context_of
from streamer.outbox.topics import OFFLINE, ONLINE, Topics

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 1, 60
"""Seconds between two attempts: they double from the one to the other."""

KEEPALIVE = 30
"""Seconds; a broker tells the last will when it has heard nothing for one and a half times as long."""

CONNECTING = 2.0
"""Seconds that the broker has to accept a connection; closing may have to wait for it."""

ACKNOWLEDGED = 100
"""Acknowledgements that may wait; only the one of the event under way is looked for."""


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """``prefix`` of the topics; ``discovery``: that of Home Assistant, None for not to be found. ``every``: seconds
    between two states of a room. ``ca``: who signed the broker's certificate, None for one that this computer knows."""

    host: str
    port: int = 1883
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca: Path | None = None
    prefix: str = "groupmood"
    discovery: str | None = "homeassistant"
    every: float = 2.0

    def __post_init__(self) -> None:
        """
        Raises:
            ConfigError: no broker can be found under the host's name, or there is a CA for no TLS.
        """
        try:
            usable = bool(self.host.encode("idna")) and "/" not in self.host and "@" not in self.host
        except UnicodeError:
            usable = False
        if not usable:
            raise ConfigError("the host of the MQTT broker must be a name or an address alone, as in broker.local")
        if self.ca is not None and not self.tls:
            raise ConfigError("events.mqtt.ca says whose certificate to believe, but tls is off; set tls: true")


class Broker:
    """``changed`` is called, in the thread of the connection, when there is something new to look at: it is there or
    gone, something is acknowledged, Home Assistant has come. Must return at once."""

    def __init__(self, settings: MqttSettings, topics: Topics, client_id: str, changed: Callable[[], None]) -> None:
        """
        Raises:
            ConfigError: the CA cannot be read.
        """
        self._settings, self._topics, self._changed = settings, topics, changed
        self.name = f"MQTT broker {settings.host}:{settings.port}"
        self.acknowledged = Mailbox[int]("latest", ACKNOWLEDGED)
        self.fresh = threading.Event()
        self.state = f"{self.name} is not reached yet"
        self._connected = threading.Event()
        self._ending = self._refused = False
        self._client = client = TracedClient(CallbackAPIVersion.VERSION2, client_id=client_id)
        client.connect_timeout = CONNECTING
        client.reconnect_delay_set(SHORTEST, LONGEST)
        client.will_set(topics.status, OFFLINE, qos=1, retain=True)
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)
        if settings.tls:
            client.tls_set_context(context_of(settings.ca))
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_connect_fail, client.on_publish = self._on_connect_fail, self._on_publish
        client.on_message = self._on_message

    @property
    def connected(self) -> bool:
        return self._connected.is_set()

    def open(self) -> None:
        """Returns at once; the rest is done by a thread."""
        self._client.connect_async(self._settings.host, self._settings.port, KEEPALIVE)
        self._client.loop_start()

    def tell(self, topic: str, text: str) -> None:
        """What the broker keeps for whoever comes later; nothing while it is away."""
        if self.connected:
            self._client.publish(topic, text, qos=0, retain=True)

    def send(self, topic: str, text: str) -> int:
        """What is to arrive; its number, which is in ``acknowledged`` when it did. Sent anew after each loss of the
        connection, until then."""
        return self._client.publish(topic, text, qos=1).mid

    def close(self, seconds: float) -> None:
        """Say that we go, and go; within twice ``seconds``."""
        self._ending = True
        if self.connected:
            said = self._client.publish(self._topics.status, OFFLINE, qos=1, retain=True)
            with contextlib.suppress(RuntimeError, ValueError):  # the connection was lost at this moment
                said.wait_for_publish(seconds)
        self._client.disconnect()
        # Waits for its thread without end, which may be looking up the host.
        ending = threading.Thread(target=self._client.loop_stop, name=f"{self.name} ending", daemon=True)
        ending.start()
        ending.join(seconds)

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        self._refused = code.is_failure
        if code.is_failure:
            self._say(f"{self.name} refuses us: {code}; check user name and password")
            return
        if self._topics.home is not None:
            client.subscribe(self._topics.home)
        client.publish(self._topics.status, ONLINE, qos=1, retain=True)
        self._connected.set()
        self.fresh.set()
        self._say("")
        self._changed()

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if self._connected.is_set():
            self._connected.clear()
            if not self._ending:
                self._say(f"{self.name} is lost ({code}); its events wait")
        elif not (self._ending or self._refused):
            self._say(f"{self.name} {UNANSWERED}; its events wait")

    def _on_connect_fail(self, _client: Client, _data: Any) -> None:
        self._say(f"{self.name} {self._client.fault}; its events wait")

    def _on_publish(self, _client: Client, _data: Any, number: int, _code: ReasonCode, _properties: Properties) -> None:
        self.acknowledged.put(number)
        self._changed()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        """Home Assistant has started, and may have forgotten us."""
        if message.payload == ONLINE.encode():
            self.fresh.set()
            self._changed()

    def _say(self, state: str) -> None:
        if state and state != self.state:
            log.warning("%s", state)
        elif self.state and not state:
            log.info("%s is there", self.name)
        self.state = state
