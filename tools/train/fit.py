"""The run itself: epochs, the moving average, checkpoints, and what each epoch gave on the validation split."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.scores import calibration_error, macro_recall
from tools.train import pretrained, twin
from tools.train.augment import Distortions
from tools.train.best import load_best, made, save, save_best
from tools.train.data import Faces, epoch_rows, repeats
from tools.train.network import Network, logits_of
from tools.train.settings import BEFORE, COPIES, Fit, Pretrained, Settings, SettingsError
from tools.train.teaching import Copies, answers, copies, kept, lessons, sharpened

FIRST = 256
"""Faces on which a pretrained network's normalisation is set."""

CHECKPOINT, LOG = "checkpoint.pt", "epochs.jsonl"


@dataclass(frozen=True)
class Epoch:
    """``loss`` of training; the rest of the averaged weights on the validation split, uncalibrated."""

    epoch: int
    loss: float
    rate: float
    accuracy: float
    macro_recall: float
    cross_entropy: float
    calibration_error: float
    seconds: float


class Run:
    """One run in one folder. A folder with a checkpoint of the same settings is gone on with."""

    def __init__(self, settings: Settings, faces: Faces, folder: Path) -> None:
        """Raises:
        SettingsError: the folder holds a run with other settings, or the run before it has not been made.
        """
        self._settings, self._faces, self._folder = settings, faces, folder
        fit = settings.fit
        torch.manual_seed(fit.seed)
        torch.set_num_threads(fit.threads)
        self._dice = torch.Generator().manual_seed(fit.seed)
        self._order = np.random.default_rng(fit.seed)
        self._distort = Distortions(settings.augmentation, settings.network.side, self._dice)
        gentle = settings.augmentation.model_copy(update={"mixup": 0.0, "cutout": 0.0})
        self._gentle = Distortions(gentle, settings.network.side, self._dice)
        self._images = torch.from_numpy(faces.images)
        self._shares = sharpened(torch.from_numpy(faces.shares), fit.sharpen)
        self.network = self._first(folder).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        self._factors = repeats(faces.labels, settings.data.repeat_below)
        self._steps = int(self._factors.sum()) // fit.batch * fit.epochs
        self._optimizer, self._schedule = _optimizer(self.network, fit, self._steps)
        teachers = [load_best(path)[0] for path in settings.taught_by(folder)]
        self._teachers = [one.to(memory_format=torch.channels_last) for one in teachers]
        self._copies: Copies | None = None
        self._lessons: Tensor | None = None
        if teachers and not (fit.teach_seen or fit.teach_copies):
            self._lessons = lessons(self._teachers, self._images)
        self._step, self.done = 0, 0
        self.best = -1.0
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    def _first(self, folder: Path) -> nn.Module:
        """What the run starts from.

        Raises:
            SettingsError: the run before has not been made, or its network is another one; dlib's file is not there.
        """
        shape = self._settings.network
        if self._settings.before is None:
            if isinstance(shape, Pretrained):
                return pretrained.started(shape, pretrained.dlib(), self._images[:FIRST])
            return Network(shape)
        before, network = load_best(folder / BEFORE)[0], made(shape)
        try:
            network.load_state_dict(before.state_dict())
        except RuntimeError as error:
            raise SettingsError(f"the run before, in {folder / BEFORE}, has a network of another shape") from error
        return network

    def train(self, valid: Faces, say: Callable[[str], None]) -> None:
        """The epochs that are left. After each: its scores, a checkpoint, and the best weights so far."""
        last, count = self._settings.fit.last(), self._settings.fit.teach_copies
        if count and self.done < last:
            digest = self._settings.copies_digest()
            self._copies = kept(self._folder / COPIES, digest, lambda: self._copied(count, say))
        while self.done < last:
            started = time.monotonic()
            loss = self._epoch()
            logits = torch.from_numpy(twin.logits(self.average, valid.images[valid.agreed]))
            entry = _entry(self.done + 1, loss, self._rate(), logits, valid.labels[valid.agreed], started)
            self.done += 1
            if entry.accuracy >= self.best:
                self.best = entry.accuracy
                save_best(self._folder, self._settings, self.average, self.done)
            with (self._folder / LOG).open("a", encoding="utf-8") as log:
                log.write(json.dumps(asdict(entry)) + "\n")
            self._checkpoint()
            say(_line(entry, last))

    def _copied(self, count: int, say: Callable[[str], None]) -> Copies:
        """Drawn by dice of their own, so that a run that is gone on with, or another one, has the same."""
        settings = self._settings
        dice = torch.Generator().manual_seed(settings.data.split_seed)
        distort = Distortions(settings.augmentation, settings.network.side, dice)
        return copies(self._teachers, distort, self._images, count, say)

    def _epoch(self) -> float:
        """Mean loss."""
        fit, total, count = self._settings.fit, 0.0, 0
        rows = epoch_rows(self._factors, self._order)
        self.network.train()
        for start in range(0, len(rows) - fit.batch + 1, fit.batch):
            if self._step >= self._steps:
                break
            total += self._one(torch.from_numpy(rows[start : start + fit.batch]))
            count += 1
        return total / max(count, 1)

    def _one(self, rows: Tensor) -> float:
        gentle = self._step >= self._settings.fit.gentle_from * self._steps
        distort = self._gentle if gentle else self._distort
        x, targets = distort.mixed(*self._shown(distort, rows))
        x = x.to(memory_format=torch.channels_last)
        if self._settings.fit.teach_seen and (share := self._teach()):
            targets = (1 - share) * targets + share * sharpened(answers(self._teachers, x), self._settings.fit.sharpen)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(x)
        loss = functional.cross_entropy(logits.float(), targets)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()
        self._schedule.step()
        self._step += 1
        self._follow()
        return float(loss.detach())

    def _shown(self, distort: Distortions, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The faces distorted, and their targets."""
        if self._copies is None:
            return distort(self._images[rows]), self._targets(rows)
        x, said = self._copies.drawn(rows, self._dice)
        return distort.covered(x), self._with(said, rows)

    def _targets(self, rows: Tensor) -> Tensor:
        """The annotators' shares, later mixed with what the teachers or the average say of the undistorted face."""
        share, shares = self._teach(), self._shares[rows]
        if share == 0 or self._settings.fit.teach_seen:
            return shares
        if self._lessons is not None:
            said = self._lessons[rows]
        else:
            said = functional.softmax(logits_of(self.average, self._images[rows]), dim=1)
        return self._with(said, rows)

    def _with(self, said: Tensor, rows: Tensor) -> Tensor:
        """The annotators' shares, mixed with what is said."""
        share = self._teach()
        return (1 - share) * self._shares[rows] + share * sharpened(said, self._settings.fit.sharpen)

    def _teach(self) -> float:
        """The teachers' share in a target at this step."""
        fit = self._settings.fit
        return fit.teach if self._step >= fit.teach_from * self._steps else 0.0

    def _follow(self) -> None:
        """Move the average: faster at the start, when it is of few steps."""
        keep = min(self._settings.fit.average, (1 + self._step) / (10 + self._step))
        with torch.no_grad():
            for slow, fast in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
                if slow.dtype.is_floating_point:
                    slow.lerp_(fast, 1 - keep)
                else:
                    slow.copy_(fast)

    def _rate(self) -> float:
        return float(self._optimizer.param_groups[0]["lr"])

    def _checkpoint(self) -> None:
        save(
            {
                "settings": self._settings.digest(),
                "network": self.network.state_dict(),
                "average": self.average.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "schedule": self._schedule.state_dict(),
                "torch": torch.get_rng_state(),
                "dice": self._dice.get_state(),
                "order": json.dumps(self._order.bit_generator.state),
                "step": self._step,
                "done": self.done,
                "best": self.best,
            },
            self._folder / CHECKPOINT,
        )

    def _resume(self) -> None:
        path = self._folder / CHECKPOINT
        if not path.is_file():
            (self._folder / LOG).unlink(missing_ok=True)
            return
        state = torch.load(path, weights_only=True)
        if state["settings"] != self._settings.digest():
            raise SettingsError(f"{self._folder} holds a run with other settings: name another folder with --run")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["torch"])
        self._dice.set_state(state["dice"])
        self._order.bit_generator.state = json.loads(state["order"])
        self._step, self.done, self.best = state["step"], state["done"], state["best"]
        kept = (self._folder / LOG).read_text("utf-8").splitlines()[: self.done]
        (self._folder / LOG).write_text("".join(line + "\n" for line in kept), "utf-8")


