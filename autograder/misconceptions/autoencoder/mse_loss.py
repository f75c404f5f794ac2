"""Wrong versions of mse_loss."""

import torch

from autograder.versions import misconception


@misconception("You sum over all pixels and images: divide by their number, the mean.", see="reductions")
def summed(x_hat, x):
    return (x_hat - x).square().sum()


@misconception("You sum over the pixels and average over the images only: the loss is d times too large. Average over both.", see="reductions")
def summed_over_pixels(x_hat, x):
    return (x_hat - x).square().flatten(1).sum(1).mean()


@misconception("You average over the pixels and sum over the images: the loss grows with the batch. Average over both.", see="reductions")
def summed_over_batch(x_hat, x):
    return (x_hat - x).square().flatten(1).mean(1).sum()


@misconception("You take the root of the error: the mean squared error has none.", see="reductions")
def rooted(x_hat, x):
    return (x_hat - x).square().mean().sqrt()


@misconception("You take absolute values where the differences should be squared.", see="reductions")
def absolute(x_hat, x):
    return (x_hat - x).abs().mean()


@misconception("Your loss is half of the mean squared error: there is no factor 1/2 here.", see="reductions")
def halved(x_hat, x):
    return 0.5 * (x_hat - x).square().mean()


@misconception("You square the mean difference: errors of opposite sign cancel. Square first, then average.", see="reductions")
def squared_mean(x_hat, x):
    return (x_hat - x).mean().square()


@misconception("Your loss is one number per image: average over the batch too.", see="reductions")
def one_per_image(x_hat, x):
    return (x_hat - x).square().flatten(1).mean(1)


@misconception("You divide by 64 whatever the size of the images: divide by the number of entries that came.", see="reductions")
def divides_by_64(x_hat, x):
    return (x_hat - x).square().sum() / (64 * len(x))


@misconception("You divide by one less than the number of entries: that is the variance's correction, a mean divides by the number.", see="reductions")
def divides_by_one_less(x_hat, x):
    return (x_hat - x).square().sum() / (x.numel() - 1)


@misconception("Your loss is a plain number without a gradient: nothing can learn from it. Keep it a tensor (no .item(), no detach).", see="reductions")
def no_gradient(x_hat, x):
    return (x_hat.detach() - x).square().mean()


@misconception("Your function subtracts in place and so changes the caller's images.", see="reductions")
def changes_input(x_hat, x):
    with torch.no_grad():
        x_hat -= x
    return x_hat.square().mean()
