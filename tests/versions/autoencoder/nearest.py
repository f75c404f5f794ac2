"""Correct versions of nearest."""

import torch

from autograder.versions import correct


@correct("all differences, a full sort")
def full_sort(query, index, k):
    squared = ((query.unsqueeze(1) - index.unsqueeze(0)) ** 2).sum(-1)
    return squared.argsort(dim=1)[:, :k]


@correct("the expanded square")
def expanded(query, index, k):
    squared = query.square().sum(1, keepdim=True) - 2 * query @ index.T + index.square().sum(1)
    return torch.topk(squared, k, dim=1, largest=False, sorted=True)[1]


@correct("topk of negative distances, cdist by matrix products")
def negative_distances(query, index, k):
    return (-torch.cdist(query, index, compute_mode="use_mm_for_euclid_dist")).topk(k, dim=-1).indices


@correct("a loop with Python's sort")
def loop(query, index, k):
    found = [sorted(range(len(index)), key=lambda i, q=q: (index[i] - q).norm().item())[:k] for q in query]
    return torch.tensor(found, dtype=torch.long, device=query.device)


@correct("numpy")
def with_numpy(query, index, k):
    import numpy as np

    distance = np.linalg.norm(query.numpy()[:, None] - index.numpy()[None], axis=2)
    return torch.from_numpy(np.argsort(-distance, axis=1)[:, ::-1][:, :k].copy())


@correct("one minimum after the other")
def repeated_minimum(query, index, k):
    distance = torch.cdist(query, index)
    found = []
    for _ in range(k):
        best = distance.argmin(1)
        found.append(best)
        distance[torch.arange(len(query), device=query.device), best] = float("inf")
    return torch.stack(found, 1)
