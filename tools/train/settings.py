"""What a training run is: read from YAML, checked before anything is loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Above = Annotated[float, Field(gt=0)]
Whole = Annotated[int, Field(gt=0)]

BEFORE = "before"
"""Folder, within a run's own, of the run that it starts from."""

COPIES = "copies.pt"
"""File, likewise, of the distorted faces that its teachers have seen."""


def teacher(number: int) -> str:
    """Folder, likewise, of the teacher of that number, from 1."""
    return f"teacher-{number}"


DEFAULT = Path(__file__).parent / "emotion.yaml"
MIDDLE, SPREAD = 127.5, 64.0
"""Grey levels are fed to the network as (x − MIDDLE) / SPREAD."""


class SettingsError(Exception):
    """The settings cannot be used; the message says which and why."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Network(Part):
    """A plain residual network: a 3 × 3 stem, then stages of ``blocks`` units of two 3 × 3 convolutions with ``widths``
    channels; each stage but the first halves the picture. ``side`` of the input in pixels.

    ``mirrored``: half of the channels are the mirror images of the other half, so that a face and its mirror image get
    the same answer (tools.train.mirror). Then convolutions that halve the picture are 4 × 4, and their way around
    2 × 2: those of 3 × 3 would begin at another pixel in the mirror image."""

    side: Whole = 48
    stem_stride: Whole = 2
    widths: tuple[Whole, ...] = (48, 80, 160, 256)
    blocks: tuple[Whole, ...] = (1, 2, 2, 1)
    dropout: Share = 0.3
    mirrored: bool = False

    @model_validator(mode="after")
    def _paired(self) -> Network:
        if self.mirrored and any(width % 2 for width in self.widths):
            raise ValueError(f"the channels of a mirrored network come in pairs: widths {self.widths} are not all even")
        if self.mirrored and self.side % (self.stem_stride * 2 ** (len(self.widths) - 1)):
            raise ValueError(f"a mirrored network halves the picture without a rest: side {self.side} leaves one")
        return self


class Pretrained(Part):
    """dlib's face recognition network (5.6 million parameters; see tools.train.dlib_file), for teachers only: it is too
    slow to be shipped. Faces are enlarged to ``side`` pixels; dlib's own have 150. Below 103 its last layers would be
    left without a picture."""

    pretrained: Literal["dlib"]
    side: Annotated[int, Field(ge=103)] = 150
    dropout: Share = 0.4


class Data(Part):
    """``held_out``: the share of the training faces that is never trained on (temperature, confusion matrix).
    ``repeat_below``: labels rarer than this share are seen √(repeat_below / share) times as often (Gupta et al. 2019,
    https://arxiv.org/abs/1908.03195, repeat factor sampling)."""

    held_out: Share = 0.1
    split_seed: int = 7
    repeat_below: Share = 0.05


class Augmentation(Part):
    """Each is drawn for each face anew. Degrees, factors, shares of the side, grey levels; the rest are shares of the
    faces that it is done to. ``low_side`` the sides in pixels to which faces are shrunk."""

    rotation: float = 15.0
    zoom: tuple[float, float] = (0.8, 1.25)
    stretch: float = 0.08
    shift: float = 0.12
    contrast: tuple[float, float] = (0.65, 1.35)
    brightness: float = 30.0
    gamma: float = 0.25
    low: Share = 0.3
    low_side: tuple[Whole, Whole] = (14, 36)
    blur: Share = 0.1
    noise: Share = 0.1
    jpeg: Share = 0.1
    cutout: Share = 0.4
    mixup: Share = 0.3
    mixup_alpha: Above = 0.3


class Fit(Part):
    """Stochastic gradient descent with Nesterov momentum under one cycle (Smith & Topin 2017,
    https://arxiv.org/abs/1708.07120); ``average`` the decay of the moving average of the weights,
    which is what is kept.

    From ``teach_from`` (share of the run) on, ``teach`` of each target comes from the teachers (Hinton et al. 2015,
    https://arxiv.org/abs/1503.02531), or, where there are none, from that average's own answer to the undistorted face
    (Tarvainen & Valpola 2017, https://arxiv.org/abs/1703.01780). From ``gentle_from`` on no face is
    mixed with another or covered any more, so that the last steps see faces as they will come. With ``teach_seen`` the
    teachers answer to the face as it is distorted and mixed, each time anew, as the pupil sees it (Beyer et al. 2022,
    https://arxiv.org/abs/2106.05237). With ``teach_copies`` they answer beforehand to so many distorted copies of each
    face and to the mirror images of these, and the pupil sees only these copies, mixed and covered each time anew:
    where teachers are slow and epochs many, this takes less time, and the pupil sees less that is new.

    ``sharpen``: votes and teachers' answers p become p^sharpen / Σ p^sharpen; above 1 the likeliest label, which is
    what accuracy is of, counts for more than how the rest is shared.

    The rate starts ``rise`` times lower than ``rate``, its highest. ``end_after``: the epoch after which the run ends,
    where that is before its cycle does.
    """

    epochs: Whole = 100
    batch: Whole = 128
    rate: Above = 0.15
    warm_up: Share = 0.12
    momentum: Share = 0.9
    decay: float = 5e-4
    average: Share = 0.999
    teach: Share = 0.4
    teach_from: Share = 0.25
    teach_seen: bool = False
    teach_copies: Whole | None = None
    before_teaches: bool = True
    sharpen: Above = 1.0
    gentle_from: Share = 1.0
    rise: Above = 10.0
    end_after: Whole | None = None
    seed: int = 1
    threads: Whole = 2

    def last(self) -> int:
        """The epoch that the run ends with."""
        return min(self.epochs, self.end_after or self.epochs)


PLAIN, PRETRAINED = "a plain network", "a pretrained network"


def _kind(given: Any) -> str:
    named = "pretrained" in given if isinstance(given, dict) else isinstance(given, Pretrained)
    return PRETRAINED if named else PLAIN


AnyNetwork = Annotated[
    Annotated[Network, Tag(PLAIN)] | Annotated[Pretrained, Tag(PRETRAINED)],
    Discriminator(_kind),
]


class Settings(Part):
    """All settings of a run. ``before``: the run whose best weights it starts from, which is made first.

    ``teachers``: runs that are made first too, whose best weights teach this one. Where there are any, the run before
    is one of them, unless ``fit.before_teaches`` says otherwise.
    """

    before: Settings | None = None
    teachers: tuple[Settings, ...] | None = None
    network: AnyNetwork = Network()
    data: Data = Data()
    augmentation: Augmentation = Augmentation()
    fit: Fit = Fit()

    @model_validator(mode="after")
    def _taught(self) -> Settings:
        for way in ("teach_seen", "teach_copies"):
            if getattr(self.fit, way) and not self.teachers:
                raise ValueError(f"fit.{way} is for runs with teachers; name some, or leave it out")
        if self.fit.teach_seen and self.fit.teach_copies:
            raise ValueError("fit.teach_seen and fit.teach_copies exclude each other; leave one out")
        return self

    def taught_by(self, folder: Path) -> tuple[Path, ...]:
        """The folders of the runs that teach this one, whose own is ``folder``."""
        if not self.teachers:
            return ()
        given = [folder / teacher(number) for number in range(1, len(self.teachers) + 1)]
        return (*given, folder / BEFORE) if self.before is not None and self.fit.before_teaches else tuple(given)

    def copies_digest(self) -> str:
        """Changes when the copies that ``fit.teach_copies`` asks for do: other runs with the same may have them too."""
        fit = Fit(teach_copies=self.fit.teach_copies, before_teaches=self.fit.before_teaches)
        return self.model_copy(update={"fit": fit}).digest()

    def digest(self) -> str:
        """Changes when any setting does, so that a run is not resumed with other settings."""
        return hashlib.sha256(self.model_dump_json(exclude_none=True).encode()).hexdigest()[:12]


def load(path: Path) -> Settings:
    """Raises:
    SettingsError: the file is missing or wrong; every wrong key is named.
    """
    try:
        return Settings.model_validate(yaml.safe_load(path.read_text("utf-8")) or {})
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not YAML: {error}") from error
    except ValidationError as error:
        lines = [f"{_place(one['loc'])}: {one['msg']}" for one in error.errors(include_url=False)]
        raise SettingsError(f"{path} cannot be used: {'; '.join(lines)}") from error


def _place(steps: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in steps if step not in (PLAIN, PRETRAINED))
