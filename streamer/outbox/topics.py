"""Where an MQTT broker has the rooms, and how Home Assistant finds them.

PREFIX/status           online or offline (retained)
PREFIX/ROOM/state       the newest second (retained)
PREFIX/ROOM/event       moments, alerts, marks
DISCOVERY/KIND/…/config what Home Assistant is told of each (retained)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from streamer.errors import ConfigError
from streamer.occurrences import identity

ONLINE, OFFLINE = "online", "offline"

FRESH = 300
"""Seconds after which an alert that came late turns nothing on any more."""

SHOWN = 60
"""Seconds that an alert is on."""

SENSORS = {
    "valence": (
        "Mood",
        None,
        "mdi:emoticon-outline",
        "{{ value_json.mood.valence if value_json.mood else none }}",
    ),
    "people": (
        "People",
        "people",
        "mdi:account-group",
        "{{ (value_json.mood or value_json.signs or {}).people | default(none) }}",
    ),
    "positive": (
        "People in a good mood",
        "people",
        "mdi:emoticon-happy-outline",
        "{{ value_json.mood.positive if value_json.mood else none }}",
    ),
    "negative": (
        "People in a bad mood",
        "people",
        "mdi:emoticon-sad-outline",
        "{{ value_json.mood.negative if value_json.mood else none }}",
    ),
}
"""Name, unit, icon, template of each. What is None turns the sensor to "unknown"
(https://www.home-assistant.io/integrations/sensor.mqtt)."""

ALERT = (
    "{{ 'ON' if value_json.type == 'alert' and "
    f"as_timestamp(now()) - as_timestamp(value_json.utc) < {FRESH}"
    " else '' }}"
)
"""What is '' leaves the sensor as it is (https://www.home-assistant.io/integrations/binary_sensor.mqtt)."""

EVENT = "{{ dict(value_json, event_type=value_json.type) | to_json }}"
"""https://www.home-assistant.io/integrations/event.mqtt"""


def level(name: str) -> str:
    """A name as a level of a topic and an id: letters, digits, _ and -; what was changed gets a part of its hash
    behind, so that two names stay two."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_") or "room"
    return plain if plain == name else f"{plain}-{identity(name)[:6]}"


def checked_prefix(prefix: str, what: str) -> str:
    """The prefix without slashes around it.

    Raises:
        ConfigError: no topic may begin with it.
    """
    bare = prefix.strip("/")
    if not bare or bare.startswith("$") or any(sign in "+#" or not sign.isprintable() for sign in bare):
        raise ConfigError(f"the {what} of the MQTT topics may not be {prefix!r}; give a word such as groupmood")
    return bare


class Topics:
    def __init__(self, prefix: str, discovery: str | None) -> None:
        self.prefix = checked_prefix(prefix, "prefix")
        self._discovery = None if discovery is None else checked_prefix(discovery, "discovery prefix")
        self.status = f"{self.prefix}/status"

    @property
    def home(self) -> str | None:
        """Where Home Assistant says that it is there, None where it is not to find anything."""
        return None if self._discovery is None else f"{self._discovery}/status"

    def state(self, room: str) -> str:
        return f"{self.prefix}/{level(room)}/state"

    def event(self, room: str) -> str:
        return f"{self.prefix}/{level(room)}/event"

    def announced(self, room: str, every: float) -> Iterator[tuple[str, str]]:
        """Topics and configurations by which Home Assistant finds a room whose state is told each ``every`` seconds."""
        if self._discovery is None:
            return
        node = f"{level(self.prefix)}_{level(room)}"
        for kind, key, own in self._parts(room, every):
            config = own | self._shared(room, node) | {"unique_id": f"{node}_{key}"}
            yield f"{self._discovery}/{kind}/{node}/{key}/config", json.dumps(config, ensure_ascii=False)

    def _parts(self, room: str, every: float) -> Iterator[tuple[str, str, dict[str, object]]]:
        for key, (name, unit, icon, template) in SENSORS.items():
            measured = {"unit_of_measurement": unit} if unit else {"suggested_display_precision": 2}
            yield (
                "sensor",
                key,
                {
                    "name": name,
                    "state_topic": self.state(room),
                    "value_template": template,
                    "state_class": "measurement",
                    "icon": icon,
                    "expire_after": max(60, round(5 * every)),
                    **measured,
                },
            )
        told: dict[str, object] = {"state_topic": self.event(room)}
        alert = {"name": "Alert", "value_template": ALERT, "off_delay": SHOWN, "icon": "mdi:alert-outline"}
        yield "binary_sensor", "alert", told | alert
        event = {"name": "Event", "value_template": EVENT, "event_types": ["moment", "alert", "mark"]}
        yield "event", "event", told | event

    def _shared(self, room: str, node: str) -> dict[str, object]:
        return {
            "availability_topic": self.status,
            "payload_available": ONLINE,
            "payload_not_available": OFFLINE,
            "device": {
                "identifiers": [node],
                "name": f"Groupmood {room}",
                "manufacturer": "Groupmood",
                "model": "Room",
            },
            "origin": {"name": "Groupmood"},
        }
