"""Metrics of what happens in the rooms, of the events for other machines, and of the timeline.

Labels are rooms and rules of the configuration, and receivers by their number: no URL, no host and nobody's words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from streamer.metrics import Snapshot
from streamer.web.site import Site

EVENTS = {
    "events told": ("told", "Events that a receiver was to get."),
    "events delivered": ("delivered", "Events that a receiver took."),
    "events dropped": ("dropped", "Events that gave way because too many waited."),
    "events failed": ("failed", "Events that a receiver refused for good, or that cannot be told."),
}
"""Counts of the run by receiver."""

RECEIVERS = {
    "events waiting": ("groupmood_outbox_waiting", "Events that wait for a receiver."),
    "events failing": ("groupmood_outbox_failing", "1 while something is wrong with a receiver or with its outbox."),
    "events delivered at": (
        "groupmood_outbox_last_delivery_timestamp_seconds",
        "When a receiver last took an event in this run, in seconds since 1970.",
    ),
}
"""Values of now by receiver."""

TIMELINE = {
    "timeline rows written": (CounterMetricFamily, "groupmood_timeline_rows_written", "Rows written for good."),
    "timeline rows lost": (CounterMetricFamily, "groupmood_timeline_rows_lost", "Rows that could not be written."),
    "timeline rows waiting": (GaugeMetricFamily, "groupmood_timeline_rows_waiting", "Rows that wait to be written."),
    "timeline failing": (GaugeMetricFamily, "groupmood_timeline_failing", "1 while the timeline cannot be written."),
    "events lost": (
        CounterMetricFamily,
        "groupmood_chronicle_rows_lost",
        "Rows that nobody could take in time: neither the timeline nor a receiver has them.",
    ),
}
"""Values of the run as a whole, absent where nothing is kept."""

OURS = frozenset((*EVENTS, *RECEIVERS, *TIMELINE))
"""Names in the metrics of the run that are told here."""


def kept(site: Site, snapshot: Snapshot) -> Iterator[Metric]:
    yield from happened(site)
    yield from outboxes(snapshot)
    yield from timeline(snapshot)


def happened(site: Site) -> Iterator[Metric]:
    """Moments, marks and alerts so far; each rule is there from the beginning."""
    moments = CounterMetricFamily("groupmood_moments", "Moments that are over.", labels=("room",))
    marks = CounterMetricFamily("groupmood_marks", "Marks that were made.", labels=("room",))
    alerts = CounterMetricFamily("groupmood_alerts", "Alerts that were told.", labels=("room", "rule"))
    counts = site.hub.counts()
    for room in site.rooms:
        moments.add_metric((room,), counts.get(("moment", room, ""), 0))
        marks.add_metric((room,), counts.get(("mark", room, ""), 0))
    for room, rule in rules(site):
        alerts.add_metric((room, rule), counts.get(("alert", room, rule), 0))
    yield from (moments, marks, alerts)


def rules(site: Site) -> Iterator[tuple[str, str]]:
    """Room and name of each rule of the configuration."""
    written = site.settings.get("alerts")
    if not isinstance(written, Mapping):
        return
    for name, rule in sorted(written.items()):
        only = rule.get("room") if isinstance(rule, Mapping) else None
        yield from ((room, str(name)) for room in site.rooms if only in (None, room))


def outboxes(snapshot: Snapshot) -> Iterator[Metric]:
    for event, (name, text) in EVENTS.items():
        counter = CounterMetricFamily(f"groupmood_outbox_{name}", text, labels=("receiver",))
        for (found, receiver), number in sorted(snapshot.counts.items()):
            if found == event:
                counter.add_metric((receiver,), number)
        yield counter
    for value, (name, text) in RECEIVERS.items():
        gauge = GaugeMetricFamily(name, text, labels=("receiver",))
        for (found, receiver), now in sorted(snapshot.gauges.items()):
            if found == value:
                gauge.add_metric((receiver,), now)
        yield gauge


def timeline(snapshot: Snapshot) -> Iterator[Metric]:
    for name, (family, known, text) in TIMELINE.items():
        value = snapshot.gauges.get((name, ""))
        if value is not None:
            yield family(known, text, value)
