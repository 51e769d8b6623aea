"""Outboxes and the timeline as Prometheus sees them: with what a run has, over the page that is scraped."""

from __future__ import annotations

import shutil
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from streamer.metrics import Metrics
from streamer.noted import Events, Webhook
from streamer.outbox import outboxes_of, together
from streamer.web.site import Site
from tests.outbox_rows import marks, until
from tests.web_site import ask, serving, site
from tests.webhook_receiver import SECRET, receiver


def values(made: Site) -> tuple[str, dict[str, dict[str, float]]]:
    """The page, and what it says of receivers by name and receiver."""
    with serving(made) as server:
        text = ask(server, "/metrics").text
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[sample.labels.get("receiver", "")] = sample.value
    return text, found


def test_receivers_are_counted_by_number_and_nothing_secret_is_in_it(tmp_path: Path) -> None:
    made = site(sources={"left": "hall", "right": "hall", "webhook 1": "desk"})  # a camera may be called anything
    with receiver() as well, receiver() as ill:
        ill.status = 500
        hooks = tuple(
            Webhook(url=SecretStr(one.url), secret=SecretStr(SECRET), events=("mark",)) for one in (well, ill)
        )
        events = Events(file=tmp_path / "CANARY.jsonl", webhooks=hooks, outbox=10)
        outboxes = outboxes_of(events, tmp_path / "state", made.metrics)
        with together(outboxes):
            for number, row in enumerate(marks(15), 1):
                for one in outboxes:
                    one.put(row)
                assert well.wait(number)  # so that nothing of the well one gives way
            assert ill.wait(1, asked=True)
            assert until(lambda: made.metrics.snapshot().gauges["events failing", "webhook 2"] == 1)
            assert until(lambda: made.metrics.snapshot().gauges["events waiting", "webhook 1"] == 0)
            assert until(lambda: made.metrics.snapshot().count("events dropped", "webhook 2") == 5)
            assert until(lambda: made.metrics.snapshot().count("events delivered", "file") == 15)
            text, found = values(made)
    assert found["groupmood_outbox_told_total"] == {"file": 15, "webhook 1": 15, "webhook 2": 15}
    assert found["groupmood_outbox_delivered_total"] == {"file": 15, "webhook 1": 15, "webhook 2": 0}
    assert found["groupmood_outbox_dropped_total"] == {"file": 0, "webhook 1": 0, "webhook 2": 5}
    assert found["groupmood_outbox_failed_total"] == {"file": 0, "webhook 1": 0, "webhook 2": 0}
    assert found["groupmood_outbox_waiting"] == {"webhook 1": 0, "webhook 2": 10}
    assert found["groupmood_outbox_failing"] == {"file": 0, "webhook 1": 0, "webhook 2": 1}
    taken = found["groupmood_outbox_last_delivery_timestamp_seconds"]
    assert set(taken) == {"file", "webhook 1"}
    assert all(abs(at - time.time()) < 60 for at in taken.values())
    for secret in ("CANARY", "127.0.0.1", str(well.server_port), SECRET, 'event="events', 'name="events'):
        assert secret not in text
    checked(text)


def test_the_timeline_is_told_where_there_is_one() -> None:
    made = site()
    assert not [name for name in values(made)[1] if "timeline" in name or "chronicle" in name]
    kept: dict[str, float] = {"timeline rows written": 7, "timeline rows lost": 1, "timeline rows waiting": 2}
    for name, value in (kept | {"timeline failing": 1.0, "events lost": 3.0}).items():
        made.metrics.follow(name, partial(float, value))
    text, found = values(made)
    assert found["groupmood_timeline_rows_written_total"] == {"": 7}
    assert found["groupmood_timeline_rows_lost_total"] == {"": 1}
    assert found["groupmood_timeline_rows_waiting"] == {"": 2}
    assert found["groupmood_timeline_failing"] == {"": 1}
    assert found["groupmood_chronicle_rows_lost_total"] == {"": 3}
    assert "timeline" not in str(found.get("groupmood_value"))
    checked(text)


def test_a_value_is_asked_for_when_it_is_read() -> None:
    metrics, asked = Metrics(), iter((1.0, 2.0))
    metrics.set("level", 0.5, "left")
    metrics.follow("level", lambda: next(asked))
    assert metrics.snapshot().gauges == {("level", "left"): 0.5, ("level", ""): 1.0}
    assert metrics.snapshot().gauges == {("level", "left"): 0.5, ("level", ""): 2.0}


def checked(text: str) -> None:
    """promtool, where it is, finds nothing wrong."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
