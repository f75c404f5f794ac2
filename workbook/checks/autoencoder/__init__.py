"""Local checks of the autoencoder notebook."""

from workbook.checks.autoencoder.linear import fit_pca, mse_loss, project, reconstruct
from workbook.checks.autoencoder.models import Autoencoder, ConvAutoencoder
from workbook.checks.autoencoder.spaces import largest_angle, nearest
from workbook.checks.autoencoder.training import train_autoencoder, train_denoiser

__all__ = ["fit_pca", "project", "reconstruct", "mse_loss", "largest_angle", "Autoencoder", "train_autoencoder", "nearest", "ConvAutoencoder", "train_denoiser"]

POINTS = {  # of the exercises, in the notebook's order; a test compares them with the notebook
    "fit_pca": 5, "project": 3, "reconstruct": 3, "mse_loss": 2, "largest_angle": 5, "Autoencoder": 6, "train_autoencoder": 6, "nearest": 4,
    "ConvAutoencoder": 6,
}  # fmt: skip
