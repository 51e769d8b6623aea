"""``groupmood models …`` and ``groupmood engines …``. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

Offline = Annotated[bool, typer.Option("--offline", help="Never fetch weights; say what is missing instead.")]

models = typer.Typer(help="The weights of the models: what is here, fetch, check.", no_args_is_help=True)
engines = typer.Typer(help="The TensorRT engines built on this machine.", no_args_is_help=True)


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


def leave(code: int) -> NoReturn:
    raise typer.Exit(code)
