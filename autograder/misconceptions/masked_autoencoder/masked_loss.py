"""Wrong versions of masked_loss."""

from autograder.versions import misconception


@misconception("Every patch counts in your loss; only hidden ones (mask True) should.", see="mae-loss")
def all_patches(pred, target, mask):
    if not mask.any():
        raise ValueError("nothing is hidden")
    return (pred - target).square().mean()


@misconception("You score the visible patches: the mask is used the wrong way round.", see="mae-loss")
def visible_patches(pred, target, mask):
    if not mask.any():
        raise ValueError("nothing is hidden")
    return (pred - target).square().mean(2)[~mask].mean()


@misconception("You sum over hidden patches but divide by all of them: the denominator is the number of hidden patches.", see="mae-loss")
def divided_by_all(pred, target, mask):
    if not mask.any():
        raise ValueError("nothing is hidden")
    return ((pred - target).square().mean(2) * mask).mean()


@misconception("You average each image first and the images afterwards: all hidden patches of the batch count the same, whichever image they are in.", see="mae-loss")
def image_by_image(pred, target, mask):
    if not mask.any():
        raise ValueError("nothing is hidden")
    per_patch = (pred - target).square().mean(2) * mask
    return (per_patch.sum(1) / mask.sum(1).clamp(min=1)).mean()


@misconception("You sum the squares inside a patch: the error of a patch is their mean.", see="reductions")
def summed_over_pixels(pred, target, mask):
    if not mask.any():
        raise ValueError("nothing is hidden")
    return (pred - target).square().sum(2)[mask].mean()


@misconception("You add up the patch errors; the loss is their mean, or it grows with the batch.", see="reductions")
def summed_over_patches(pred, target, mask):
    if not mask.any():
        raise ValueError("nothing is hidden")
    return (pred - target).square().mean(2)[mask].sum()


@misconception("Your errors are absolute differences; they should be squared.", see="mae-loss")
def absolute_errors(pred, target, mask):
    if not mask.any():
        raise ValueError("nothing is hidden")
    return (pred - target).abs().mean(2)[mask].mean()


@misconception("You take the square root at the end; the loss is the mean square itself.", see="mae-loss")
def root_taken(pred, target, mask):
    if not mask.any():
        raise ValueError("nothing is hidden")
    return (pred - target).square().mean(2)[mask].mean().sqrt()


@misconception("You blank out the visible predictions but not the visible targets: their squares stay in the sum.", see="mae-loss")
def only_predictions_masked(pred, target, mask):
    if not mask.any():
        raise ValueError("nothing is hidden")
    return (pred * mask.unsqueeze(2) - target).square().mean(2).sum() / mask.sum()


@misconception("Your target is normalised patch by patch; that is a variant of the paper, here the targets are as given.", see="norm-pix")
def target_normalised(pred, target, mask):
    if not mask.any():
        raise ValueError("nothing is hidden")
    target = (target - target.mean(2, keepdim=True)) / (target.var(2, keepdim=True) + 1e-6).sqrt()
    return (pred - target).square().mean(2)[mask].mean()


@misconception("Where nothing is hidden your loss is a number (or NaN); it is an error to report.", see="mae-loss")
def nothing_hidden_unnoticed(pred, target, mask):
    per_patch = (pred - target).square().mean(2) * mask
    return per_patch.sum() / mask.sum().clamp(min=1)


@misconception("No gradient reaches the prediction: it was detached, or turned into a Python number on the way.", see="mae-loss")
def detached(pred, target, mask):
    if not mask.any():
        raise ValueError("nothing is hidden")
    return (pred.detach() - target).square().mean(2)[mask].mean()


@misconception("You write the visible targets into the prediction that was handed to you: weigh or pick patches instead.", see="mae-loss")
def changes_input(pred, target, mask):
    if not mask.any():
        raise ValueError("nothing is hidden")
    pred[~mask] = target[~mask]
    return (pred - target).square().mean(2).sum() / mask.sum()
