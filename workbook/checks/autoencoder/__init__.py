"""Local checks of the autoencoder notebook."""

from workbook.checks.autoencoder.linear import fit_pca, mse_loss, project, reconstruct
from workbook.checks.autoencoder.models import Autoencoder, ConvAutoencoder
from workbook.checks.autoencoder.spaces import largest_angle, nearest
from workbook.checks.autoencoder.training import train_autoencoder, train_denoiser

__all__ = ["fit_pca", "project", "reconstruct", "mse_loss", "largest_angle", "Autoencoder", "train_autoencoder", "nearest", "ConvAutoencoder", "train_denoiser"]
