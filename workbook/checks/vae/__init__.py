"""Local checks of assignment 03."""

from workbook.checks.vae.bound import active_units, beta_vae_loss, elbo, friends_loss, iwae_bound, kl_weight
from workbook.checks.vae.drawing import generate, interpolate
from workbook.checks.vae.gaussians import gaussian_kl, gaussian_log_likelihood, reparameterize
from workbook.checks.vae.network import VAE
from workbook.checks.vae.pixels import bernoulli_log_likelihood
from workbook.checks.vae.training import train_vae

__all__ = [
    "VAE", "active_units", "bernoulli_log_likelihood", "beta_vae_loss", "elbo", "friends_loss", "gaussian_kl", "gaussian_log_likelihood", "generate",
    "interpolate", "iwae_bound", "kl_weight", "reparameterize", "train_vae",
]  # fmt: skip

POINTS = {  # of the exercises, in the notebook's order; a test compares them with the notebook
    "gaussian_kl": 8, "reparameterize": 6, "bernoulli_log_likelihood": 8, "gaussian_log_likelihood": 6, "VAE": 10, "elbo": 12, "beta_vae_loss": 4,
    "kl_weight": 4, "train_vae": 14, "generate": 8, "interpolate": 6, "active_units": 6, "iwae_bound": 8,
}  # fmt: skip
