"""Whether a training loop clears its gradients, as a model sees it that is trained."""

import weakref

import torch
from torch import nn


def watch_gradients(module: nn.Module) -> None:
    """From now on `module.stale` says whether a gradient of one of its parameters ever held, after a backward pass, more than that pass had brought."""
    module.stale, own, arrived = False, weakref.proxy(module), {}  # a hook that held its module would keep it for good: Python does not see that way around

    def added(name: str, parameter: nn.Parameter) -> None:
        own.stale = own.stale or not torch.allclose(parameter.grad, arrived[name])

    for name, parameter in module.named_parameters():
        parameter.register_hook(lambda gradient, name=name: arrived.update({name: gradient.detach().clone()}))
        parameter.register_post_accumulate_grad_hook(lambda parameter, name=name: added(name, parameter))
