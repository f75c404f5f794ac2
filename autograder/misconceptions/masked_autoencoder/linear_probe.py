"""Wrong versions of linear_probe."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.versions import misconception


@misconception("You report the accuracy on the training part; a probe is judged on data it has not seen.", see="linear-probe")
def training_accuracy(features, labels, test_features, test_labels):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=500).fit(features.numpy(), labels.numpy())
    return float(model.score(features.numpy(), labels.numpy()))


@misconception("The test part takes part in the fit: that accuracy is no measure of anything.", see="linear-probe")
def fitted_on_everything(features, labels, test_features, test_labels):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=500).fit(torch.cat([features, test_features]).numpy(), torch.cat([labels, test_labels]).numpy())
    return float(model.score(test_features.numpy(), test_labels.numpy()))


@misconception("Your classifier is not linear: it finds classes that no plane separates, so it says more about itself than about the features.", see="linear-probe")
def not_linear(features, labels, test_features, test_labels):
    distance = torch.cdist(test_features, features)
    return float((labels[distance.argmin(1)] == test_labels).double().mean())


@misconception("The number of the largest logit is compared with the label itself: that only works for labels 0 to C - 1.", see="linear-probe")
def labels_as_they_come(features, labels, test_features, test_labels):
    classes, index = labels.unique(return_inverse=True)
    head = nn.Linear(features.shape[1], len(classes), dtype=features.dtype)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(300):
        loss = F.cross_entropy(head(features), index)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return float((head(test_features).argmax(1) == test_labels).double().mean())


@misconception("You number the test labels on their own: the same number then means different classes in the two parts.", see="linear-probe")
def test_numbered_apart(features, labels, test_features, test_labels):
    classes, index = labels.unique(return_inverse=True)
    head = nn.Linear(features.shape[1], len(classes), dtype=features.dtype)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(300):
        loss = F.cross_entropy(head(features), index)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return float((head(test_features).argmax(1) == test_labels.unique(return_inverse=True)[1]).double().mean())


@misconception("Your classifier has no bias: all its planes pass through the origin.", see="linear-probe")
def bias_missing(features, labels, test_features, test_labels):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=500, fit_intercept=False).fit(features.numpy(), labels.numpy())
    return float(model.score(test_features.numpy(), test_labels.numpy()))


@misconception("You leave out test labels that the training part never showed; each of them counts as a miss.", see="linear-probe")
def unseen_left_out(features, labels, test_features, test_labels):
    from sklearn.linear_model import LogisticRegression

    known = torch.isin(test_labels, labels)
    model = LogisticRegression(max_iter=500).fit(features.numpy(), labels.numpy())
    return float(model.score(test_features[known].numpy(), test_labels[known].numpy()))


@misconception("You report per cent; an accuracy here lies between 0 and 1.", see="linear-probe")
def in_percent(features, labels, test_features, test_labels):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=500).fit(features.numpy(), labels.numpy())
    return 100.0 * float(model.score(test_features.numpy(), test_labels.numpy()))


@misconception("You report the share of misses; the accuracy is the share of hits.", see="linear-probe")
def error_rate(features, labels, test_features, test_labels):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=500).fit(features.numpy(), labels.numpy())
    return 1.0 - float(model.score(test_features.numpy(), test_labels.numpy()))


@misconception("You return a tensor; a Python float is asked for (.item()).", see="linear-probe")
def as_a_tensor(features, labels, test_features, test_labels):
    classes, index = labels.unique(return_inverse=True)
    head = nn.Linear(features.shape[1], len(classes), dtype=features.dtype)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(300):
        loss = F.cross_entropy(head(features), index)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (classes[head(test_features).argmax(1)] == test_labels).double().mean()
