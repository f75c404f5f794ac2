"""Local checks of the U-Net's parts."""

import torch

from workbook.checks.saying import expect, expect_shape, fail
from workbook.checks.unet.modules import expect_device, expect_double, expect_examples_apart, expect_residual, expect_unchanged, normal, randomised


def TimeResBlock(names) -> None:
    """Shapes, the residual path, the time's power over every channel, examples apart, float64."""
    for in_ch, out_ch in ((8, 16), (16, 16), (24, 8)):
        block = randomised(names.TimeResBlock(in_ch, out_ch, 12))
        x = normal(2, in_ch, 6, 5)
        kept = x.clone()
        y = expect_shape(block(x, normal(2, 12)), (2, out_ch, 6, 5), f"TimeResBlock({in_ch}, {out_ch}, 12) of an image (2, {in_ch}, 6, 5)", torch.float32)
        expect_unchanged(kept, x)
        expect(y.isfinite().all(), "the result holds NaN or infinity", "finite numbers")
        _time_moves_every_channel(block, x)
        expect_examples_apart(block, [normal(3, in_ch, 6, 5), normal(3, 12)])
        expect_residual(names.TimeResBlock(in_ch, out_ch, 12), lambda seed, c=in_ch: [normal(2, c, 6, 6, seed=seed), normal(2, 12, seed=seed)],
                        "the input is not added to the result" + (" where the channel counts differ (a 1x1 convolution makes them agree)" if in_ch != out_ch else ""))
    expect_double(block, [x, normal(2, 12)])


def _time_moves_every_channel(block, x: torch.Tensor) -> None:
    one, other = (block(x, normal(len(x), 12, seed=seed)) for seed in (3, 4))
    moved = (one - other).abs().amax((0, 2, 3)) / (1e-6 + one.abs().max())
    still = int((moved < 1e-4).sum())
    if still == len(moved):
        fail("another time vector gives the same result", "the time moves every output channel",
             "emb is not used, or a normalisation with one channel per group, right after the shift, subtracts it again", "residual-block")
    expect(still == 0, f"{still} of {len(moved)} output channels do not move with the time", "the time moves every output channel",
           "the shift reaches some channels only", "residual-block")


def Down(names) -> None:
    """Half the size, the same channels, and no pixel dropped unseen."""
    for ch, h, w in ((8, 28, 28), (16, 6, 10)):
        down = randomised(names.Down(ch))
        x = normal(2, ch, h, w)
        kept = x.clone()
        expect_shape(down(x), (2, ch, h // 2, w // 2), f"Down({ch}) of an image ({h} x {w})", torch.float32)
        expect_unchanged(kept, x)
        expect_examples_apart(down, [normal(3, ch, h, w)])
    if not list(down.parameters()):
        _every_pixel_counts(down, x)
    expect_double(down, [x])


def _every_pixel_counts(down, x: torch.Tensor) -> None:
    """A layer without weights must be a pooling: each pixel of a 2x2 window can change the result, made very large or very small."""
    before = down(x)
    for row in (0, 1):
        for column in (0, 1):
            counts = False
            for size in (100.0, -100.0):
                probe = x.clone()
                probe[:, :, 2 + row, 2 + column] = size
                counts = counts or not torch.allclose(down(probe), before)
            expect(counts, f"the pixel in row {2 + row}, column {2 + column} never counts", "a learned layer or a pooling: no pixel is dropped unseen",
                   "every second pixel is taken and the rest thrown away", "conv-sizes")


def Up(names) -> None:
    """Twice the size, the same channels, and a transposed convolution's fingerprint."""
    for ch, h, w in ((8, 14, 14), (16, 3, 5)):
        up = randomised(names.Up(ch))
        x = normal(2, ch, h, w)
        kept = x.clone()
        expect_shape(up(x), (2, ch, 2 * h, 2 * w), f"Up({ch}) of an image ({h} x {w})", torch.float32)
        expect_unchanged(kept, x)
        expect_examples_apart(up, [normal(3, ch, h, w)])
    expect_double(up, [x])
    flat = randomised(names.Up(8))(torch.ones(1, 8, 16, 16))[:, :, 12:20, 12:20]
    phases = torch.stack([flat[:, :, row::2, column::2] for row in (0, 1) for column in (0, 1)])
    spread = (phases - phases.mean(0)).abs().max() / (1e-6 + flat.abs().max())
    expect(spread > 1e-3, "with random weights, a constant image comes out without a checkerboard",
           "a transposed convolution, whose random weights treat odd and even pixels differently",
           "an interpolation followed by a convolution: a good layer, but not the one this exercise asks for", "transposed-conv")


def SelfAttention2d(names) -> None:
    """Shape, heads, residual path, every position sees every other, no scrambled order, examples apart."""
    try:
        names.SelfAttention2d(8, heads=3)
    except ValueError:
        pass
    else:
        fail("SelfAttention2d(8, heads=3) raises nothing", "a ValueError: 3 heads do not divide 8 channels")
    for ch, heads, h, w in ((16, 4, 4, 6), (8, 1, 5, 3), (24, 3, 4, 4)):
        layer = randomised(names.SelfAttention2d(ch, heads))
        x = normal(2, ch, h, w)
        kept = x.clone()
        y = expect_shape(layer(x), (2, ch, h, w), f"SelfAttention2d({ch}, {heads}) of an image ({h} x {w})", torch.float32)
        expect_unchanged(kept, x)
        expect_examples_apart(layer, [normal(3, ch, h, w)])
        _sees_everything(layer, x)
        order = torch.randperm(h * w, generator=torch.Generator().manual_seed(5))
        moved = layer(x.flatten(2)[:, :, order].view_as(x))
        gap = (moved - y.flatten(2)[:, :, order].view_as(y)).abs().max() / y.abs().max()
        expect(gap < 1e-3, f"shuffling the positions of x does not shuffle the result alike (relative difference {gap.item():.2g})", "no position is special",
               "a reshape where a transpose was needed: (n, c, h*w) reshaped to (n, h*w, c) mixes channels with positions", "attention")
        expect_residual(names.SelfAttention2d(ch, heads), lambda seed, c=ch: [normal(2, c, 4, 4, seed=seed)], "x is not added to the attended values")
    expect_double(layer, [x])
    expect_device(layer, [x])


def _sees_everything(layer, x: torch.Tensor) -> None:
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(layer(x)[:, :, 0, 0].square().sum(), x)
    blind = int((gradient.abs().amax((0, 1)) < 1e-10).sum())
    expect(blind == 0, f"the result at row 0, column 0 does not depend on {blind} of the {x.shape[2] * x.shape[3]} positions", "every position sees every other",
           "attention along a row, a column or the batch instead of over all positions", "attention")