def _optimizer(network: nn.Module, fit: Fit, steps: int) -> tuple[Any, Any]:
    """Offsets and normalisations do not decay."""
    wide = [weight for weight in network.parameters() if weight.ndim > 1]
    narrow = [weight for weight in network.parameters() if weight.ndim <= 1]
    groups = [{"params": wide, "weight_decay": fit.decay}, {"params": narrow, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, fit.rate, momentum=fit.momentum, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, fit.rate, total_steps=steps + 1, pct_start=fit.warm_up, div_factor=fit.rise, final_div_factor=1000
    )
    return optimizer, schedule


def _entry(epoch: int, loss: float, rate: float, logits: Tensor, labels: np.ndarray[Any, Any], started: float) -> Epoch:
    shares = functional.softmax(logits, dim=1).double().numpy()
    said = shares.argmax(axis=1)
    return Epoch(
        epoch,
        round(loss, 4),
        round(rate, 5),
        round(float((said == labels).mean()), 4),
        round(macro_recall(said, labels), 4),
        round(float(functional.cross_entropy(logits, torch.from_numpy(labels))), 4),
        round(calibration_error(shares.max(axis=1), said == labels), 4),
        round(time.monotonic() - started, 1),
    )


def _line(entry: Epoch, epochs: int) -> str:
    left = (epochs - entry.epoch) * entry.seconds / 60
    return (
        f"epoch {entry.epoch}/{epochs}  loss {entry.loss:.3f}  validation: accuracy {entry.accuracy:.4f}, "
        f"macro-recall {entry.macro_recall:.3f}, cross-entropy {entry.cross_entropy:.3f}, "
        f"calibration error {entry.calibration_error:.3f}  ({entry.seconds:.0f} s, about {left:.0f} min left)"
    )
