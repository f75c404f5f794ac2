"""Local checks of assignment 02, one function per exercise, by theme."""

from workbook.checks.masked_autoencoder.masking import masked_loss, random_masking, sincos_positions
from workbook.checks.masked_autoencoder.network import MaskedAutoencoder
from workbook.checks.masked_autoencoder.patches import patchify, unpatchify
from workbook.checks.masked_autoencoder.probing import linear_probe
from workbook.checks.masked_autoencoder.training import puzzle_training, train_mae

__all__ = ["MaskedAutoencoder", "linear_probe", "masked_loss", "patchify", "puzzle_training", "random_masking", "sincos_positions", "train_mae", "unpatchify"]

POINTS = {  # of the exercises, in the notebook's order; a test compares them with the notebook
    "patchify": 4, "unpatchify": 4, "random_masking": 6, "sincos_positions": 3, "MaskedAutoencoder": 10, "masked_loss": 4, "train_mae": 6, "linear_probe":
    3,
}  # fmt: skip
