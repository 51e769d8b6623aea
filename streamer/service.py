"""A run whose rooms are shown on pages: the pipeline, what of it may leave the machine, and the site that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version

from streamer import build
from streamer.chronicle import PeopleToTimeline
from streamer.config import Config
from streamer.doors import Doors, doors
from streamer.hub import Hub
from streamer.keeping import Keeping, Told
from streamer.kept.rooms import Quieting, keeps_people, noted, published_rooms, publisher_of, recorded, warnings
from streamer.metrics import Metrics
from streamer.mood import RoomMood
from streamer.notice import notice_of
from streamer.overlay.public import PublicOverlay
from streamer.pipeline import Hooks, Pipeline
from streamer.publish import PublishedRoom, Publisher
from streamer.purposes import Purpose, required_purpose
from streamer.redaction import redact
from streamer.reporting import report_page
from streamer.shown import settings_view
from streamer.signs import NoMood
from streamer.sourcing import address_of
from streamer.stages import Overlay, ResultSink
from streamer.types import Command, FrameResult, RoomResult
from streamer.watch import Watch
from streamer.web.guard import check_access, is_loopback
from streamer.web.site import Access, PeerRules, RoomInfo, Site, Tokens


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
        looked = partial(noted, self.keeping, self.pipeline)
        try:
            with self.keeping, self.watch, Quieting(self.publisher, lambda: self.pipeline.paused, looked):
                self.pipeline.run()
        finally:
            self.publisher.off()
            self.doors.close()


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
    watch = watch_of(plan, hub)
    gates = doors(config, plan.purpose, partial(place_changed, watch))
    for name in gates.inlets:
        place_changed(watch, name, False)
    publisher, unsteady = publisher_of(config, plan.rooms, hub, plan.purpose, direct=plan.direct)
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
    site = with_kept(site_of(plan, hub, gates, pipeline, publisher), keeping)
    site = replace(site, ask=partial(ask, pipeline, publisher, keeping))
    models = f"{config.detector.name} + {config.classifier.card}"
    keeping.tell(Told(plan.purpose, site.version, models, site.notice.text, site.settings), pipeline.stop)
    said = (*filter(None, [unsteady]), *warnings(plan.rooms, keeping.rules, plan.purpose, direct=plan.direct))
    return Service(pipeline, site, publisher, watch, gates, keeping, said)


def watch_of(plan: Plan, hub: Hub) -> Watch:
    sources = plan.config.sources
    files = [name for name, settings in sources.items() if address_of(settings).kind == "file"]
    return Watch(hub, {name: plan.room_of(name) for name in sources}, files=files)


def with_kept(site: Site, keeping: Keeping) -> Site:
    """What the site may do with what is kept."""
    return replace(
        site,
        timeline=keeping.timeline,
        mark=keeping.mark,
        report=None if keeping.timeline is None else partial(report_page, keeping.timeline),
        wrong_tokens=partial(wrong_tokens, keeping),
    )


def results_of(plan: Plan, gates: Doors, keeping: Keeping, source: str) -> tuple[ResultSink, ...]:
    """Who hears what a source shows of single people: its own browser, and the timeline where that is asked for.

    Raises:
        ConfigError: the purpose does not allow the timeline to keep them.
    """
    if not keeps_people(plan.config):
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
    rooms = published_rooms(config, moods)
    direct = purpose == "self" and is_loopback(access.host) and not access.behind_proxy
    return Plan(config, purpose, access, direct, moods, rooms)


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
            plan.purpose, config.notice, least=max(room.least for room in plan.rooms), recorded=recorded(config)
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


def info_of(room: PublishedRoom, direct: bool) -> RoomInfo:
    return RoomInfo(room.name, room.sources, 1 if direct else room.least, room.doubled > 1)


def ask(pipeline: Pipeline, publisher: Publisher, keeping: Keeping, command: Command) -> None:
    """Have a command carried out; once the analysis is off, no number stays."""
    pipeline.ask(command)
    if command == "off":
        publisher.off()
        keeping.switched(off=True)


def wrong_tokens(keeping: Keeping, count: int) -> None:
    keeping.note("wrong tokens", count=count)


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
