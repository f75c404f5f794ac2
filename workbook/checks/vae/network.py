"""The local check of the two networks: sizes, freedom of the outputs, what depends on what, parameters that can learn."""

import torch

from workbook.checks import expect, expect_shape, fail

SEE = "elbo-jensen"
SIZES = {"input_dim": 13, "hidden_dim": 9, "latent_dim": 4}


def VAE(names):
    """Default and odd sizes; the attribute; one image, one answer; two heads; no activation at the outputs; every layer known."""
    _fits(names.VAE(), 64, 2)
    for sizes in (SIZES, {"input_dim": 6, "hidden_dim": 17, "latent_dim": 1}, {"input_dim": 20, "hidden_dim": 5, "latent_dim": 7}):
        _fits(_made(names, **sizes), sizes["input_dim"], sizes["latent_dim"])
    _answers(_scattered(_made(names, **SIZES), 0.4))
    _learns(_scattered(_made(names, **SIZES), 0.4))
    _free(names)
    model = _made(names, **SIZES).double()
    mu, logvar = model.encode(torch.rand(2, 13, dtype=torch.float64))
    for value, what in ((mu, "mu"), (logvar, "logvar")):
        expect_shape(value, (2, 4), f"{what} of a model in float64", torch.float64)
    expect_shape(model.decode(mu), (2, 13), "logits of a model in float64", torch.float64)


def _made(names, **sizes):
    return names.VAE(**sizes).eval()


def _scattered(model, scale: float):
    """Normal random numbers of that size in all parameters."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0, scale)
    return model


def _pair(got, n: int, k: int):
    if not isinstance(got, tuple | list) or len(got) != 2:
        fail(f"encode returns a {type(got).__name__}", "a pair: mu, logvar", "one tensor with all columns, which still has to be split in two", SEE)
    return expect_shape(got[0], (n, k), "mu"), expect_shape(got[1], (n, k), "logvar")


def _fits(model, d: int, k: int) -> None:
    """Shapes for several batch sizes, and the attribute."""
    for n in (4, 1):
        try:
            got, logits = model.encode(torch.rand(n, d)), model.decode(torch.randn(n, k))
        except RuntimeError as error:
            if isinstance(error, NotImplementedError) or "shapes cannot be multiplied" not in str(error):
                raise
            fail(f"a VAE built for {d} pixels and {k} latent coordinates does not take such images or codes", "a model of the sizes given", "sizes written as numbers inside of __init__", SEE)
        _pair(got, n, k)
        expect_shape(logits, (n, d), "the decoder's logits", torch.float32)
    kept = getattr(model, "latent_dim", None)
    expect(kept == k, f"model.latent_dim is {kept}", f"{k}, as the constructor was told", "self.latent_dim is not set", "ancestral-vae")


def _answers(model) -> None:
    """In evaluation mode: the same image, the same answer, alone or among others; the two heads differ; all depend on their input."""
    x, z = torch.rand(6, 13), torch.randn(6, 4)
    with torch.no_grad():
        first, again, alone = _pair(model.encode(x), 6, 4), _pair(model.encode(x), 6, 4), _pair(model.encode(x[2:3]), 1, 4)
        logits, single = model.decode(z), model.decode(z[2:3])
    for a, b, name in zip(first, again, ("mu", "logvar"), strict=True):
        expect(torch.equal(a, b), f"one image has two different answers for {name}", "one answer: q(z | x) is a function of x", "a code is drawn inside of encode", "reparameterization")
    expect(not torch.allclose(*first), "mu and logvar are the same numbers", "two outputs that can say different things", "both come from one layer", SEE)
    for whole, one, name in ((first[0], alone[0], "mu"), (first[1], alone[1], "logvar"), (logits, single, "the logits")):
        expect(torch.allclose(whole[2], one[0], atol=1e-4), f"{name} of an example changes with its neighbours in the batch", "examples that do not know of each other", "a normalisation over the batch", SEE)
        expect((whole.std(0) > 1e-6).any(), f"{name} is the same for every input", "a function of the input", "the input is not used", SEE)


def _learns(model) -> None:
    """Each of the three outputs passes gradients to parameters that the model knows of, the decoder to some of its own."""
    mu, logvar = model.encode(torch.rand(6, 13))
    reached = []
    for output, name in ((mu, "mu"), (logvar, "logvar"), (model.decode(torch.randn(6, 4)), "the logits")):
        parameters = dict(model.named_parameters())
        expect(output.requires_grad and parameters, f"no parameter of the model takes part in {name}", "layers that model.parameters() lists", "layers in a plain list, or no_grad", "vae-loss")
        gradients = torch.autograd.grad(output.sum(), list(parameters.values()), retain_graph=True, allow_unused=True)
        reached.append({key for key, gradient in zip(parameters, gradients, strict=True) if gradient is not None and gradient.abs().sum() > 0})
        expect(reached[-1], f"no parameter of the model takes part in {name}", "layers that model.parameters() lists", "layers in a plain list, which a module does not look into", "vae-loss")
    expect(not reached[2] <= reached[0], "the decoder has no parameters besides the encoder's", "layers of its own", None, "vae-loss")


def _free(names) -> None:
    """With large random parameters every output swings far to both sides: 3 models, hundreds of values each."""
    found = {"mu": [], "logvar": [], "the logits": []}
    with torch.no_grad():
        for _ in range(3):
            model = _scattered(_made(names, input_dim=13, hidden_dim=16, latent_dim=6), 20.0)
            values = (*_pair(model.encode(3 * torch.randn(50, 13)), 50, 6), model.decode(3 * torch.randn(50, 6)))
            for name, value in zip(found, values, strict=True):
                found[name].append(value.flatten())
    for name, see in (("the logits", "bernoulli-likelihood"), ("mu", SEE), ("logvar", "gaussian-kl")):
        low, high = torch.cat(found[name]).min().item(), torch.cat(found[name]).max().item()
        expect(low < -9.9 and high > 9.9, f"however large the parameters are, values of {name} stay between {low:.3g} and {high:.3g}", "any real number, of either sign", "an activation after the last layer, or a narrow clamp", see)
