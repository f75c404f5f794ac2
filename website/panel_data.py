"""Export what the panels need as classic scripts (a page opened from a file may not fetch): weights, test digits, toy data."""

import base64
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from website.models import BETAS, Coder, Denoiser
from website.toys import toys
from website.train_panels import saved_models
from workbook.data import digits8


def packed(tensor: torch.Tensor, dtype: str = "<f4") -> dict:
    """An array as base64 of little-endian numbers, with its shape."""
    array = np.ascontiguousarray(tensor.detach().cpu().numpy().astype(dtype))
    return {"shape": list(array.shape), "type": dtype[1:], "data": base64.b64encode(array.tobytes()).decode()}


def layers(part: nn.Module) -> list[dict]:
    """The linear layers of a network in order."""
    return [{"w": packed(layer.weight), "b": packed(layer.bias)} for layer in part.modules() if isinstance(layer, nn.Linear)]


def exported(model: nn.Module) -> dict:
    """A network as the panels read it."""
    if isinstance(model, Coder):
        return {"latent": model.latent, "spread": model.spread, "encoder": layers(model.encoder), "decoder": layers(model.decoder)}
    if isinstance(model, Denoiser):
        return {"layers": layers(model)}
    raise TypeError(f"expected a Coder or a Denoiser, got {type(model).__name__}")


def panel_data() -> dict[str, dict]:
    """What each data script holds, by its name."""
    models, digits = saved_models(), digits8()
    return {
        "digits": {"images": packed((digits.test_x * 16).round(), "|u1"), "labels": packed(digits.test_y, "|u1")},
        "explorer": {name: exported(models[name]) for name in ("ae2", "vae2")},
        "betas": {"betas": list(BETAS), "models": [exported(models[f"beta{i}"]) for i in range(len(BETAS))]},
        "denoiser": exported(models["denoiser"]),
        "toys": {name: {"centres": packed(toy.centres), "std": toy.std} for name, toy in toys().items()},
    }


def write_panel_data(folder: Path) -> None:
    """One script per name; each registers its data under `Bottleneck.data`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in panel_data().items():
        (folder / f"{name}.js").write_text(f'Bottleneck.data["{name}"] = {json.dumps(content)};\n')
