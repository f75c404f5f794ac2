"""Local checks of the Frechet distance and of the weights to hand in."""

from pathlib import Path

import torch

from workbook.checks.saying import expect, fail
from workbook.checks.unet.modules import normal

SAMPLES, STEPS, RECOGNISED, CLASSES, ERROR = 64, 20, 32, 6, 0.15


def frechet_distance(names) -> None:
    """One dimension, commuting and general covariances, symmetry, zero, singular covariances."""
    one = _distance(names, torch.tensor([0.0]), torch.tensor([[1.0]]), torch.tensor([3.0]), torch.tensor([[4.0]]))
    expect(abs(one - 10) < 1e-4, f"N(0, 1) and N(3, 4) are {one:.4f} apart", "9 + (1 - 2)^2 = 10", "standard deviations move apart, not variances; and the distance is squared", "frechet")
    zero, a, b = torch.zeros(3, dtype=torch.float64), torch.tensor([1.0, 4, 9]).double(), torch.tensor([4.0, 4, 1]).double()
    got = _distance(names, zero, a.diag(), zero, b.diag())
    expect(abs(got - 5) < 1e-6, f"for diagonal covariances with deviations (1, 2, 3) and (2, 2, 1) it is {got:.4f}", "1 + 0 + 4 = 5", "a factor or a root in the trace term", "frechet")
    root_a, root_b = normal(4, 4).double(), normal(4, 4, seed=2).double()
    cov_a, cov_b, mu_a, mu_b = root_a @ root_a.T, root_b @ root_b.T, normal(4, seed=3).double(), normal(4, seed=4).double()
    forth, back = _distance(names, mu_a, cov_a, mu_b, cov_b), _distance(names, mu_b, cov_b, mu_a, cov_a)
    nuclear = torch.linalg.matrix_norm(root_a.T @ root_b, "nuc")  # tr (A^(1/2) B A^(1/2))^(1/2) for any factors A = R R^T, B = S S^T
    want = ((mu_a - mu_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * nuclear).item()
    expect(abs(forth - back) < 1e-6 * want, f"{forth:.6f} one way and {back:.6f} the other", "a symmetric distance", see="frechet")
    expect(abs(forth - want) < 1e-6 * want, f"for covariances that do not commute it is {forth:.4f}", f"{want:.4f}",
           "the root of a matrix is not the root of its entries, and A^(1/2) B^(1/2) is not (A^(1/2) B A^(1/2))^(1/2)", "frechet")
    thin = torch.outer(mu_a, mu_a)
    for what, cov in (("equal arguments", cov_a), ("equal arguments with a singular covariance", thin), ("two zero covariances", torch.zeros_like(cov_a))):
        same = _distance(names, mu_a, cov, mu_a, cov)
        expect(0 <= same < 1e-3, f"for {what} it is {same:.3g}", "0, and never below", "clamp the eigenvalues before the root and the distance at the end", "frechet")
    flat = _distance(names, zero, torch.tensor([1.0, 0, 0]).double().diag(), zero, torch.tensor([0.0, 1, 0]).double().diag())
    expect(abs(flat - 2) < 1e-3, f"for N(0, diag(1, 0, 0)) and N(0, diag(0, 1, 0)) it is {flat:.4f}", "2", see="frechet")


def _distance(names, *moments: torch.Tensor) -> float:
    kept = [value.clone() for value in moments]
    value = names.frechet_distance(*moments)
    expect(all(torch.equal(a, b) for a, b in zip(kept, moments, strict=True)), "an argument has changed during the call", "inputs stay as they are")
    if isinstance(value, complex) or (isinstance(value, torch.Tensor) and value.is_complex()):
        fail("the distance is a complex number", "a real number", "the product of two covariances is not symmetric: take the root of the symmetric form", "frechet")
    number = float(value)
    expect(number == number and abs(number) != float("inf"), f"the distance is {number}", "a finite number", "the root of a slightly negative eigenvalue", "frechet")
    return number


def weights(names, path: str = "unet.safetensors") -> None:
    """The file beside the notebook: loads into UNet, predicts noise on held-out digits (shuffled weights don't), its samples are recognised."""
    from workbook.diffusion import angle_schedule, clipped_sampler, load_unet
    from workbook.judge import Judge

    if not Path(path).is_file():
        raise NotImplementedError(f"there is no {path} beside this notebook. Run the cell above, which writes it.")
    expect(Path(path).stat().st_size <= 16_000_000, f"{path} has {Path(path).stat().st_size / 1e6:.1f} MB", "at most 16 MB", "a wider network than the exercise allows")
    try:
        model = load_unet(names.UNet, path)
    except Exception as error:
        fail(f"loading {path} into UNet raises {type(error).__name__}: {str(error)[:300]}", "weights that save_unet wrote, for the UNet as it stands now", "UNet was changed after the weights were saved")
    expect(all(value.isfinite().all() for value in model.state_dict().values()), "some weights are NaN or infinite", "finite weights", "training diverged: a smaller lr")
    count = sum(value.numel() for value in model.state_dict().values())
    expect(count <= 4_000_000, f"the network has {count:,} weights", "at most 4,000,000", "a wider network than the exercise allows")
    error = _error_on_unseen_digits(model)
    expect(error <= ERROR, f"on digits that were held out the predicted noise has a mean squared error of {error:.3f}", f"at most {ERROR}", "more training, or other weights were saved than those that were trained", "simple-loss")
    samples = clipped_sampler(model, (SAMPLES, 1, 28, 28), angle_schedule(1000), STEPS, torch.Generator().manual_seed(0))
    probabilities, kinds = Judge.load(28).probabilities((samples + 1) / 2).max(1)
    sure = probabilities > 0.9
    expect(int(sure.sum()) >= RECOGNISED, f"{int(sure.sum())} of {SAMPLES} samples are recognised as a digit", f"at least {RECOGNISED}", "more training: see the hints")
    expect(len(kinds[sure].unique()) >= CLASSES, f"only {len(kinds[sure].unique())} different digits among the recognised samples", f"at least {CLASSES}", "the model draws the same few digits again and again")
    expect(_error_on_unseen_digits(_shuffled(model)) > ERROR, "with the same weights in another order UNet predicts the noise as well", "a network that knows what it knows from its weights")


weights.needs = "UNet"


@torch.no_grad()
def _error_on_unseen_digits(model) -> float:
    """Mean squared error of the predicted noise on 100 held-out digits, each at a time of its own."""
    from workbook.data import digits28
    from workbook.diffusion import angle_schedule

    x0, t = digits28().test_x[:100] * 2 - 1, torch.linspace(5, 1000, 100).long()
    eps, alpha_bar = normal(*x0.shape, seed=6), angle_schedule(1000).alpha_bar[t].view(-1, 1, 1, 1)
    return (model(alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps, t) - eps).square().mean().item()


def _shuffled(model):
    """The module with the values of every parameter in another order."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.flatten()[torch.randperm(parameter.numel(), generator=generator)].view_as(parameter))
    return model
