"""A run whose rooms are shown on pages: the pipeline, what of it may leave the machine, and the site that shows it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version

from streamer import build
from streamer.alerts import never_told
from streamer.chronicle import PeopleToTimeline
from streamer.config import Config
from streamer.doors import Doors, doors
from streamer.hub import Hub
from streamer.keeping import Keeping, Told
from streamer.metrics import Metrics
from streamer.mood import RoomMood
from streamer.notice import notice_of
from streamer.overlay.public import PublicOverlay
from streamer.pipeline import Hooks, Pipeline
from streamer.publish import PublishedRoom, Publisher, overlap_warning, rules_of
from streamer.purposes import Purpose, infers_emotion, required_purpose
from streamer.redaction import redact
from streamer.room_signs import PublishedSigns
from streamer.shown import settings_view
from streamer.signs import NoMood
from streamer.sourcing import address_of
from streamer.stages import Overlay, ResultSink
from streamer.types import Command, FrameResult, RoomResult
from streamer.watch import Watch
from streamer.web.guard import check_access, is_loopback
from streamer.web.site import Access, PeerRules, RoomInfo, Site, Tokens

TICK = 1.0
"""Seconds between two looks for rooms that have fallen silent."""


@dataclass(frozen=True, slots=True)
class Service:
    """Run once, in one thread. ``warnings``: what whoever starts it should know."""

    pipeline: Pipeline
    site: Site
    publisher: Publisher
    watch: Watch
    doors: Doors
    keeping: Keeping
    warnings: tuple[str, ...]

    def run(self) -> None:
        """To the end of the sources, to a stop or to Ctrl-C.

        Raises:
            Exception: what ended the run.
        """
        over = threading.Event()
        silence = threading.Thread(target=self._tick, args=(over,), name="silence", daemon=True)
        silence.start()
        try:
            with self.keeping, self.watch:
                self.pipeline.run()
        finally:
            over.set()
            silence.join()
            self.publisher.off()
            self.doors.close()

    def _tick(self, over: threading.Event) -> None:
        off = False
        while not over.wait(TICK):
            self.publisher.tick(time.monotonic())
            if self.pipeline.paused and not off:  # by a key, or the toggle of the API
                self.publisher.off()
            off = self.pipeline.paused


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided before anything is made. ``direct``: only the local user is seen, and only he can look."""

    config: Config
    purpose: Purpose
    access: Access
    direct: bool
    moods: Mapping[str, RoomMood | NoMood]
    rooms: tuple[PublishedRoom, ...]

    def room_of(self, source: str) -> str:
        return self.config.room_of(source)[0]


def service(config: Config) -> Service:
    """Everything for a run with pages; nothing is opened and nothing listens yet.

    Raises:
        ConfigError: no purpose, or a server that would be open to others without tokens and TLS; see build.pipeline().
        EngineError, SinkError: see build.pipeline().
    """
    plan = planned(config)
    hub = Hub()
    files = [name for name, settings in config.sources.items() if address_of(settings).kind == "file"]
    watch = Watch(hub, {name: plan.room_of(name) for name in config.sources}, files=files)
    gates = doors(config, plan.purpose, partial(place_changed, watch))
    for name in gates.inlets:
        place_changed(watch, name, False)
    signs = None if infers_emotion(plan.purpose) else partial(signs_of, {room.name: room for room in plan.rooms})
    publisher = Publisher(plan.rooms, hub, plan.purpose, direct=plan.direct, signs=signs)
    metrics = Metrics()
    keeping = Keeping(config, tuple(room.name for room in plan.rooms), hub, metrics)
    extras = build.Extras(
        each=partial(results_of, plan, gates, keeping),
        pictures=gates.jpegs,
        packets=gates.encoded,
        drawn=partial(shown, plan, hub),
        first="retry",
        on_state=watch.state,
        inlets=gates.inlets,
        hooks=Hooks(partial(heard, publisher, watch), watch.seen, watch.ended, metrics),
        moods=plan.moods,
        badge=True,
    )
    pipeline = build.pipeline(config, extras)
    watch.metrics = metrics
    for line in pipeline.lines:
        if line.name in gates.wishes:
            gates.wishes[line.name].ask = line.ask_keyframe
    site = site_of(plan, hub, gates, pipeline, publisher)
    site = replace(site, timeline=keeping.timeline, mark=keeping.mark, ask=partial(ask, pipeline, publisher, keeping))
    models = f"{config.detector.name} + {config.classifier.card}"
    keeping.tell(Told(plan.purpose, site.version, models, site.notice.text, site.settings))
    return Service(pipeline, site, publisher, watch, gates, keeping, tuple(warnings(plan, keeping)))


def warnings(plan: Plan, keeping: Keeping) -> Iterator[str]:
    """What whoever starts it should know."""
    yield from (text for room in plan.rooms if (text := overlap_warning(room)))
    yield from never_told(keeping.rules, infers=infers_emotion(plan.purpose), direct=plan.direct)


