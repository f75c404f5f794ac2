"""Local checks of the noise schedules."""

import torch

from workbook.checks.ddpm.tools import expect, expect_shape, fail, small_schedule, untouched
from workbook.schedule import NoiseSchedule

SEE = "schedules"


def _array(got, T: int, what: str) -> torch.Tensor:
    got = expect_shape(got, (T + 1,), what)
    expect(got.dtype in (torch.float32, torch.float64), f"{what} is {got.dtype}", "float32 or float64")
    expect(got[0].item() == 0, f"{what}: entry 0 is {got[0].item():.4g}", "0, because the clean data carry no noise", "the array starts with t = 1 instead of t = 0", SEE)
    return got.double()


def linear_betas(names):
    """Ends, equal steps, defaults."""
    got = _array(names.linear_betas(5, 0.1, 0.5), 5, "linear_betas(5, 0.1, 0.5)")
    expect(abs(got[1].item() - 0.1) < 1e-6, f"beta[1] is {got[1].item():.4f} for start=0.1", "0.1", "the line starts at index 0, or not at `start`", SEE)
    expect(abs(got[5].item() - 0.5) < 1e-6, f"beta[5] is {got[5].item():.4f} for T = 5 and end=0.5", "0.5", "the last value is left out", SEE)
    steps = got[1:].diff()
    expect((steps - 0.1).abs().max() < 1e-6, f"the betas rise by {[round(v, 4) for v in steps.tolist()]}", "by 0.1 each time", "something is squared, or scaled", SEE)
    usual = _array(names.linear_betas(1000), 1000, "linear_betas(1000)")
    expect(abs(usual[1].item() - 1e-4) < 1e-8 and abs(usual[1000].item() - 0.02) < 1e-7, f"linear_betas(1000) runs from {usual[1].item():.4g} to {usual[1000].item():.4g}", "0.0001 to 0.02", see=SEE)
    short = _array(names.linear_betas(2), 2, "linear_betas(2)")
    expect(abs(short[2].item() - 0.02) < 1e-7, f"linear_betas(2) ends at {short[2].item():.4g}", "0.02, whatever T is", "the betas are rescaled by T", SEE)


def cosine_betas(names):
    """Angles of 18, 36, 54, 72, 90 degrees, whose cosines are known; the bound; the default."""
    got = _array(names.cosine_betas(4, 0.25), 4, "cosine_betas(4, 0.25)")  # (t/4 + 0.25)/1.25 * 90 degrees = (t + 1) * 18 degrees
    root5 = 5**0.5
    squares = [(5 + root5) / 8, (3 + root5) / 8, (5 - root5) / 8, (3 - root5) / 8]  # squared cosines of 18, 36, 54, 72 degrees
    for t in (1, 2, 3):
        want = 1 - squares[t] / squares[t - 1]
        expect(abs(got[t].item() - want) < 1e-5, f"beta[{t}] is {got[t].item():.4f} for T = 4 and s = 0.25", f"{want:.4f}",
               "the square, the offset s, the division by 1 + s or the ratio of neighbours", SEE)  # fmt: skip
    expect(abs(got[4].item() - 0.999) < 1e-5, f"beta[4] is {got[4].item():.6f} for T = 4", "0.999, the bound: alpha_bar[T] would be 0", "the betas are not bounded, or something else is", SEE)
    default, given = names.cosine_betas(50), names.cosine_betas(50, 0.008)
    expect(torch.allclose(_array(default, 50, "cosine_betas(50)"), given.double(), atol=1e-7), "without s the betas are others than with s = 0.008", "the same", see=SEE)


def make_schedule(names):
    """A schedule worked out by precisions, the worked example, dtype, no change in place."""
    for dtype in (torch.float64, torch.float32):
        want = small_schedule(dtype=dtype)
        betas = want.beta.clone()
        got = names.make_schedule(betas)
        untouched({"betas": betas}, {"betas": want.beta})
        if not isinstance(got, NoiseSchedule):
            fail(f"make_schedule returns a {type(got).__name__}", "a NoiseSchedule")
        _compare(got, want, dtype)


def _compare(got: NoiseSchedule, want: NoiseSchedule, dtype: torch.dtype) -> None:
    sees = {"beta": SEE, "alpha": SEE, "alpha_bar": SEE, "posterior_variance": "forward-posterior"}
    causes = {"alpha_bar": "it is a product of alphas, the one at t included", "posterior_variance": "the fraction of two (1 - alpha_bar), or its first two entries"}
    for name, see in sees.items():
        array = expect_shape(getattr(got, name), (6,), name, dtype)
        expect(torch.isfinite(array).all(), f"{name} holds {array.tolist()}", "finite numbers", "0/0 at t = 0", see)
        off = (array - getattr(want, name)).abs()
        if off.max() > 1e-5:
            t = int(off.argmax())
            fail(f"{name}[{t}] is {array[t].item():.4f} for betas {[round(b, 2) for b in want.beta.tolist()]}", f"{getattr(want, name)[t].item():.4f}", causes.get(name), see)
