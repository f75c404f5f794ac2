"""Local checks of assignment 05: blocks, the network, training and measuring."""

from workbook.checks.unet.blocks import Down, SelfAttention2d, TimeResBlock, Up
from workbook.checks.unet.measuring import frechet_distance, weights
from workbook.checks.unet.network import UNet
from workbook.checks.unet.training import ema_update, train_briefly, train_unet

__all__ = ["Down", "SelfAttention2d", "TimeResBlock", "UNet", "Up", "ema_update", "frechet_distance", "train_briefly", "train_unet", "weights"]

POINTS = {  # of the exercises, in the notebook's order; a test compares them with the notebook
    "TimeResBlock": 4, "Down": 1, "Up": 2, "SelfAttention2d": 4, "UNet": 5, "ema_update": 2, "train_unet": 5, "frechet_distance": 3, "weights": 4,
}  # fmt: skip
