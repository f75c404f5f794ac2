"""The measured figures of assignment 03 over three seeds.

    python -m solutions.figures.vae [SEED ...]

Trains the reference, a 64-32-2-32-64 VAE (4,420 parameters), on 1,500 of the 8x8 digits, one thread, and prints two markdown tables. The first is of the
model of the notebook: negative ELBO per held-out image (20 codes each, KL weight 1), its two halves, the importance-weighted bound with 500 codes, what
remains without any code, and CPU seconds of training; at most 24.8 nats are asked. The second compares three weights of the KL on the same ruler.
"""

import sys
import time

import torch

from autograder.reference import load
from workbook.data import digits8

STEPS, DRAWS, CODES, BARRIER = 3000, 20, 500, 24.8
BETAS, BETA_STEPS = (0.5, 1.0, 4.0), 2000


@torch.no_grad()
def halves(ref, model, x, seed: int = 1) -> tuple[float, float]:
    """Reconstruction and KL in nats per image; their sum is the negative ELBO, estimated with DRAWS codes per image."""
    generator = torch.Generator().manual_seed(seed)
    parts = [ref.elbo(model, x, torch.randn(len(x), model.latent_dim, generator=generator))[1:] for _ in range(DRAWS)]
    return -torch.stack([part[0] for part in parts]).mean().item(), parts[0][1].mean().item()


@torch.no_grad()
def tight(ref, model, x, seed: int = 1) -> float:
    """The importance-weighted estimate of -log p(x) in nats per image, CODES codes each."""
    mu, logvar = model.encode(x)
    q, prior = torch.distributions.Normal(mu, (0.5 * logvar).exp()), torch.distributions.Normal(0.0, 1.0)
    z = mu + q.stddev * torch.randn(CODES, *mu.shape, generator=torch.Generator().manual_seed(seed))
    log_p = torch.stack([ref.bernoulli_log_likelihood(model.decode(codes), x) for codes in z]) + prior.log_prob(z).sum(-1)
    return -ref.iwae_bound(log_p, q.log_prob(z).sum(-1)).mean().item()


def without_code(ref, data) -> float:
    """Nats per held-out image where every pixel has the training images' average grey."""
    average = data.train_x.mean(0).clamp(1e-4, 1 - 1e-4)
    return -ref.bernoulli_log_likelihood(torch.logit(average).expand_as(data.test_x), data.test_x).mean().item()


def trained(ref, data, seed: int, steps: int, beta: float = 1.0):
    """A model trained from a seed, and the CPU seconds that it took."""
    torch.manual_seed(seed)
    model = ref.VAE()
    began = time.process_time()
    ref.train_vae(model, data.train_x, steps=steps, beta=beta, generator=torch.Generator().manual_seed(seed))
    return model, time.process_time() - began


def main(seeds: list[int]) -> int:
    """Print the tables; 1 where a seed misses the mark."""
    torch.set_num_threads(1)
    ref, data = load("03_vae"), digits8()
    print(f"{STEPS} steps of 128 images, seeds {', '.join(map(str, seeds))}, {len(data.test_x)} held-out images, one CPU thread, torch {torch.__version__}\n")
    print("| seed | negative ELBO | asked | reconstruction | KL | 500 codes | without a code | CPU s |\n" + "| --: " * 8 + "|")
    missed = 0
    for seed in seeds:
        model, seconds = trained(ref, data, seed, STEPS)
        reconstruction, kl = halves(ref, model, data.test_x)
        missed += reconstruction + kl > BARRIER
        cells = (reconstruction, kl, tight(ref, model, data.test_x), without_code(ref, data))
        print(f"| {seed} | {reconstruction + kl:.2f} | {BARRIER} | " + " | ".join(f"{cell:.2f}" for cell in cells) + f" | {seconds:.1f} |", flush=True)
    print(f"\n{BETA_STEPS} steps each\n\n| beta | seed | negative ELBO | reconstruction | KL |\n" + "| --: " * 5 + "|")
    for beta in BETAS:
        for seed in seeds:
            reconstruction, kl = halves(ref, trained(ref, data, seed, BETA_STEPS, beta)[0], data.test_x)
            print(f"| {beta} | {seed} | {reconstruction + kl:.2f} | {reconstruction:.2f} | {kl:.2f} |", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]] or [0, 1, 2]))
