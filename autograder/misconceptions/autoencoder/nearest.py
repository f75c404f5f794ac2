"""Wrong versions of nearest."""

import torch
import torch.nn.functional as F

from autograder.versions import misconception


@misconception("Your function finds the farthest rows: topk takes the largest values unless told otherwise.", see="retrieval")
def farthest(query, index, k):
    return torch.cdist(query, index).topk(k).indices


@misconception("Your rows are the right ones in the wrong order: the nearest comes first.", see="retrieval")
def nearest_last(query, index, k):
    return torch.cdist(query, index).topk(k, largest=False).indices.flip(1)


@misconception("You return the distances: the positions in the index are asked for.", see="retrieval")
def distances_returned(query, index, k):
    return torch.cdist(query, index).topk(k, largest=False).values


@misconception("You rank by inner products: a long row looks close to everything. Rank by distance.", see="retrieval")
def inner_product(query, index, k):
    return (query @ index.T).topk(k).indices


@misconception("You rank by the angle (cosine similarity); the distance also counts the lengths.", see="retrieval")
def cosine(query, index, k):
    return (F.normalize(query, dim=1) @ F.normalize(index, dim=1).T).topk(k).indices


@misconception("You rank by sums of absolute differences (L1): the Euclidean distance squares them.", see="retrieval")
def manhattan(query, index, k):
    return torch.cdist(query, index, p=1).topk(k, largest=False).indices


@misconception("You rank by the largest single difference: the Euclidean distance adds up all squared ones.", see="retrieval")
def largest_coordinate(query, index, k):
    return torch.cdist(query, index, p=float("inf")).topk(k, largest=False).indices


@misconception("In your expansion of the squared distance the factor 2 of the mixed term is missing.", see="retrieval")
def factor_two_lost(query, index, k):
    return (index.square().sum(1) - query @ index.T).topk(k, largest=False).indices


@misconception("You skip the nearest row, as if it were the query itself: a query need not be in the index.", see="retrieval")
def skips_the_first(query, index, k):
    return torch.cdist(query, index).argsort(1)[:, 1 : k + 1]


@misconception("You leave out rows that equal the query: they count like any other.", see="retrieval")
def skips_equal_rows(query, index, k):
    distance = torch.cdist(query, index, compute_mode="donot_use_mm_for_euclid_dist")
    return distance.masked_fill(distance == 0, float("inf")).topk(k, largest=False).indices


@misconception("Your roles are swapped: for every row of the index you look among the queries.", see="retrieval")
def roles_swapped(query, index, k):
    return torch.cdist(index, query).topk(min(k, len(query)), largest=False).indices


@misconception("You search along the wrong dimension: the k nearest queries for each row, in a result of shape (k, m).", see="retrieval")
def wrong_dimension(query, index, k):
    return torch.cdist(query, index).topk(min(k, len(query)), dim=0, largest=False).indices


@misconception("Your ranks are not positions: a second argsort gives, for each row of the index, its place in the order.", see="retrieval")
def ranks_returned(query, index, k):
    return torch.cdist(query, index).argsort(1).argsort(1)[:, :k]


@misconception("Your positions are int32: indices of torch are int64 (long).", see="retrieval")
def short_integers(query, index, k):
    return torch.cdist(query, index).topk(k, largest=False).indices.int()


@misconception("Your k rows are the right ones but unsorted: the nearest comes first.", see="retrieval")
def unsorted(query, index, k):
    return torch.cdist(query, index).topk(k, largest=False).indices.sort(1).values
