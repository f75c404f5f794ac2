"""Correct versions of ema_update."""

import torch

from autograder.versions import correct


@correct("lerp towards the new weights, by name")
def with_lerp(ema_model, model, decay):
    new = dict(model.named_parameters())
    with torch.no_grad():
        for name, average in ema_model.named_parameters():
            average.lerp_(new[name], 1.0 - decay)
        buffers = dict(model.named_buffers())
        for name, buffer in ema_model.named_buffers():
            buffer.data.copy_(buffers[name])


@correct("through .data, returns the model")
def through_data(ema_model, model, decay):
    for old, new in zip(ema_model.parameters(), model.parameters(), strict=True):
        old.data = old.data * decay + new.data * (1 - decay)
    for old, new in zip(ema_model.buffers(), model.buffers(), strict=True):
        old.data = new.data.clone()
    return ema_model


@correct("through a state_dict that is loaded back")
def through_state_dict(ema_model, model, decay):
    weights = {name for name, _ in model.named_parameters()}
    old, new = ema_model.state_dict(), model.state_dict()  # detached
    mixed = {name: decay * old[name] + (1 - decay) * value if name in weights else value for name, value in new.items()}
    ema_model.load_state_dict(mixed)


@correct("torch's own foreach operations")
def foreach(ema_model, model, decay):
    with torch.no_grad():
        torch._foreach_mul_(list(ema_model.parameters()), decay)
        torch._foreach_add_(list(ema_model.parameters()), list(model.parameters()), alpha=1 - decay)
    for old, new in zip(ema_model.buffers(), model.buffers()):
        old.copy_(new)
