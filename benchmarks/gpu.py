"""Speed of assignment 05's U-Net on a GPU, beside diffusers' UNet2DModel of about equal size: training images per second and time to sample.

    python -m benchmarks.gpu [--base 32] [--batch 256] [--steps 200] [--repeats 3]
    python -m benchmarks.gpu --rehearse      a few steps on the CPU, to see that it runs; its figures mean nothing

Both networks are trained by the reference's `train_unet` (EMA and loss read-out included) on the same 28 x 28 digits, in full and in mixed
precision, and sampled by the workbook's `clipped_sampler` in 20 steps. Every figure is the median over the repeats, in which the networks take turns;
before the first, each has run a few steps untimed. Needs diffusers for the comparison (`pip install diffusers`); without it ours runs alone.
"""

import argparse
import statistics
import sys
import time

import torch
from torch import nn

from autograder.reference import load
from workbook.data import digits28
from workbook.diffusion import angle_schedule, clipped_sampler

SAMPLING_STEPS, WARM_UP = 20, 20


class Peer(nn.Module):
    """diffusers' UNet2DModel with three levels, one block each and attention at the lowest, called like ours: (x, t) -> noise."""

    def __init__(self, widths: tuple[int, int, int]):
        super().__init__()
        from diffusers import UNet2DModel

        self.net = UNet2DModel(
            sample_size=28, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=widths, norm_num_groups=8,
            attention_head_dim=8, down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        )  # fmt: skip

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """Predicted noise of x's shape."""
        return self.net(x, t).sample


def count(model: nn.Module) -> int:
    """Number of weights."""
    return sum(parameter.numel() for parameter in model.parameters())


def peer_of(size: int) -> Peer | None:
    """The peer whose number of weights is nearest to `size`; None where diffusers is not installed."""
    try:
        import diffusers  # noqa: F401
    except ImportError:
        return None
    choices = [(width, 2 * width, lowest) for width in range(16, 129, 8) for lowest in range(3 * width, 4 * width + 1, 8)]  # multiples of 8, as tensor cores like them
    with torch.device("meta"):
        nearest = min(choices, key=lambda widths: abs(count(Peer(widths)) - size))
    return Peer(nearest)


def seconds(work, device: torch.device) -> float:
    """Clock time of `work()`, with the device's queue empty before and after."""
    wait = torch.cuda.synchronize if device.type == "cuda" else (lambda: None)
    wait()
    began = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - began


class Bench:
    """One set of sizes, applied to any network and precision."""

    def __init__(self, ref, device: torch.device, batch: int, steps: int):
        self.ref, self.device, self.batch, self.steps = ref, device, batch, steps
        self.images, self.schedule = (digits28().train_x * 2 - 1).to(device), angle_schedule(1000).to(device)

    def train(self, model: nn.Module, mixed: bool, steps: int | None = None) -> float:
        """Images per second of training."""
        steps, generator = steps or self.steps, torch.Generator().manual_seed(0)
        run = lambda: self.ref.train_unet(model, self.images, self.schedule, steps=steps, batch_size=self.batch, generator=generator, device=self.device, amp=mixed)  # noqa: E731
        return steps * self.batch / seconds(run, self.device)

    def sample(self, model: nn.Module, mixed: bool) -> float:
        """Seconds to sample one batch."""

        def run():
            with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=mixed):
                clipped_sampler(model, (self.batch, 1, 28, 28), self.schedule, SAMPLING_STEPS, torch.Generator().manual_seed(0), self.device)

        return seconds(run, self.device)


def measure(bench: Bench, networks: dict[str, nn.Module], repeats: int) -> dict[tuple[str, bool], tuple[float, float]]:
    """(images per second, seconds per batch of samples) by network and precision."""
    cases = [(name, mixed) for name in networks for mixed in (False, True)]
    for name, mixed in cases:
        bench.train(networks[name], mixed, min(WARM_UP, bench.steps))
        bench.sample(networks[name], mixed)
    runs = {case: [] for case in cases}
    for _ in range(repeats):
        for name, mixed in cases:
            runs[name, mixed].append((bench.train(networks[name], mixed), bench.sample(networks[name], mixed)))
    return {case: tuple(map(statistics.median, zip(*pairs, strict=True))) for case, pairs in runs.items()}


def main() -> int:
    """Measure and print a markdown table."""
    options = argparse.ArgumentParser(description="Speed of the U-Net on a GPU beside diffusers' UNet2DModel.")
    options.add_argument("--base", type=int, default=32)
    options.add_argument("--batch", type=int, default=256)
    options.add_argument("--steps", type=int, default=200)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--rehearse", action="store_true", help="a few steps on the CPU; the figures mean nothing")
    given = options.parse_args()
    if given.rehearse:
        given.base, given.batch, given.steps, given.repeats = 16, 8, 2, 1
    elif not torch.cuda.is_available():
        print("This benchmark needs a CUDA GPU, and torch sees none here. `--rehearse` runs a few steps on the CPU to see that it works.", file=sys.stderr)
        return 1
    device = torch.device("cpu" if given.rehearse else "cuda")
    ref = load("05_unet")
    torch.manual_seed(0)
    networks = {"this course's UNet": ref.UNet(base=given.base)}
    peer = peer_of(count(networks["this course's UNet"]))
    if peer is None:
        print("diffusers is not installed (pip install diffusers), so ours runs alone.", file=sys.stderr)
    else:
        networks["diffusers UNet2DModel"] = peer
    networks = {name: model.to(device) for name, model in networks.items()}
    where = torch.cuda.get_device_name() if device.type == "cuda" else "CPU, a rehearsal: these figures mean nothing"
    results = measure(Bench(ref, device, given.batch, given.steps), networks, given.repeats)
    print(f"{where}; torch {torch.__version__}; batch {given.batch}, {given.steps} training steps, medians of {given.repeats}\n")
    print(f"| network | weights | precision | training, images/s | sampling {given.batch} images in {SAMPLING_STEPS} steps, s |\n| --- | --: | --- | --: | --: |")
    for (name, mixed), (speed, duration) in results.items():
        print(f"| {name} | {count(networks[name]):,} | {'mixed' if mixed else 'float32'} | {speed:,.0f} | {duration:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
