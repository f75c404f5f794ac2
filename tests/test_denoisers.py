"""The predictors that assignment 04 is given: the exact one is minus sqrt(1 - alpha_bar) times the score, the untrained one is the best linear one near T."""

import torch

from autograder.reference import load
from workbook.denoisers import DigitDenoiser, ExactNoise, Mixture, ToyDenoiser, sliced_distance, spiral

REF = load("04_ddpm")
SCHEDULE = REF.make_schedule(REF.cosine_betas(50))


def test_exact_noise_follows_from_the_score_of_the_mixture():
    toy = Mixture(torch.tensor([[1.0, 0.5], [-1.0, 0.0], [0.3, -1.2]], dtype=torch.float64), 0.2)
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    for t in (1, 10, 25, 50):
        left = SCHEDULE.alpha_bar[t]
        spread = (left * toy.std**2 + 1 - left).sqrt()
        density = torch.distributions.Normal(left.sqrt() * toy.centres, spread).log_prob(x[:, None]).sum(2).logsumexp(1)
        (score,) = torch.autograd.grad(density.sum(), x)
        got = ExactNoise(toy, SCHEDULE)(x, torch.full((50,), t))
        assert torch.allclose(got, -(1 - left).sqrt() * score, rtol=1e-9, atol=1e-9)


def test_linear_guess_is_the_posterior_mean_for_gaussian_data():
    data = torch.randn(400, 64, generator=torch.Generator().manual_seed(1)) @ torch.randn(64, 64, generator=torch.Generator().manual_seed(2)) / 8 + 0.3
    model = DigitDenoiser(REF.timestep_embedding, SCHEDULE, data)
    x = torch.randn(7, 64, generator=torch.Generator().manual_seed(3))
    for left in (0.9, 0.5, 0.01):
        covariance, mean = torch.cov(data.T.double()), data.double().mean(0)
        gain = left**0.5 * torch.linalg.solve(left * covariance + (1 - left) * torch.eye(64, dtype=torch.float64), covariance).T
        want = mean + (x.double() - left**0.5 * mean) @ gain.T
        got = model.linear(x, torch.full((7, 1), left))
        assert torch.allclose(got.double(), want, atol=1e-3)


def test_untrained_network_adds_nothing_and_knows_the_noise_at_the_end():
    data = 2 * torch.rand(300, 64, generator=torch.Generator().manual_seed(1)) - 1
    model = DigitDenoiser(REF.timestep_embedding, SCHEDULE, data)
    eps, t = torch.randn(300, 64, generator=torch.Generator().manual_seed(4)), torch.full((300,), 50)
    assert torch.allclose(model(REF.add_noise(data, t, eps, SCHEDULE), t), eps, atol=0.01)
    assert model.rest(data, data, t).abs().max() == 0


def test_toy_network_answers_for_every_point():
    assert ToyDenoiser(REF.timestep_embedding)(torch.randn(5, 2), torch.tensor([1, 2, 3, 4, 5])).shape == (5, 2)


def test_distance_of_clouds_is_zero_for_the_same_cloud_and_the_shift_for_a_shifted_one():
    points = spiral().draw(100, torch.Generator().manual_seed(0))
    assert sliced_distance(points, points[torch.randperm(100)]) < 1e-6
    assert abs(sliced_distance(points, points + torch.tensor([1.0, 0.0])) - 2 / torch.pi) < 0.01
