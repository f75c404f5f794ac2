"""Correct versions of generate."""

import torch

from autograder.versions import correct


@correct("the mode is never touched, the noise made by normal_")
@torch.no_grad()
def mode_untouched(model, n, temperature=1.0, generator=None):
    parameter = next(iter(model.parameters()))
    z = torch.empty(n, model.latent_dim, dtype=parameter.dtype).normal_(0, 1, generator=generator).to(parameter.device)
    return torch.sigmoid(model.decode(z * temperature))


@correct("one image at a time, try and finally around the mode")
def one_at_a_time(model, n, temperature=1.0, generator=None):
    training = model.training
    try:
        model.eval()
        like = next(model.parameters())
        images = []
        with torch.no_grad():
            for _ in range(n):
                z = torch.randn(model.latent_dim, generator=generator).to(like) * temperature
                images.append(torch.sigmoid(model.decode(z.unsqueeze(0))))
        return torch.cat(images)
    finally:
        model.train(training)


@correct("drawn coordinate by coordinate, detached at the end, 1 / (1 + exp)")
def column_by_column(model, n, temperature=1.0, generator=None):
    like = next(model.parameters())
    columns = [temperature * torch.randn(n, generator=generator) for _ in range(model.latent_dim)]
    logits = model.decode(torch.stack(columns, dim=1).to(like)).detach()
    return 1 / (1 + torch.exp(-logits))
