"""How fast the reference solutions train, beside plain NumPy loops and public libraries: quality over CPU seconds on one thread, same data, same judge.

    python -m benchmarks.training [--only autoencoder|vae|ddpm|masked_autoencoder ...] [--seeds 0 1 2]

Contestants of a task have equally large networks (within 10 % for diffusion) and equally many CPU seconds; the clock stands still while quality is
measured and starts when everything is imported. Prints a table and writes build/bench/training.json, where what other tasks and seeds measured is kept.
The libraries live in a virtual environment of their own, build/bench/peers-venv, which the first run makes; torch is the project's.
"""

import argparse
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from autograder.store import write_whole
from benchmarks.race import ROOT, environment
from benchmarks.stopwatch import time_to
from benchmarks.venvs import peers

OUT = ROOT / "build" / "bench" / "training.json"


@dataclass(frozen=True)
class Task:
    """One comparison: contestants (True: in the libraries' environment), CPU seconds (0: what the reference takes), the target, and which way is better."""

    title: str
    contestants: dict[str, bool]
    budget: float
    target: float
    unit: str
    less_is_better: bool = True

    def reached(self, value: float) -> bool:
        """Whether a quality is at least the target's."""
        return value <= self.target if self.less_is_better else value >= self.target


OURS = "this course"
TASKS = {
    "autoencoder": Task("autoencoder 64-32-2", {OURS: False, "NumPy loop": False}, 2.0, 0.0345, "error per pixel"),
    "vae": Task("VAE 64-32-2-32-64", {OURS: False, "NumPy loop": False, "pythae VAE": True}, 4.0, 24.8, "nats per image"),
    "ddpm": Task("DDPM on 8x8 digits", {OURS: False, "diffusers": True, "diffusers, our network": True, "denoising-diffusion-pytorch": True}, 0.0, 0.9, "recognised", False),
    "masked_autoencoder": Task("masked autoencoder, 28x28", {OURS: False, "vit-pytorch MAE": True}, 90.0, 0.045, "error per hidden pixel"),
}


def train(task: str, contestant: str, seed: int, budget: float) -> dict:
    """One contestant's training in a process of its own. Raises RuntimeError with what it said where it failed."""
    python = str(peers()) if TASKS[task].contestants[contestant] else sys.executable
    command = [python, "-W", "ignore", "-m", "benchmarks.train_one", task, contestant, str(seed), str(budget)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment(), cwd=ROOT)
    if ended.returncode:
        raise RuntimeError(f"{contestant} ({task}) failed:\n{ended.stderr[-2000:]}")
    return json.loads(ended.stdout.splitlines()[-1])


def compare(task: str, seeds: list[int], say=print) -> dict[str, list[dict]]:
    """Every contestant of a task from every seed; where no budget is fixed, the reference's own CPU seconds of that seed."""
    found: dict[str, list[dict]] = {contestant: [] for contestant in TASKS[task].contestants}
    for seed in seeds:
        budget = TASKS[task].budget
        for contestant in found:
            run = train(task, contestant, seed, budget)
            budget = budget or run["cpu"]
            found[contestant].append(run | {"seed": seed})
            say(f"  {task}, {contestant}, seed {seed}: {run['curve'][-1][1]:.4g} in {run['cpu']:.1f} CPU s, {run['steps']:,} steps")
    return found


def summary(task: Task, runs: list[dict]) -> dict:
    """Means and medians over the seeds: the best and the last quality, CPU seconds to the target, steps, weights."""
    times = [time_to(run["curve"], task.reached) for run in runs]
    best = min if task.less_is_better else max
    return {
        "last": [run["curve"][-1][1] for run in runs], "best": [best(value for _, value in run["curve"]) for run in runs],
        "seconds_to_target": None if None in times else statistics.median(times), "reached": sum(time is not None for time in times),
        "cpu": statistics.mean(run["cpu"] for run in runs), "steps": statistics.mean(run["steps"] for run in runs), "weights": runs[0]["weights"],
        "frechet": [run["frechet"] for run in runs if "frechet" in run],
    }  # fmt: skip


def behind(task: Task, ours: list[dict], others: list[dict]) -> str:
    """In how many of the seeds that both have another contestant ends no better than the reference."""
    ends = {run["seed"]: run["curve"][-1][1] for run in ours}
    pairs = [(ends[run["seed"]], run["curve"][-1][1]) for run in others if run["seed"] in ends]
    return f"{sum(our <= other if task.less_is_better else our >= other for our, other in pairs)} of {len(pairs)}"


def table(found: dict[str, dict[str, list[dict]]]) -> Table:
    """All tasks and contestants, with the reference's quality first."""
    made = Table(title="Training on one CPU thread; equal networks, equal CPU seconds, the same judge")
    columns = ("task", "contestant", "weights", "steps", "CPU s", "target", "CPU s to it", "reached at the end, by seed", "mean", "no better than ours", "best seen", "Frechet ratio")
    for i, name in enumerate(columns):
        made.add_column(name, justify="left" if i < 2 else "right")
    for name, contestants in found.items():
        task = TASKS[name]
        for contestant, runs in contestants.items():
            row = summary(task, runs)
            target = "never" if not row["reached"] else f"{row['seconds_to_target']:.2f}" if row["seconds_to_target"] is not None else f"{row['reached']} of {len(runs)} seeds"
            made.add_row(task.title, contestant, f"{row['weights']:,}", f"{row['steps']:,.0f}", f"{row['cpu']:.1f}", f"{task.target:g} {task.unit}", target,
                         digits(row["last"]), digits([statistics.mean(row["last"])]), "" if contestant == OURS else behind(task, contestants[OURS], runs), digits(row["best"]), ", ".join(f"{value:.2f}" for value in row["frechet"]))  # fmt: skip
        made.add_section()
    return made


def merged(before: dict[str, list[dict]], now: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """New runs in the place of old ones from the same seed; others are kept."""
    return {name: sorted(runs + [run for run in before.get(name, []) if run["seed"] not in {new["seed"] for new in runs}], key=lambda run: run["seed"]) for name, runs in now.items()}


def digits(values: list[float]) -> str:
    """Numbers with as many digits as tell them apart."""
    return ", ".join(f"{value:.2f}" if value > 2 else f"{value:.4f}" if value < 0.2 else f"{value:.1%}" for value in values)


def main() -> int:
    """Train, print, write."""
    options = argparse.ArgumentParser(description="Training speed of the reference solutions beside NumPy loops and public libraries.")
    options.add_argument("--only", nargs="+", choices=list(TASKS), default=list(TASKS))
    options.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    given = options.parse_args()
    found = json.loads(OUT.read_text()) if OUT.exists() else {}
    for task in given.only:
        found[task] = merged(found.get(task, {}), compare(task, given.seeds))
        write_whole(OUT, json.dumps(found, indent=1))
    Console(width=180).print(table({task: found[task] for task in TASKS if task in found}))
    print(f"written to {OUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
