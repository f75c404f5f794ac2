"""Train the reference weights of assignment 05, `solutions/weights/unet.safetensors`.

    python -m solutions.training.unet [--folder FOLDER] [--seconds CPU_SECONDS] [--seed SEED]

4,000 digits of 28 x 28, batches of 64, AdamW under bfloat16, two rounds of a falling (cosine) learning rate, averaged weights; about 37 minutes on
one CPU core. The state is saved in FOLDER every 250 steps, so a run that was stopped (or that has used its `--seconds`) goes on where it was when
the command is given again; random numbers after a pause are fresh ones. The last step writes the averaged weights in half precision.
"""

import argparse
import copy
import math
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from autograder.places import Places
from autograder.reference import load
from workbook.data import batches, digits28
from workbook.diffusion import angle_schedule, save_unet

ARCHITECTURE = {"in_ch": 1, "base": 16, "multipliers": (1, 2, 4), "time_dim": 128}
ROUNDS = ((8000, 2e-3), (5000, 1e-3))  # steps, highest learning rate
BATCH, WARM_UP, EVERY, DECAY = 64, 100, 250, 0.999


def learning_rate(step: int) -> float:
    """The rate of a step (counted over all rounds): up within WARM_UP steps, then down along a cosine to 2 % of the round's highest."""
    for steps, highest in ROUNDS:
        if step < steps:
            return highest * min(1.0, (step + 1) / WARM_UP) * (0.5 * (1 + math.cos(math.pi * step / steps)) + 0.02)
        step -= steps
    raise ValueError("the training has ended")


class Run:
    """Model, average, optimiser and the number of steps done, kept in one file."""

    def __init__(self, ref, file: Path, seed: int):
        self.ref, self.file, self.seed, self.done, self.seconds = ref, file, seed, 0, 0.0
        torch.manual_seed(seed)
        self.model = ref.UNet(**ARCHITECTURE)
        self.average = copy.deepcopy(self.model)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=ROUNDS[0][1], weight_decay=0.01)
        if file.exists():
            state = torch.load(file, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.done, self.seconds = state["done"], state["seconds"]

    def save(self, seconds: float) -> None:
        """Write the state, in one move."""
        parts = {"model": self.model.state_dict(), "average": self.average.state_dict(), "optimizer": self.optimizer.state_dict()}
        fresh = self.file.with_suffix(".new")
        torch.save(parts | {"done": self.done, "seconds": self.seconds + seconds}, fresh)
        fresh.replace(self.file)

    def steps(self, images: torch.Tensor) -> Iterator[float]:
        """Train to the end of the last round; the loss of every step."""
        schedule, generator = angle_schedule(1000), torch.Generator().manual_seed(self.seed + self.done)
        stream = batches(images, BATCH, generator)
        while self.done < sum(steps for steps, _ in ROUNDS):
            self.optimizer.param_groups[0]["lr"] = learning_rate(self.done)
            yield self.step(next(stream), schedule, generator)

    def step(self, x0: torch.Tensor, schedule, generator: torch.Generator) -> float:
        """One step on one batch `(n, 1, 28, 28)` in [-1, 1]; its loss."""
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        eps = torch.randn(x0.shape, generator=generator)
        alpha_bar = schedule.alpha_bar[t].view(-1, 1, 1, 1)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            eps_hat = self.model(alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps, t)
        loss = (eps_hat.float() - eps).square().mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.ref.ema_update(self.average, self.model, min(DECAY, (1 + self.done) / (10 + self.done)))
        self.done += 1
        return loss.item()


def train(run: Run, seconds: float) -> bool:
    """Train until the end or for so many CPU seconds; whether the end was reached."""
    began, losses = time.process_time(), []
    for loss in run.steps(digits28().train_x * 2 - 1):
        losses.append(loss)
        if run.done % EVERY == 0:
            used = time.process_time() - began
            run.save(used)
            print(f"step {run.done}, loss {sum(losses) / len(losses):.4f}, {run.seconds + used:.0f} CPU s", flush=True)
            losses = []
            if used > seconds:
                return False
    return True


def main() -> None:
    """Train, or go on training; write the weights at the end."""
    options = argparse.ArgumentParser(description="Train the reference weights of assignment 05.")
    options.add_argument("--folder", type=Path, default=Path("build/unet"))
    options.add_argument("--seconds", type=float, default=math.inf)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    torch.set_num_threads(1)
    given.folder.mkdir(parents=True, exist_ok=True)
    run = Run(load("05_unet"), given.folder / f"seed{given.seed}.pt", given.seed)
    if not train(run, given.seconds):
        print("paused; the same command goes on from here")
        return
    path = Places.here().solutions / "weights" / "unet.safetensors"
    save_unet(run.average.half(), path, **ARCHITECTURE)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
