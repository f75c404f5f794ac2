"""Train one contestant from one seed and print what it reached as a line of JSON. Run by benchmarks.training, in whichever Python has the contestant's library.

    python -m benchmarks.train_one TASK CONTESTANT SEED BUDGET
"""

import json
import sys

import torch

from benchmarks import diffusion_trainings, masked_trainings, small_trainings


def main(task: str, contestant: str, seed: int, budget: float) -> dict:
    """CPU seconds, steps, number of weights, the curve (CPU seconds, quality), and for diffusion the judge's numbers."""
    torch.set_num_threads(1)
    torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])  # the first optimiser loads a second's worth of modules: starting, not training
    if task == "ddpm":
        return diffusion_trainings.reference(seed) if contestant == "this course" else diffusion_trainings.peer(contestant, seed, budget)
    watch, weights = getattr(masked_trainings if task == "masked_autoencoder" else small_trainings, task)(contestant, seed, budget)
    return {"curve": watch.curve, "cpu": watch.curve[-1][0], "steps": watch.steps, "weights": weights}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))))
