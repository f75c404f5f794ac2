"""Wrong versions of random_masking."""

import torch

from autograder.versions import misconception


@misconception("Your restore is the sorting order itself; undoing the shuffle takes its inverse, the rank of every token.", see="random-masking")
def restore_is_the_order(scores, mask_ratio):
    length = scores.shape[1]
    kept = length - round(mask_ratio * length)
    if not 0 <= mask_ratio < 1 or kept < 1:
        raise ValueError("nothing would stay visible")
    order = scores.argsort(dim=1)
    return order[:, :kept], order.argsort(dim=1) >= kept, order


@misconception("You keep the tokens of highest score; the lowest stay visible.", see="random-masking")
def keeps_the_highest(scores, mask_ratio):
    length = scores.shape[1]
    kept = length - round(mask_ratio * length)
    if not 0 <= mask_ratio < 1 or kept < 1:
        raise ValueError("nothing would stay visible")
    order = scores.argsort(dim=1, descending=True)
    restore = order.argsort(dim=1)
    return order[:, :kept], restore >= kept, restore


@misconception("Your mask is True for visible tokens; True means hidden.", see="random-masking")
def mask_inverted(scores, mask_ratio):
    length = scores.shape[1]
    kept = length - round(mask_ratio * length)
    if not 0 <= mask_ratio < 1 or kept < 1:
        raise ValueError("nothing would stay visible")
    order = scores.argsort(dim=1)
    restore = order.argsort(dim=1)
    return order[:, :kept], restore < kept, restore


@misconception("Your mask is in the sorted order, where the hidden ones come last; it has to be gathered back into image order.", see="random-masking")
def mask_in_sorted_order(scores, mask_ratio):
    n, length = scores.shape
    kept = length - round(mask_ratio * length)
    if not 0 <= mask_ratio < 1 or kept < 1:
        raise ValueError("nothing would stay visible")
    order = scores.argsort(dim=1)
    mask = (torch.arange(length, device=scores.device) >= kept).expand(n, length)
    return order[:, :kept], mask, order.argsort(dim=1)


@misconception("You count the visible tokens by cutting off, int((1 - r) L); K is L minus the rounded number of hidden ones.", see="random-masking")
def visible_cut_off(scores, mask_ratio):
    length = scores.shape[1]
    kept = int(length * (1 - mask_ratio))
    if not 0 <= mask_ratio < 1 or length - round(mask_ratio * length) < 1:
        raise ValueError("nothing would stay visible")
    order = scores.argsort(dim=1)
    restore = order.argsort(dim=1)
    return order[:, :kept], restore >= kept, restore


@misconception("You cut off the number of hidden tokens, int(r L); it is to be rounded.", see="random-masking")
def hidden_cut_off(scores, mask_ratio):
    length = scores.shape[1]
    kept = length - int(mask_ratio * length)
    if not 0 <= mask_ratio < 1 or length - round(mask_ratio * length) < 1:
        raise ValueError("nothing would stay visible")
    order = scores.argsort(dim=1)
    restore = order.argsort(dim=1)
    return order[:, :kept], restore >= kept, restore


@misconception("Your keep is sorted by index, but restore counts places in the order of the scores: kept tokens come by ascending score.", see="random-masking")
def keep_sorted_by_index(scores, mask_ratio):
    length = scores.shape[1]
    kept = length - round(mask_ratio * length)
    if not 0 <= mask_ratio < 1 or kept < 1:
        raise ValueError("nothing would stay visible")
    order = scores.argsort(dim=1)
    restore = order.argsort(dim=1)
    return order[:, :kept].sort(dim=1).values, restore >= kept, restore


@misconception("Every image gets the first image's mask: sort each row by its own scores.", see="random-masking")
def first_row_for_all(scores, mask_ratio):
    length = scores.shape[1]
    kept = length - round(mask_ratio * length)
    if not 0 <= mask_ratio < 1 or kept < 1:
        raise ValueError("nothing would stay visible")
    order = scores[:1].argsort(dim=1).expand_as(scores)
    restore = order.argsort(dim=1)
    return order[:, :kept], restore >= kept, restore


@misconception("You draw a permutation of your own; the scores given decide.", see="random-masking")
def scores_ignored(scores, mask_ratio):
    n, length = scores.shape
    kept = length - round(mask_ratio * length)
    if not 0 <= mask_ratio < 1 or kept < 1:
        raise ValueError("nothing would stay visible")
    order = torch.stack([torch.randperm(length) for _ in range(n)]).to(scores.device)
    restore = order.argsort(dim=1)
    return order[:, :kept], restore >= kept, restore


@misconception("Your mask holds numbers 0 and 1; a bool tensor is asked for, so that it can index.", see="random-masking")
def mask_of_numbers(scores, mask_ratio):
    length = scores.shape[1]
    kept = length - round(mask_ratio * length)
    if not 0 <= mask_ratio < 1 or kept < 1:
        raise ValueError("nothing would stay visible")
    order = scores.argsort(dim=1)
    restore = order.argsort(dim=1)
    return order[:, :kept], (restore >= kept).to(scores.dtype), restore


@misconception("Where everything would be hidden you quietly keep one token; that is an error to report.", see="random-masking")
def always_keeps_one(scores, mask_ratio):
    length = scores.shape[1]
    if not 0 <= mask_ratio < 1:
        raise ValueError("expected a ratio from 0 up to, not including, 1")
    kept = max(1, length - round(mask_ratio * length))
    order = scores.argsort(dim=1)
    restore = order.argsort(dim=1)
    return order[:, :kept], restore >= kept, restore


@misconception("A mask ratio outside of 0 <= r < 1 passes unnoticed; it is an error to report.", see="random-masking")
def ratio_unchecked(scores, mask_ratio):
    length = scores.shape[1]
    kept = length - round(mask_ratio * length)
    if kept < 1:
        raise ValueError("nothing would stay visible")
    order = scores.argsort(dim=1)
    restore = order.argsort(dim=1)
    return order[:, :kept], restore >= kept, restore


@misconception("A half is rounded up in your count; Python's round, which the exercise names, goes to the even neighbour.", see="random-masking")
def half_rounded_up(scores, mask_ratio):
    length = scores.shape[1]
    kept = length - int(mask_ratio * length + 0.5)
    if not 0 <= mask_ratio < 1 or kept < 1:
        raise ValueError("nothing would stay visible")
    order = scores.argsort(dim=1)
    restore = order.argsort(dim=1)
    return order[:, :kept], restore >= kept, restore


@misconception("You round the number of visible tokens; the number of hidden ones is rounded, and the rest stays visible.", see="random-masking")
def visible_rounded(scores, mask_ratio):
    length = scores.shape[1]
    kept = round((1 - mask_ratio) * length)
    if not 0 <= mask_ratio < 1 or length - round(mask_ratio * length) < 1:
        raise ValueError("nothing would stay visible")
    order = scores.argsort(dim=1)
    restore = order.argsort(dim=1)
    return order[:, :kept], restore >= kept, restore


@misconception("The mask is made on the CPU, wherever the scores live: pass device=scores.device.", see="random-masking")
def wrong_device(scores, mask_ratio):
    n, length = scores.shape
    kept = length - round(mask_ratio * length)
    if not 0 <= mask_ratio < 1 or kept < 1:
        raise ValueError("nothing would stay visible")
    order = scores.argsort(dim=1)
    restore = order.argsort(dim=1)
    mask = (torch.arange(length) >= kept).expand(n, length).gather(1, restore)
    return order[:, :kept], mask, restore
