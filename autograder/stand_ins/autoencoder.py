"""Stand-ins for exercises of assignment 01. Nothing here is secret."""


def mse_loss(x_hat, x):
    """A scalar, 0 for equal images and growing with their distance: the mean of cosh(difference) - 1."""
    return 1.3 * ((x_hat - x).cosh() - 1).mean()
