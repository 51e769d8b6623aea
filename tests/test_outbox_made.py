from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from streamer.errors import ConfigError
from streamer.metrics import Metrics
from streamer.noted import Events, Mqtt, Webhook
from streamer.outbox import FILE, Outbox, check_events, outboxes_of
from streamer.outbox.store import Store
from streamer.outbox.tally import COUNTS
from streamer.outbox.webhook import receiver_of
from tests.outbox_rows import marks, until
from tests.webhook_receiver import SECRET, receiver


def hook(url: str, *events: str) -> Webhook:
    return Webhook(url=SecretStr(url), secret=SecretStr(SECRET), events=events or ("mark",))


def made(events: Events, folder: Path, metrics: Metrics | None = None) -> tuple[Outbox, ...]:
    return outboxes_of(events, folder, metrics or Metrics())


def test_without_anything_nothing_is_made_or_touched(tmp_path: Path) -> None:
    assert made(Events(), tmp_path / "state") == ()
    assert not (tmp_path / "state").exists()


def test_all_that_is_named_is_made_and_named_for_people(tmp_path: Path) -> None:
    pytest.importorskip("paho.mqtt", reason="needs paho-mqtt (the extra mqtt)")
    events = Events(
        file=tmp_path / "events.jsonl",
        webhooks=(hook("https://a.example/CANARY"), hook("https://b.example/x"), hook("https://a.example/y")),
        mqtt=Mqtt(host="broker.local"),
    )
    assert [one.name for one in made(events, tmp_path)] == [
        "file events.jsonl",
        "webhook a.example",
        "webhook b.example",
        "webhook a.example (2)",
        "MQTT broker broker.local:1883",
    ]


def test_several_receivers_share_one_file_and_each_gets_what_it_wants(tmp_path: Path) -> None:
    metrics = Metrics()
    with receiver() as first, receiver() as second:
        events = Events(webhooks=(hook(first.url), hook(second.url, "alert")), file=tmp_path / "events.jsonl")
        outboxes = made(events, tmp_path / "state", metrics)
        for one in outboxes:
            one.__enter__()
        for row in marks(20):
            for one in outboxes:
                one.put(row)
        assert first.wait(20)
        assert until(lambda: (tmp_path / "events.jsonl").read_bytes().count(b"\n") == 20)
        for one in outboxes:
            one.__exit__(None, None, None)
        assert second.asked == []
    assert (tmp_path / "state" / FILE).exists()
    counts = metrics.snapshot().counts
    receivers = ("file", "webhook 1", "webhook 2")
    assert set(counts) == {(f"events {what}", receiver) for what in COUNTS for receiver in receivers}
    assert {key: number for key, number in counts.items() if number} == {
        ("events told", "file"): 20,
        ("events delivered", "file"): 20,
        ("events told", "webhook 1"): 20,
        ("events delivered", "webhook 1"): 20,
    }
    gauges = metrics.snapshot().gauges
    assert [gauges["events failing", receiver] for receiver in receivers] == [0, 0, 0]
    assert abs(gauges["events delivered at", "webhook 1"] - time.time()) < 60
    assert ("events delivered at", "webhook 2") not in gauges


def test_what_waits_for_a_receiver_that_is_no_longer_named_is_deleted(tmp_path: Path) -> None:
    url = "https://gone.invalid/"
    with made(Events(webhooks=(hook(url),)), tmp_path)[0] as gone:
        gone.put(marks(1)[0])
    with closing(Store(tmp_path / FILE, receiver_of(url), 10)) as store:
        assert store.waiting() == 1
        made(Events(webhooks=(hook("https://other.invalid/"), hook(url))), tmp_path)
        assert store.waiting() == 1
        made(Events(webhooks=(hook("https://other.invalid/"),)), tmp_path)
        assert store.waiting() == 0


def test_a_broken_file_does_not_keep_anything_from_starting(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_text("no database at all" * 100)
    outbox = made(Events(webhooks=(hook("https://a.invalid/"),)), tmp_path)[0]
    with outbox:
        outbox.put(marks(1)[0])
        assert until(lambda: "not a database" in outbox.state)
    assert "check the disk, or delete the file" in caplog.text


def test_the_same_webhook_twice_is_refused_without_its_secrets(tmp_path: Path) -> None:
    twice = Events(webhooks=(hook("https://a.example/CANARY"), hook("https://a.example/CANARY", "alert")))
    with pytest.raises(ConfigError, match="two webhooks have the same url; give it once") as raised:
        made(twice, tmp_path)
    assert "CANARY" not in str(raised.value)


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        (Events(webhooks=(hook("http://a.example/CANARY"),)), "would be spoken to without encryption"),
        (Events(webhooks=(hook("https://a.example/", "alarm"),)), "got 'alarm' (did you mean 'alert'?)"),
        (Events(mqtt=Mqtt(host="a/b")), "a name or an address alone"),
        (Events(mqtt=Mqtt(host="broker", prefix="#")), "may not be '#'"),
    ],
)
def test_events_can_be_checked_without_a_file(
    events: Events, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("paho.mqtt", reason="needs paho-mqtt (the extra mqtt)")
    monkeypatch.chdir(tmp_path)
    check_events(Events(file=tmp_path / "x.jsonl", webhooks=(hook("https://a.example/"),), mqtt=Mqtt(host="broker")))
    with pytest.raises(ConfigError) as raised:
        check_events(events)
    assert fault in str(raised.value)
    assert "CANARY" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


WITHOUT = """
import sys
from pathlib import Path
sys.modules["paho"] = None
from streamer.errors import ConfigError
from streamer.metrics import Metrics
from streamer.noted import Events, Mqtt
from streamer.outbox import outboxes_of
outboxes_of(Events(file=Path("x.jsonl")), Path("state"), Metrics())
try:
    outboxes_of(Events(mqtt=Mqtt(host="broker")), Path("state"), Metrics())
except ConfigError as error:
    print(error)
"""


def test_only_mqtt_needs_its_package_and_says_how_to_install_it(tmp_path: Path) -> None:
    command, place = [sys.executable, "-c", WITHOUT], {"PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=place, cwd=tmp_path)
    assert done.stdout == (
        "events over MQTT need the package 'paho-mqtt', which is not installed: pip install 'groupmood[mqtt]'\n"
    )
