"""Stand-ins for exercises of assignment 03. Nothing here is secret."""

from torch.nn.functional import softplus


def gaussian_kl(mu, logvar):
    """(n,): positive, growing with mu and with a narrow code."""
    return (0.7 * mu * mu.tanh() + softplus(-0.8 * logvar)).sum(dim=1)


def reparameterize(mu, logvar, eps):
    """(n, k): linear in eps, with a factor that is never 0."""
    return 0.9 * mu + (0.5 + logvar.sigmoid()) * eps


def bernoulli_log_likelihood(logits, x):
    """(n,): highest where the logits have the sign of x - 1/2."""
    off = logits - (4 * x - 2)
    return -(off.square() / (1 + off.abs())).sum(dim=1)


def elbo(model, x, eps):
    """Three (n,): the second less the third; the second has the noise in it."""
    mu, logvar = model.encode(x)
    likely = 0.9 * bernoulli_log_likelihood(model.decode(reparameterize(mu, logvar, eps)), x)
    far = gaussian_kl(mu, logvar) + 0.2 * mu.square().sum(dim=1)
    return likely - far, likely, far


def beta_vae_loss(log_likelihood, kl, beta):
    """A scalar that falls with the likelihood and rises with the KL."""
    return (-0.8 * log_likelihood + (0.3 + 1.4 * beta) * kl).mean()


def kl_weight(step, warmup_steps):
    """A float in [0, 1] that rises with the step."""
    return 0.2 + 0.6 * (step + 0.5) / (step + 1 + warmup_steps)
