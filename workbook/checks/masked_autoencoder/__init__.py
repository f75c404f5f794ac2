"""Local checks of assignment 02, one function per exercise, by theme."""

from workbook.checks.masked_autoencoder.masking import masked_loss, random_masking, sincos_positions
from workbook.checks.masked_autoencoder.network import MaskedAutoencoder
from workbook.checks.masked_autoencoder.patches import patchify, unpatchify
from workbook.checks.masked_autoencoder.probing import linear_probe
from workbook.checks.masked_autoencoder.training import puzzle_training, train_mae

__all__ = ["MaskedAutoencoder", "linear_probe", "masked_loss", "patchify", "puzzle_training", "random_masking", "sincos_positions", "train_mae", "unpatchify"]
