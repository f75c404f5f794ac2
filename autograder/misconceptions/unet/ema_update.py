"""Wrong versions of ema_update."""

import copy

import torch

from autograder.versions import misconception


@misconception("The decay stands on the new weights: it belongs to the old average.", see="ema")
def decay_on_the_new(ema_model, model, decay):
    with torch.no_grad():
        for old, new in zip(ema_model.parameters(), model.parameters()):
            old.mul_(1 - decay).add_(new, alpha=decay)
        for old, new in zip(ema_model.buffers(), model.buffers()):
            old.copy_(new)


@misconception("Only the parameters are visited; the buffers of the average stay what they were.", see="ema")
def buffers_forgotten(ema_model, model, decay):
    with torch.no_grad():
        for old, new in zip(ema_model.parameters(), model.parameters()):
            old.mul_(decay).add_(new, alpha=1 - decay)


@misconception("The buffers are averaged like weights; they are to be copied.", see="ema")
def buffers_averaged(ema_model, model, decay):
    with torch.no_grad():
        for old, new in zip(ema_model.state_dict().values(), model.state_dict().values()):
            old.copy_(decay * old + (1 - decay) * new)


@misconception("The model in training is changed, and the average stays where it was: the two have swapped places.", see="ema")
def changes_the_model(ema_model, model, decay):
    with torch.no_grad():
        for old, new in zip(ema_model.parameters(), model.parameters()):
            new.mul_(1 - decay).add_(old, alpha=decay)
        for old, new in zip(ema_model.buffers(), model.buffers()):
            new.copy_(old)


@misconception("A new averaged model is returned and ema_model left as it was: the update is to be in place.", see="ema")
def returns_a_copy(ema_model, model, decay):
    average = copy.deepcopy(ema_model)
    with torch.no_grad():
        for old, new in zip(average.parameters(), model.parameters()):
            old.mul_(decay).add_(new, alpha=1 - decay)
        for old, new in zip(average.buffers(), model.buffers()):
            old.copy_(new)
    return average


@misconception("The averages are new parameter objects: whoever held the old ones (a compiled graph, a list of parameters) no longer sees them change.", see="ema")
def new_parameters(ema_model, model, decay):
    with torch.no_grad():
        for part, other in zip(ema_model.modules(), model.modules()):
            for name, new in list(other.named_parameters(recurse=False)):
                setattr(part, name, torch.nn.Parameter(decay * getattr(part, name) + (1 - decay) * new))
            for name, new in list(other.named_buffers(recurse=False)):
                getattr(part, name).copy_(new)


@misconception("Average and model share their buffers afterwards: the values are to be copied, not the tensors handed over.", see="ema")
def shares_buffers(ema_model, model, decay):
    with torch.no_grad():
        for old, new in zip(ema_model.parameters(), model.parameters()):
            old.mul_(decay).add_(new, alpha=1 - decay)
        for old, new in zip(ema_model.buffers(), model.buffers()):
            old.data = new.data


@misconception("The decay is always 0.999, whatever is asked for.", see="ema")
def decay_ignored(ema_model, model, decay):
    with torch.no_grad():
        for old, new in zip(ema_model.parameters(), model.parameters()):
            old.mul_(0.999).add_(new, alpha=1 - 0.999)
        for old, new in zip(ema_model.buffers(), model.buffers()):
            old.copy_(new)