def results_of(plan: Plan, gates: Doors, keeping: Keeping, source: str) -> tuple[ResultSink, ...]:
    """Who hears what a source shows of single people: its own browser, and the timeline where that is asked for.

    Raises:
        ConfigError: the purpose does not allow the timeline to keep them.
    """
    timeline = plan.config.timeline
    if timeline is None or not timeline.people:
        return gates.results(source)
    return (*gates.results(source), PeopleToTimeline(keeping.put, plan.room_of(source), plan.purpose))


def place_changed(watch: Watch, source: str, taken: bool) -> None:
    """A browser has come to bring its picture, or has gone."""
    if taken:
        watch.state(source, "starting")
    else:
        watch.state(source, "starting", "no browser brings a picture", "open the Meeting page and choose what is seen")


def heard(publisher: Publisher, watch: Watch, results: Sequence[FrameResult]) -> None:
    """What a round has shown, in the thread of the analysis."""
    for result in results:
        watch.sized(result.source, result.size)
    publisher.update(results)


def planned(config: Config) -> Plan:
    purpose = required_purpose(config.purpose, ("by the cameras of 'groupmood serve'",))
    access = access_of(config)
    check_access(access)
    moods = build.moods(config)
    rooms = tuple(published(config, name, mood) for name, mood in moods.items())
    direct = purpose == "self" and is_loopback(access.host) and not access.behind_proxy
    return Plan(config, purpose, access, direct, moods, rooms)


def published(config: Config, name: str, mood: RoomMood | NoMood) -> PublishedRoom:
    sources = tuple(source for source in config.sources if config.room_of(source)[0] == name)
    room = config.room_of(sources[0])[1]
    return PublishedRoom(name, sources, mood, room.least, room.smoothing, room.correction, room.overlap)


def signs_of(rooms: Mapping[str, PublishedRoom], room: str) -> PublishedSigns:
    return PublishedSigns(room, rules_of(rooms[room]))


def shown(plan: Plan, hub: Hub, source: str, overlay: Overlay) -> Overlay:
    """What draws the picture that others see."""
    picture = plan.config.server.picture
    if plan.direct:
        return overlay
    room, settings = plan.config.room_of(source)

    def newest() -> RoomResult | None:
        return hub.rooms().get(room)

    return PublicOverlay(overlay, newest, picture="plain" if picture == "plain" else "blurred", least=settings.least)


def site_of(plan: Plan, hub: Hub, gates: Doors, pipeline: Pipeline, publisher: Publisher) -> Site:
    config = plan.config
    return Site(
        hub=hub,
        metrics=pipeline.metrics,
        purpose=plan.purpose,
        notice=notice_of(
            plan.purpose, config.notice, least=max(room.least for room in plan.rooms), recorded=kept(config)
        ),
        rooms={room.name: info_of(room, plan.direct) for room in plan.rooms},
        sources={name: plan.room_of(name) for name in config.sources},
        settings=settings_view(config),
        ask=pipeline.ask,
        explain=publisher.explain,
        ready=lambda: "" if pipeline.about else "the models are being opened",
        failed=lambda: "; ".join(redact(str(error)) for _, error in pipeline.failed),
        about=lambda: pipeline.about,
        version=version("groupmood"),
        access=plan.access,
        peer_rules=peer_rules(config),
        inlets=gates.inlets,
        pictures=gates.pictures,
        packets=gates.packets,
    )


def kept(config: Config) -> bool:
    """Whether the picture is written down or sent on."""
    output = config.output
    return any(wanted for wanted in (output.video, output.hls, output.push, output.virtual_camera))


def info_of(room: PublishedRoom, direct: bool) -> RoomInfo:
    return RoomInfo(room.name, room.sources, 1 if direct else room.least, room.doubled > 1)


def ask(pipeline: Pipeline, publisher: Publisher, keeping: Keeping, command: Command) -> None:
    """Have a command carried out; once the analysis is off, no number stays."""
    pipeline.ask(command)
    if command == "off":
        publisher.off()
    if command in ("off", "on"):
        keeping.note(command)


def access_of(config: Config) -> Access:
    server = config.server
    tokens = (None if token is None else token.get_secret_value() for token in (server.token, server.admin_token))
    return Access(
        host=server.host,
        port=server.port,
        tokens=Tokens(*tokens),
        certificate=server.certificate,
        key=server.key,
        behind_proxy=server.behind_proxy,
        hosts=server.hosts,
        viewers=server.viewers,
    )


def peer_rules(config: Config) -> PeerRules:
    webrtc = config.webrtc
    return PeerRules(
        peers=webrtc.peers,
        handshake=webrtc.handshake,
        ice_servers=webrtc.ice_servers,
        addresses=webrtc.addresses,
        bitrate=webrtc.bitrate,
    )
