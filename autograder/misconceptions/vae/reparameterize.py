"""Wrong versions of reparameterize."""

import torch

from autograder.versions import misconception


@misconception("Your sigma is exp(logvar): that is sigma squared. Halve logvar before the exponential.", see="reparameterization")
def variance_for_sigma(mu, logvar, eps):
    return mu + logvar.exp() * eps


@misconception("You multiply the noise by logvar itself; the standard deviation is exp(logvar / 2).", see="reparameterization")
def logvar_for_sigma(mu, logvar, eps):
    return mu + logvar * eps


@misconception("You draw noise of your own and ignore eps: the same eps gives another z each time.", see="reparameterization")
def own_noise(mu, logvar, eps):
    return mu + (0.5 * logvar).exp() * torch.randn_like(mu)


@misconception("torch.normal draws the right distribution, but ignores eps and lets no gradient through to mu and logvar.", see="reparameterization")
def torch_normal(mu, logvar, eps):
    return torch.normal(mu, (0.5 * logvar).exp())


@misconception("z has the right values, but no gradient to mu and logvar: it was detached, or computed under no_grad.", see="reparameterization")
def detached(mu, logvar, eps):
    with torch.no_grad():
        return mu + (0.5 * logvar).exp() * eps


@misconception("No gradient reaches logvar: sigma was detached, so the encoder would never learn how sure it is.", see="reparameterization")
def sigma_detached(mu, logvar, eps):
    return mu + (0.5 * logvar).exp().detach() * eps


@misconception("You use one number of noise per example for all latent coordinates: the coordinates move together.", see="reparameterization")
def one_noise_per_example(mu, logvar, eps):
    return mu + (0.5 * logvar).exp() * eps[:, :1]


@misconception("The noise is missing: z is the mean.", see="reparameterization")
def noise_forgotten(mu, logvar, eps):
    return mu + 0 * logvar * eps


@misconception("The square root is missing from one place and doubled in another: sigma is exp(logvar / 2), yours is exp(2 logvar).", see="reparameterization")
def logvar_doubled(mu, logvar, eps):
    return mu + (2 * logvar).exp() * eps


@misconception("Your function changes its inputs in place (such as eps.mul_(...)), which breaks whoever uses them next.", see="reparameterization")
def changes_input(mu, logvar, eps):
    return eps.mul_((0.5 * logvar).exp()).add_(mu)
