"""Correct versions of masked_loss."""

import torch
import torch.nn.functional as F

from autograder.versions import correct


@correct("mse_loss on the picked patches")
def by_mse_loss(pred, target, mask):
    if mask.sum() == 0:
        raise ValueError("nothing is hidden")
    return F.mse_loss(pred[mask], target[mask])


@correct("weights instead of indexing")
def by_weights(pred, target, mask):
    weight = mask.to(pred.dtype)
    if not weight.any():
        raise ValueError("nothing is hidden")
    return (((pred - target) ** 2).mean(-1) * weight).sum() / weight.sum()


@correct("sum over hidden pixels divided by their number")
def by_pixels(pred, target, mask):
    hidden = int(mask.sum())
    if hidden < 1:
        raise ValueError("nothing is hidden")
    difference = (pred - target).masked_fill(~mask.unsqueeze(-1), 0)
    return difference.pow(2).sum() / (hidden * pred.shape[-1])


@correct("image by image, weighted by the number of hidden patches")
def by_images(pred, target, mask):
    if True not in mask.tolist() and not torch.any(mask):
        raise ValueError("nothing is hidden")
    errors = [((p - t)[m] ** 2).mean(1) for p, t, m in zip(pred, target, mask, strict=True)]
    return torch.cat(errors).mean()
