"""Read submitted weights on the trusted side: bounded, validated, plain tensors. A safetensors file holds data only; nothing in it is executed."""

import json
from dataclasses import dataclass

import torch
from safetensors.torch import load

from autograder.checking import wrong
from autograder.jail.errors import NotHandedIn

MOST_BYTES, MOST_WEIGHTS, MOST_TENSORS, MOST_HEADER = 16_000_000, 4_000_000, 2000, 1_000_000
KINDS = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64)  # int64: counters among the buffers
HIGHEST = {"in_ch": 1, "base": 64, "time_dim": 512}
MOST_LEVELS, HIGHEST_MULTIPLIER = 4, 8


@dataclass(frozen=True)
class Weights:
    """A network's constructor arguments and its state."""

    architecture: dict
    state: dict[str, torch.Tensor]

    def shuffled(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """The same numbers in every tensor, in another order."""
        return {name: value.flatten()[torch.randperm(value.numel(), generator=generator)].view_as(value) for name, value in self.state.items()}


def read(data: bytes | None) -> Weights:
    """A submitted file's bytes, or None, as weights; a judgement that says what to do where they are none. Raises NotHandedIn for None."""
    if data is None:
        raise NotHandedIn("There is no unet.safetensors beside the notebook. Run the cell with save_unet and hand in that file together with the notebook.")
    if len(data) > MOST_BYTES:
        wrong(f"The file of weights has more than {MOST_BYTES // 10**6} MB. Take a narrower network; base=32 needs about 6 MB.")
    architecture = _architecture(_header(data))
    try:
        state = load(data)
    except Exception:  # safetensors raises its own kinds, and torch's, for offsets, shapes and dtypes that do not fit
        wrong("The file of weights is damaged: its header does not fit its contents. Save it again with save_unet.")
    return Weights(architecture, _checked(state))


def _header(data: bytes) -> dict:
    """The JSON object at the head of a safetensors file."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 2 <= size <= min(MOST_HEADER, len(data) - 8) or data[8:9] != b"{":
        wrong("The file of weights is not a safetensors file (a renamed .pt or .pth file?). Write it with save_unet.")
    try:
        header = json.loads(data[8 : 8 + size])
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        wrong("The file of weights is not a safetensors file: its header cannot be read. Write it with save_unet.")
    return header


def _architecture(header: dict) -> dict:
    """The validated arguments of UNet from the file's metadata."""
    metadata = header.get("__metadata__")
    text = metadata.get("architecture") if isinstance(metadata, dict) else None
    try:
        given = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        wrong("The file of weights does not say how your UNet is built. Write it with save_unet, and hand over in_ch, base, multipliers and time_dim.")
    for name, value in given.items():
        if name == "multipliers":
            _check_multipliers(value)
        elif name not in HIGHEST:
            wrong(f"The architecture in the file has an argument {name[:40]!r}; known are in_ch, base, multipliers and time_dim.")
        elif type(value) is not int or not 1 <= value <= HIGHEST[name]:
            wrong(f"The architecture in the file has {name}={str(value)[:40]}; allowed are integers from 1 to {HIGHEST[name]}.")
    return given | ({"multipliers": tuple(given["multipliers"])} if "multipliers" in given else {})


def _check_multipliers(value) -> None:
    good = isinstance(value, list) and 1 <= len(value) <= MOST_LEVELS and all(type(m) is int and 1 <= m <= HIGHEST_MULTIPLIER for m in value)
    if not good:
        wrong(f"The architecture in the file has multipliers={str(value)[:40]}; allowed are one to {MOST_LEVELS} integers from 1 to {HIGHEST_MULTIPLIER}.")


def _checked(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors, if they are few enough, of known kinds and finite."""
    total = sum(value.numel() for value in state.values())
    if not state or total > MOST_WEIGHTS or len(state) > MOST_TENSORS:
        wrong(f"The file holds {total:,} numbers in {len(state)} tensors; allowed are 1 to {MOST_WEIGHTS:,} in at most {MOST_TENSORS}.")
    for name, value in state.items():
        if value.dtype not in KINDS:
            wrong(f"The weights {name[:60]!r} are {str(value.dtype).removeprefix('torch.')}; floating-point weights are expected.")
        if not bool(torch.isfinite(value).all()):
            wrong(f"The weights {name[:60]!r} hold NaN or infinity: the training diverged. Train again with a smaller lr, and look at the losses before you save.")
    return state
