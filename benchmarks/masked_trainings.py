"""The masked autoencoder on 28x28 digits as contestants: the reference and vit-pytorch's MAE; equal sizes, one judge.

Held equal: the 4,000 training digits, batches of 64, patches of 4x4, 37 of 49 hidden, the depths and widths of encoder and decoder, Adam with the
notebook's learning rate, one CPU thread, the CPU seconds of training. Different are what each brings of its own: vit-pytorch learns its positions, normalises
patches as they come in, starts its mask token and positions at unit scale, and its attention has no biases.
"""

import math
import sys
from unittest.mock import MagicMock

import torch
from torch import nn

from autograder.reference import load
from benchmarks.small_trainings import MANY, count
from benchmarks.stopwatch import Stopwatch
from solutions.figures.masked_autoencoder import BATCH, RATIO, hidden_error
from workbook.data import batches, digits28

NOT_NEEDED = ("torchvision", "torchvision.transforms", "torchvision.models", "torchvision.ops")  # imported by its other networks, none of which is used here
LR = 1e-3  # the notebook's
DIM, DEPTH, HEADS, NARROW, SHALLOW = 64, 2, 4, 32, 1


class Judged(nn.Module):
    """vit-pytorch's MAE as the judge calls a network: with the masks given, all patches as the answer. The same steps as in its `forward`, which draws its own masks."""

    patch = 4

    def __init__(self, mae: nn.Module):
        super().__init__()
        self.mae = mae

    def forward(self, images: torch.Tensor, keep: torch.Tensor, restore: torch.Tensor) -> torch.Tensor:
        """images (n, 1, 28, 28), keep (n, K), restore (n, L): predicted patches (n, L, 16); restore only says how many there are."""
        mae, rows = self.mae, torch.arange(len(images)).unsqueeze(1)
        tokens = mae.patch_to_emb(mae.to_patch(images)) + mae.encoder.pos_embedding
        seen = mae.enc_to_dec(mae.encoder.transformer(tokens[rows, keep]))  # (n, K, NARROW)
        places = mae.decoder_pos_emb(torch.arange(restore.shape[1]))
        whole = (mae.mask_token + places).repeat(len(images), 1, 1)  # (n, L, NARROW)
        whole[rows, keep] = seen + places[keep]
        return mae.to_pixels(mae.decoder(whole))


def vit_pytorch_mae() -> nn.Module:
    """Its MAE at the reference's sizes; hides as many patches as the reference."""
    for name in NOT_NEEDED:
        sys.modules.setdefault(name, MagicMock())
    from vit_pytorch.mae import MAE
    from vit_pytorch.vit import ViT

    encoder = ViT(image_size=28, patch_size=Judged.patch, channels=1, num_classes=0, dim=DIM, depth=DEPTH, heads=HEADS, dim_head=DIM // HEADS, mlp_dim=4 * DIM, pool="mean")
    hidden = (round(RATIO * 49) + 0.5) / 49  # it rounds down where the reference rounds
    return MAE(encoder=encoder, masking_ratio=hidden, decoder_dim=NARROW, decoder_depth=SHALLOW, decoder_heads=HEADS, decoder_dim_head=NARROW // HEADS)


def require_same_view(mae: nn.Module, judged: Judged, ref, images: torch.Tensor) -> None:
    """Raises RuntimeError where the judge's way through the network gives another loss than the network's own, for the same masks."""
    with torch.no_grad():
        torch.manual_seed(0)
        own = mae(images)
        torch.manual_seed(0)
        order = torch.rand(len(images), 49).argsort(1)
        keep, mask = order[:, round(RATIO * 49) :], torch.ones(len(images), 49, dtype=torch.bool)
        mask[torch.arange(len(images)).unsqueeze(1), keep] = False
        ours = ref.masked_loss(judged(images, keep, order), ref.patchify(images, Judged.patch), mask)
    if not math.isclose(own.item(), ours.item(), rel_tol=1e-4):
        raise RuntimeError(f"the judge does not see vit-pytorch's network as it is: its loss is {own.item():.6f}, seen from here {ours.item():.6f}")


def masked_autoencoder(contestant: str, seed: int, budget: float) -> tuple[Stopwatch, int]:
    """Assignment 02's task; quality is the held-out squared error per hidden pixel on masks that are the same for all."""
    ref, data = load("02_masked_autoencoder"), digits28()
    torch.manual_seed(seed)
    mae = None if contestant == "this course" else vit_pytorch_mae()
    model, average = Judged(mae) if mae else ref.MaskedAutoencoder(), data.train_x.mean(0)
    if mae:
        require_same_view(mae, model, ref, data.train_x[:8])
        torch.manual_seed(seed)
    watch = Stopwatch(lambda: hidden_error(ref, model, data.test_x, average)[0], budget, budget / 20)
    with watch.on_torch():
        if mae:
            train_vit_pytorch(mae, data.train_x, seed)
        else:
            ref.train_mae(model, data.train_x, steps=MANY, batch_size=BATCH, mask_ratio=RATIO, lr=LR, generator=torch.Generator().manual_seed(seed))
    watch.look(watch.used())
    return watch, count(model)


def train_vit_pytorch(mae: nn.Module, images: torch.Tensor, seed: int) -> None:
    """The loop of its README, until the clock ends it."""
    optimiser, stream = torch.optim.Adam(mae.parameters(), lr=LR), batches(images, BATCH, torch.Generator().manual_seed(seed))
    for _ in range(MANY):
        loss = mae(next(stream))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
