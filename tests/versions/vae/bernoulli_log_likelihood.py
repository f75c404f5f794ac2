"""Correct versions of bernoulli_log_likelihood."""

import torch
import torch.nn.functional as F

from autograder.versions import correct


@correct("F.binary_cross_entropy_with_logits")
def with_cross_entropy(logits, x):
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)


@correct("F.logsigmoid of both signs")
def with_logsigmoid(logits, x):
    return (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(-1)


@correct("torch.logaddexp")
def with_logaddexp(logits, x):
    return torch.sum(x * logits - torch.logaddexp(torch.zeros_like(logits), logits), dim=1)


@correct("the stable form by hand")
def stable_by_hand(logits, x):
    return -(logits.clamp(min=0) - logits * x + torch.log1p(torch.exp(-logits.abs()))).sum(1)


@correct("torch.distributions")
def with_distributions(logits, x):
    return torch.distributions.Bernoulli(logits=logits, validate_args=False).log_prob(x).sum(1)


@correct("nn.BCEWithLogitsLoss on each row, then stacked")
def row_by_row(logits, x):
    loss = nn.BCEWithLogitsLoss(reduction="sum")
    return torch.stack([-loss(a, b) for a, b in zip(logits, x, strict=True)])
