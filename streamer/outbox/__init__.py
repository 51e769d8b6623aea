"""What is told to other machines, and kept for them while they are away."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from streamer.errors import ConfigError, SinkError
from streamer.metrics import Metrics
from streamer.noted import Events, Mqtt
from streamer.outbox.leaving import together as together
from streamer.outbox.lines import LinesOut
from streamer.outbox.post import target_of
from streamer.outbox.store import forget_others
from streamer.outbox.store import purge as purge
from streamer.outbox.terms import Terms
from streamer.outbox.webhook import Webhook
from streamer.outbox.webhook import receiver_of as webhook_receiver
from streamer.timeline.rows import Row

log = logging.getLogger(__name__)

FILE = "outbox.sqlite3"
"""What the file of the events that wait is called, in the state folder."""

INSTALL = "pip install 'groupmood[mqtt]'"


class Outbox(AbstractContextManager["Outbox"], Protocol):
    @property
    def name(self) -> str:
        """For people, without secrets."""
        ...

    @property
    def state(self) -> str:
        """'' or what is wrong."""
        ...

    def put(self, row: Row) -> None:
        """From any thread; returns at once and raises nothing: what cannot be told is counted and left out."""
        ...


def outboxes_of(events: Events, folder: Path, metrics: Metrics) -> tuple[Outbox, ...]:
    """All that the configuration names, not yet open; what waits lies in ``folder``/FILE. Events that wait for a
    receiver which is no longer named are deleted.

    Raises:
        ConfigError: one of them cannot be carried out, or the package for MQTT is not installed.
    """
    store = folder / FILE
    boxes, receivers = made_of(events, store, metrics)
    try:
        forget_others(store, receivers)
    except SinkError as error:
        log.warning("%s", error)
    return boxes


def check_events(events: Events) -> None:
    """Whether all that is named could be told; no file is made or changed for it.

    Raises:
        ConfigError: one of them cannot be carried out, or the package for MQTT is not installed.
    """
    made_of(events, Path(FILE), Metrics())


def made_of(events: Events, store: Path, metrics: Metrics) -> tuple[tuple[Outbox, ...], tuple[str, ...]]:
    """The outboxes, and what the store calls the receivers in it; see outboxes_of()."""
    boxes: list[Outbox] = [] if events.file is None else [LinesOut(events.file, metrics)]
    names = names_of(tuple(hook.url.get_secret_value() for hook in events.webhooks))
    receivers: list[str] = []
    for number, (hook, name) in enumerate(zip(events.webhooks, names, strict=True), 1):
        terms = Terms(name, f"webhook {number}", metrics)
        url, secret = hook.url.get_secret_value(), hook.secret.get_secret_value()
        boxes.append(Webhook(url, secret, hook.events, store, events.outbox, terms))
        receivers.append(webhook_receiver(url))
    if events.mqtt is not None:
        outbox, receiver = mqtt_of(events.mqtt, store, events.outbox, metrics)
        boxes.append(outbox)
        receivers.append(receiver)
    return tuple(boxes), tuple(receivers)


def names_of(urls: Sequence[str]) -> tuple[str, ...]:
    """What people call the webhooks: their hosts, and which of those on the same host.

    Raises:
        ConfigError: two are the same, or one is no URL.
    """
    if len(set(urls)) < len(urls):
        raise ConfigError("two webhooks have the same url; give it once, with the events of both")
    seen: Counter[str] = Counter()
    names = []
    for host in (target_of(url).shown for url in urls):
        seen[host] += 1
        names.append(f"webhook {host}" + (f" ({seen[host]})" if seen[host] > 1 else ""))
    return tuple(names)


def mqtt_of(settings: Mqtt, store: Path, most: int, metrics: Metrics) -> tuple[Outbox, str]:
    """The outbox for a broker, and what the store calls it.

    Raises:
        ConfigError: the package for it is not installed, or its settings cannot be carried out.
    """
    try:
        from streamer.outbox.broker import MqttSettings
        from streamer.outbox.mqtt import MqttOut, receiver_of
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "paho":
            raise
        raise ConfigError(f"events over MQTT need the package 'paho-mqtt', which is not installed: {INSTALL}") from None
    plain = MqttSettings(
        host=settings.host,
        port=settings.port,
        username=None if settings.username is None else settings.username.get_secret_value(),
        password=None if settings.password is None else settings.password.get_secret_value(),
        tls=settings.tls,
        ca=settings.ca,
        prefix=settings.prefix,
        discovery=settings.discovery,
        every=settings.every,
    )
    return MqttOut(plain, store, most, Terms("", "mqtt", metrics)), receiver_of(plain)
