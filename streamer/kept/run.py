"""What ``groupmood run`` keeps and tells beside its window: what its rooms publish, in the time of the camera or of the
recording."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from importlib.metadata import version

from streamer import build
from streamer.chronicle import PeopleToTimeline
from streamer.config import Config
from streamer.hub import Event, Hub
from streamer.keeping import Keeping, Told
from streamer.kept.film import Film, FilmClock, PeopleOfFilm, film_of
from streamer.kept.rooms import Quieting, keeps_people, noted, published_rooms, publisher_of, recorded, warnings
from streamer.metrics import Metrics
from streamer.notice import notice_of
from streamer.occurrences import Alert
from streamer.pipeline import Hooks, Pipeline
from streamer.publish import Publisher
from streamer.purposes import Purpose, required_purpose
from streamer.shown import settings_view
from streamer.stages import ResultSink
from streamer.timeline.purging import Purged
from streamer.types import FrameResult
from streamer.watch import Watch


def reasons(config: Config) -> tuple[str, ...]:
    """Through what a run lets others know of those who are seen; none: nothing of it is kept or told."""
    timeline, events = config.timeline, config.events
    through = {
        "by the timeline": timeline is not None and timeline.enabled,
        "by the events": bool(events.file or events.webhooks or events.mqtt),
        "by the alerts": bool(config.alerts),
    }
    return tuple(reason for reason, there in through.items() if there)


@dataclass(frozen=True, slots=True)
class KeptRun:
    """``extras`` for the pipeline, which then runs within ``around``. ``lines``: what is kept where, for whoever starts
    it; ``warnings``: what he should know."""

    config: Config
    purpose: Purpose
    film: Film | None
    hub: Hub
    publisher: Publisher
    watch: Watch
    keeping: Keeping
    extras: build.Extras
    warnings: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        timeline = self.keeping.timeline
        when = f" as of {self.film.told}" if self.film else ""
        where = "nothing is kept, what happens is told" if timeline is None else "kept"
        into = "" if timeline is None else f" in {timeline}"
        return (
            f"{where}{when}{into}",
            f"purpose: {self.purpose}; who is seen must know: {' '.join(notice(self).split())}",
        )

    @contextmanager
    def around(self, pipeline: Pipeline, say: Callable[[str], None]) -> Iterator[None]:
        """Keeps and tells what the pipeline runs within; ``say`` is told of alerts in a sentence, in any thread.

        Raises:
            ConfigError: another run has kept this time of the room. SinkError: something cannot be written.
        """
        self.watch.metrics = pipeline.metrics
        gone = self._forget_earlier()
        self.keeping.tell(told(self), pipeline.stop)
        with ExitStack() as stack:
            stack.callback(self.hub.listen(partial(said, say)))
            stack.enter_context(self.keeping)
            if gone:
                self.keeping.note("deleted", rows=gone, reason="the same recording again")
                say("what an earlier run kept of this recording gives way to this one")
            stack.enter_context(self.watch)
            looked = partial(noted, self.keeping, pipeline)
            quieting = Quieting(self.publisher, lambda: pipeline.paused, looked, silent=self.film is None)
            stack.enter_context(quieting)
            try:
                yield
            finally:
                quieting.look()

    def _forget_earlier(self) -> int:
        """Rows that are gone."""
        timeline = self.keeping.timeline
        return 0 if self.film is None or timeline is None else sum_of(self.film.forget_earlier(timeline))


def kept_run(config: Config, extras: build.Extras) -> KeptRun | None:
    """What the configuration has kept and told of a run, nothing opened yet; None where it asks for nothing.
    ``extras``: what the command itself adds.

    Raises:
        ConfigError: no purpose, or one that does not allow it; several recordings at once, or one too old to be kept;
            alerts, rooms or receivers that cannot be.
        SourceError: the recording cannot be read. SinkError: the state folder cannot be made.
    """
    through = reasons(config)
    if not through:
        return None
    purpose, direct = required_purpose(config.purpose, through), config.purpose == "self"
    film = film_of(config)
    if film is not None and "by the timeline" in through:
        film.check_retention(config)
    clock = None if film is None else FilmClock(film.recorded.begin)
    hub, metrics, moods = Hub(), Metrics(), build.moods(config)
    rooms = published_rooms(config, moods)
    publisher, unsteady = publisher_of(config, rooms, hub, purpose, direct=direct)
    names = tuple(room.name for room in rooms)
    keeping = Keeping(config, names, hub, metrics, clock=clock or time.time)
    watch = Watch(hub, {name: config.room_of(name)[0] for name in config.sources}, files=[film.name] if film else ())
    said = (*filter(None, [unsteady]), *warnings(rooms, keeping.rules, purpose, direct=direct))
    more = replace(
        extras,
        each=partial(results_of, config, keeping, film, extras.each),
        on_state=watch.state,
        hooks=Hooks(partial(heard, publisher, watch, clock), watch.seen, watch.ended, metrics),
        moods=moods,
    )
    return KeptRun(config, purpose, film, hub, publisher, watch, keeping, more, said)


def told(made: KeptRun) -> Told:
    models = f"{made.config.detector.name} + {made.config.classifier.card}"
    return Told(made.purpose, version("groupmood"), models, notice(made), settings_view(made.config))


def notice(made: KeptRun) -> str:
    config = made.config
    least = max(config.room_of(name)[1].least for name in config.sources)
    return notice_of(made.purpose, config.notice, least=least, recorded=recorded(config)).text


def results_of(
    config: Config, keeping: Keeping, film: Film | None, own: Callable[[str], Sequence[ResultSink]], source: str
) -> tuple[ResultSink, ...]:
    """Those of the command, and the timeline where single people are to be kept.

    Raises:
        ConfigError: the purpose does not allow it.
    """
    if not keeps_people(config):
        return tuple(own(source))
    room, purpose = config.room_of(source)[0], config.purpose
    people: ResultSink = (
        PeopleToTimeline(keeping.put, room, purpose)
        if film is None
        else PeopleOfFilm(keeping.put, room, purpose, film.recorded.begin)
    )
    return (*own(source), people)


def heard(publisher: Publisher, watch: Watch, clock: FilmClock | None, results: Sequence[FrameResult]) -> None:
    """What a round has shown, in the thread of the analysis."""
    for result in results:
        watch.sized(result.source, result.size)
    publisher.update(results if clock is None else clock.take(results))


def sum_of(gone: Purged) -> int:
    return gone.seconds + gone.people + gone.occurrences + gone.cameras


def said(say: Callable[[str], None], event: Event) -> None:
    if isinstance(event, Alert):
        say(f"{datetime.fromtimestamp(int(event.utc)):%H:%M:%S} {event.room}, {event.rule}: {event.reason}")
