"""Correct versions of random_masking."""

import torch

from autograder.versions import correct


@correct("the inverse by scatter, the mask by scatter too")
def by_scatter(scores, mask_ratio):
    n, length = scores.shape
    hidden = round(length * mask_ratio)
    if mask_ratio < 0 or mask_ratio >= 1 or hidden >= length:
        raise ValueError("nothing would stay visible")
    order = torch.sort(scores, dim=-1).indices
    restore = torch.empty_like(order).scatter_(1, order, torch.arange(length, device=scores.device).expand(n, -1).contiguous())
    keep = order[:, : length - hidden]
    mask = torch.ones(n, length, dtype=torch.bool, device=scores.device).scatter_(1, keep, False)
    return keep, mask, restore


@correct("ranks by counting smaller scores")
def by_ranks(scores, mask_ratio):
    length = scores.size(1)
    kept = length - round(mask_ratio * length)
    if not 0 <= mask_ratio < 1 or not kept:
        raise ValueError("nothing would stay visible")
    rank = (scores.unsqueeze(2) > scores.unsqueeze(1)).sum(2)
    keep = torch.sort(rank, dim=1)[1][:, :kept]
    return keep, rank.ge(kept), rank


@correct("row by row in Python lists")
def by_rows(scores, mask_ratio):
    length = scores.shape[1]
    kept = length - round(mask_ratio * length)
    if not 0 <= mask_ratio < 1 or kept < 1:
        raise ValueError("nothing would stay visible")
    keep, mask, restore = [], [], []
    for row in scores.tolist():
        order = sorted(range(length), key=row.__getitem__)
        ranks = [0] * length
        for place, token in enumerate(order):
            ranks[token] = place
        keep.append(order[:kept])
        mask.append([rank >= kept for rank in ranks])
        restore.append(ranks)
    place = scores.device
    return torch.tensor(keep, device=place), torch.tensor(mask, device=place), torch.tensor(restore, device=place)


@correct("topk for the kept ones, a list as result")
def by_topk(scores, mask_ratio):
    length = scores.shape[1]
    if not 0 <= mask_ratio < 1:
        raise ValueError("ratio out of range")
    kept = length - round(mask_ratio * length)
    if kept <= 0:
        raise ValueError("nothing would stay visible")
    keep = scores.topk(kept, dim=1, largest=False, sorted=True).indices
    restore = scores.argsort(dim=1).argsort(dim=1)
    threshold = scores.gather(1, keep[:, -1:])
    return [keep, scores > threshold, restore]
