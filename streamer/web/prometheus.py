"""Metrics for Prometheus: made of the run's own when they are asked for. Labels are sources, rooms and states of the
configuration and of this program only, so that their number is bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from streamer.metrics import Snapshot
from streamer.redaction import redact
from streamer.states import CAMERA_STATES
from streamer.web.kept_metrics import OURS, kept
from streamer.web.limits import VIEWERS, Viewers
from streamer.web.routing import SITE, Route
from streamer.web.site import Site
from streamer.web.told import cameras_told

T = TypeVar("T")

FRAMES = {
    "captured": "Pictures captured.",
    "processed": "Pictures analysed.",
    "drawn": "Pictures drawn upon.",
    "encoded": "Pictures encoded.",
    "paused": "Pictures passed on while the analysis was paused.",
    "damaged": "Pictures that came damaged.",
}
"""Counts of the run that have a metric of their own; the others share one, by event."""


GAUGES = {
    "detect every": ("groupmood_detect_every_frames", "Faces are looked for on one picture in so many."),
    "analyse every": ("groupmood_analyse_every_frames", "One picture in so many is analysed."),
    "reading interval": ("groupmood_reading_interval_seconds", "Time between two looks at one face."),
    "governor level": ("groupmood_governor_level", "What is left out to be in time: 0 for nothing."),
}
"""The same of values that go up and down."""

AGE = " age"
"""How the timings end that count from a picture's capture."""


class SiteCollector(Collector):
    def __init__(self, site: Site, viewers: Viewers) -> None:
        self._site, self._viewers = site, viewers

    def collect(self) -> Iterator[Metric]:
        snapshot = self._site.metrics.snapshot()
        yield from run(self._site)
        yield from counts(self._site, snapshot)
        yield from timings(self._site, snapshot)
        yield from gauges(self._site, snapshot)
        yield from cameras(self._site)
        yield from rooms(self._site)
        yield from kept(self._site, snapshot)
        yield connections(self._viewers)


def run(site: Site) -> Iterator[Metric]:
    about = GaugeMetricFamily("groupmood_info", "Version and purpose.", labels=("version", "purpose"))
    about.add_metric((site.version, site.purpose), 1)
    yield about
    yield GaugeMetricFamily("groupmood_ready", "1 once pictures are analysed.", float(not site.ready()))
    yield GaugeMetricFamily("groupmood_failed", "1 where the run is no longer healthy.", float(bool(site.failed())))


def counts(site: Site, snapshot: Snapshot) -> Iterator[Metric]:
    families = {
        name: CounterMetricFamily(f"groupmood_frames_{name}", text, labels=("source",)) for name, text in FRAMES.items()
    }
    others = CounterMetricFamily("groupmood_events", "What else happened, by event.", labels=("event", "source"))
    for name, source, number in ours(site, snapshot.counts):
        if name in families:
            families[name].add_metric((source,), number)
        else:
            others.add_metric((redact(name), source), number)
    yield from families.values()
    yield others


def timings(site: Site, snapshot: Snapshot) -> Iterator[Metric]:
    stages = HistogramMetricFamily(
        "groupmood_stage_duration_seconds", "Time that a stage took for a picture.", labels=("stage", "source")
    )
    ages = HistogramMetricFamily(
        "groupmood_age_seconds", "Time from the capture of a picture until it was there.", labels=("of", "source")
    )
    for name, source, histogram in ours(site, snapshot.histograms):
        buckets = [(f"{bound:g}", float(count)) for bound, count in histogram.buckets.items()]
        family, label = (ages, name.removesuffix(AGE)) if name.endswith(AGE) else (stages, name)
        family.add_metric((redact(label), source), [*buckets, ("+Inf", float(histogram.count))], histogram.total)
    yield stages
    yield ages


def gauges(site: Site, snapshot: Snapshot) -> Iterator[Metric]:
    families = {name: GaugeMetricFamily(known, text, labels=("source",)) for name, (known, text) in GAUGES.items()}
    others = GaugeMetricFamily("groupmood_value", "Other values of now, by name.", labels=("name", "source"))
    for name, source, value in ours(site, snapshot.gauges):
        if name in families:
            families[name].add_metric((source,), value)
        else:
            others.add_metric((redact(name), source), value)
    yield from families.values()
    yield others


def ours(site: Site, values: Mapping[tuple[str, str], T]) -> Iterator[tuple[str, str, T]]:
    """Name, source and value, of the site's sources and of the run as a whole, whose source is ''; what is kept and
    told to other machines has metrics of its own."""
    for (name, source), value in sorted(values.items(), key=lambda one: one[0]):
        if (source in site.sources or not source) and name not in OURS:
            yield name, source, value


def cameras(site: Site) -> Iterator[Metric]:
    """The state as a set of states, one of which is 1."""
    states = GaugeMetricFamily(
        "groupmood_camera_state", "1 for the state that a camera is in.", labels=("source", "room", "state")
    )
    reconnects = CounterMetricFamily(
        "groupmood_camera_reconnects", "Times that a camera came back.", labels=("source", "room")
    )
    for camera in cameras_told(site):
        for state in CAMERA_STATES:
            states.add_metric((camera.source, site.sources[camera.source], state), float(camera.state == state))
        reconnects.add_metric((camera.source, site.sources[camera.source]), camera.reconnects)
    yield states
    yield reconnects


def rooms(site: Site) -> Iterator[Metric]:
    """What is published of each room; nothing where too few people are seen."""
    people = GaugeMetricFamily("groupmood_room_people", "People seen in a room.", labels=("room",))
    valence = GaugeMetricFamily("groupmood_room_valence", "A room's valence, -1 to 1.", labels=("room",))
    arousal = GaugeMetricFamily("groupmood_room_arousal", "A room's arousal, -1 to 1.", labels=("room",))
    for name, result in site.hub.rooms().items():
        told = result.mood or result.signs
        if name not in site.rooms or told is None:
            continue
        people.add_metric((name,), told.people)
        if result.mood is not None and result.mood.valence is not None:
            valence.add_metric((name,), result.mood.valence)
        if result.mood is not None and result.mood.arousal is not None:
            arousal.add_metric((name,), result.mood.arousal)
    yield from (people, valence, arousal)


def connections(viewers: Viewers) -> Metric:
    family = GaugeMetricFamily("groupmood_web_open_connections", "Connections that stay open.", labels=("kind",))
    for kind in ("stream", "socket"):
        family.add_metric((kind,), viewers.count(kind))
    return family


async def metrics(request: web.Request) -> web.Response:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SiteCollector(request.app[SITE], request.app[VIEWERS]))
    return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


ROUTES = (Route("GET", "/metrics", metrics, "viewer", summary="Metrics in Prometheus' text format"),)
