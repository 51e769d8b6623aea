"""``groupmood models …``, ``engines …``, ``timeline …`` and ``audit …``. Nothing heavy is imported here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer

Offline = Annotated[bool, typer.Option("--offline", help="Never fetch weights; say what is missing instead.")]

models = typer.Typer(help="The weights of the models: what is here, fetch, check.", no_args_is_help=True)
engines = typer.Typer(help="The TensorRT engines built on this machine.", no_args_is_help=True)
timeline = typer.Typer(help="What is kept of rooms: see it, export it.", no_args_is_help=True)
audit = typer.Typer(help="The log of what was done with the analysis.", no_args_is_help=True)

Kept = Annotated[Path | None, typer.Option("--timeline", metavar="FILE", help="Default: that in the state folder.")]
Served = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="That of groupmood serve.")]
Log = Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Default: that in the state folder.")]


@models.command("list")
def models_list() -> None:
    """Every model card, and whether its weights are here."""
    from streamer.commands.models import list_models

    leave(list_models())


@models.command("fetch")
def models_fetch(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Default: all the defaults need.")
    ] = None,
    weights: Annotated[Path | None, typer.Option("--from", metavar="FILE", help="Take this file instead.")] = None,
    offline: Offline = False,
) -> None:
    """Fetch weights, with a progress bar, and check their digests."""
    from streamer.commands.models import fetch_models

    leave(fetch_models(names or [], weights, offline=offline))


@models.command("check")
def models_check(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME…]", help="Default: all that are here.")] = None,
) -> None:
    """Compare the digests of the weights, and their answer to a known picture."""
    from streamer.commands.models import check_models

    leave(check_models(names or []))


@engines.command("build")
def engines_build(
    model: Annotated[list[str] | None, typer.Option(help="Card; several times for several. Default: a run's.")] = None,
    backend: Annotated[str | None, typer.Option(help="tensorrt or tensorrt_rtx. Default: what is installed.")] = None,
    precision: Annotated[str, typer.Option(help="fp16, where the accuracy gate lets it pass, or fp32.")] = "fp16",
    max_batch: Annotated[int, typer.Option(min=1, max=32, help="Most faces at once.")] = 32,
    size: Annotated[str, typer.Option(metavar="WxH", help="Of the camera's pictures, for a detector.")] = "1280x720",
) -> None:
    """Build what a run would build while it works, with progress."""
    from streamer.commands.engines import build_engines, order

    leave(build_engines(order(model or [], backend, precision, max_batch, size)))


@engines.command("list")
def engines_list() -> None:
    """Every engine that was built here."""
    from streamer.commands.engines import list_engines

    leave(list_engines())


@engines.command("check")
def engines_check() -> None:
    """Whether each is whole, and this user's alone."""
    from streamer.commands.engines import check_engines

    leave(check_engines())


@engines.command("clear")
def engines_clear() -> None:
    """Delete all of them; they are built anew when they are needed."""
    from streamer.commands.engines import clear_engines

    leave(clear_engines())


@timeline.command("info")
def timeline_info(config: Served = None, file: Kept = None) -> None:
    """Each room: since when, how long there were numbers, in how many sittings."""
    from streamer.commands.places import places
    from streamer.commands.timeline import info

    leave(info(places(config, file, os.environ).timeline))


@timeline.command("export")
def timeline_export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A name that ends in .csv, .jsonl or .parquet.")],
    what: Annotated[str, typer.Option(help="seconds, people or occurrences.")] = "seconds",
    room: Annotated[str | None, typer.Option(help="Default: all rooms.")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="2026-01-31T14:30.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME")] = None,
    config: Served = None,
    file: Kept = None,
) -> None:
    """Write what is kept into a file of its own."""
    from streamer.commands.places import places
    from streamer.commands.timeline import export

    leave(export(places(config, file, os.environ), out, what, room=room, since=since, until=until))


@audit.command("verify")
def audit_verify(
    file: Log = None,
    head: Annotated[str | None, typer.Option(help="The newest entry's hash, as noted before.")] = None,
) -> None:
    """Whether the log is as it was written."""
    from streamer.audit import NAME
    from streamer.commands.audit import verify
    from streamer.timeline.places import state_dir

    leave(verify(file or state_dir() / NAME, head))


@audit.command("head")
def audit_head(file: Log = None) -> None:
    """The newest entry's hash, to be noted elsewhere: without it nobody sees that the end was cut off."""
    from streamer.audit import NAME
    from streamer.commands.audit import head
    from streamer.timeline.places import state_dir

    leave(head(file or state_dir() / NAME))


def leave(code: int) -> NoReturn:
    raise typer.Exit(code)
