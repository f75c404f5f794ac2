"""Local check of the whole U-Net."""

import torch

from workbook.checks.saying import expect, expect_shape, fail
from workbook.checks.unet.modules import expect_device, expect_double, expect_examples_apart, expect_unchanged, normal, randomised
from workbook.checks.unet.paths import missing_levels


def UNet(names) -> None:
    """Shapes and sizes, skips at every level, the time, examples apart, weights that can be saved, float64, device."""
    for in_ch, multipliers, h, w in ((1, (1, 2), 8, 12), (3, (1, 1, 2), 8, 4), (1, (2,), 5, 7)):
        model = randomised(names.UNet(in_ch=in_ch, base=8, multipliers=multipliers, time_dim=16))
        x, t = normal(2, in_ch, h, w), torch.tensor([3, 700])
        kept = x.clone()
        what = f"UNet(in_ch={in_ch}, base=8, multipliers={multipliers}) of an image ({h} x {w})"
        y = expect_shape(model(x, t), (2, in_ch, h, w), what, torch.float32)
        expect_unchanged(kept, x)
        expect(y.isfinite().all(), "the result holds NaN or infinity", "finite numbers")
        expect_examples_apart(model, [x, t])
    _refuses_odd_sizes(names)
    _uses_the_time(names)
    _saves_everything(names)
    wild = randomised(names.UNet(base=8, multipliers=(1, 2), time_dim=16), 2.0)(normal(2, 1, 8, 8), torch.tensor([1, 2])).abs().max().item()
    expect(wild > 1.5, f"with large random weights no output exceeds {wild:.2f}", "an unbounded prediction: noise has no limits", "a tanh or sigmoid at the end")
    model = randomised(names.UNet(base=8, multipliers=(1, 2), time_dim=16))
    expect_double(model, [normal(2, 1, 8, 8), torch.tensor([1, 900])])
    expect_device(model, [normal(2, 1, 8, 8), torch.tensor([1, 900])])
    _has_its_skips(names)


def _refuses_odd_sizes(names) -> None:
    model = names.UNet(base=8, multipliers=(1, 2, 2), time_dim=16)
    for h, w in ((6, 8), (8, 6)):
        try:
            model(normal(1, 1, h, w), torch.tensor([1]))
        except ValueError:
            continue
        fail(f"three levels accept an image of {h} x {w}", "a ValueError: 4 does not divide both sizes", "only one of height and width is looked at, or neither", "conv-sizes")


def _uses_the_time(names) -> None:
    model = randomised(names.UNet(base=8, multipliers=(1, 2), time_dim=16))
    x = normal(1, 1, 8, 8)
    early, late = model(x, torch.tensor([2])), model(x, torch.tensor([600]))
    expect((early - late).abs().max() > 1e-4 * early.abs().max(), "the result is the same at t = 2 and t = 600", "the prediction depends on t",
           "the time vector does not reach the blocks, or a normalisation erases it", "timestep-embedding")


def _has_its_skips(names) -> None:
    model = randomised(names.UNet(base=8, multipliers=(1, 2, 2), time_dim=16), 0.2).double()
    x = normal(1, 1, 24, 40).double()
    missing = missing_levels(model, x, torch.tensor([300]), normal(1, 1, 24, 40, seed=2).double(), 3)
    if 2 in missing:
        fail("nothing flows through the lowest resolution", "the way through the bottom counts", "the result of the lowest level is not used", "skips")
    expect(not missing, f"no information crosses at 1/{2 ** (missing or [0])[0]} of full resolution without going lower", "a skip at every resolution above the lowest",
           "what was kept on the way down is not joined on the way up", "skips")


def _saves_everything(names) -> None:
    build = dict(base=8, multipliers=(1, 2), time_dim=16)
    model, fresh = randomised(names.UNet(**build)), names.UNet(**build)
    fresh.load_state_dict(model.state_dict())
    fresh.eval()
    x, t = normal(1, 1, 8, 8), torch.tensor([5])
    gap = (model(x, t) - fresh(x, t)).abs().max().item()
    expect(gap < 1e-5, f"a fresh UNet with the same state_dict answers differently (by {gap:.2g})", "all weights are in state_dict()",
           "layers in a plain Python list or dict: torch neither trains nor saves them; use nn.ModuleList")
