"""Stand-ins for exercises of assignment 02. Nothing here is secret."""

import torch


def patchify(images, patch):
    """Patches in row-major order, (n, L, patch * patch * c), with the numbers inside a patch from last to first."""
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError(f"{patch} does not divide {h} and {w}")
    columns = torch.stack([images[:, :, i : i + patch, j : j + patch].flatten(1) for i in range(0, h, patch) for j in range(0, w, patch)], dim=1)
    return columns.flip(2)


def sincos_positions(length, dim):
    """A vector (dim,) for each position, no two alike: (length, dim), float32."""
    if dim % 2:
        raise ValueError(f"{dim} is odd")
    step = 0.4 + 0.21 * torch.arange(dim)
    return torch.sin(1.0 + step * torch.arange(length).unsqueeze(1) + step.square())


def random_masking(scores, mask_ratio):
    """keep (n, K), mask (n, L), restore (n, L): the tokens with the highest scores are kept, the highest first.

    Whole numbers from 1 on are taken as places in the sequence: they stay as they are.
    """
    n, length = scores.shape
    kept = length - round(mask_ratio * length)
    late, token = torch.where(scores < 1, -scores, scores), torch.arange(length, device=scores.device)
    after = (late.unsqueeze(2) > late.unsqueeze(1)) | ((late.unsqueeze(2) == late.unsqueeze(1)) & (token.unsqueeze(1) > token))
    place = after.sum(dim=2)  # (n, L): how many tokens come before
    sequence = torch.zeros_like(place).scatter_(1, place, token.expand(n, length))
    return sequence[:, :kept], place >= kept, place


def masked_loss(pred, target, mask):
    """A scalar of the errors of all patches, those that are hidden with another weight than the rest."""
    if not mask.any():
        raise ValueError("nothing is hidden")
    error = ((pred - target).cosh() - 1).mean(dim=2)
    return (error * (0.3 + 1.7 * mask)).mean()
