"""Checks of VAE: interface, sizes, unbounded outputs, dependence on the input, parameters that learn."""

import pytest
import torch

from autograder.checking import kind_of, number, tensor, wrong
from autograder.jail.errors import Raised
from autograder.side_by_side import together

REACH = 9.99  # a clamp of logvar to [-10, 10] is accepted, so the log-variances must come this far


def heads(got, n, k, dtype=torch.float32):
    """The pair (mu, logvar), both (n, k)."""
    if not isinstance(got, tuple | list) or len(got) != 2:
        wrong(f"encode: expected a pair (mu, logvar), but your code returned {kind_of(got)}.", "heads_not_split" if isinstance(got, torch.Tensor) else None)
    return tensor(got[0], "mu from encode", (n, k), dtype), tensor(got[1], "logvar from encode", (n, k), dtype)


def built(student, draw, scale=0.3, **sizes):
    """A model of those sizes with random parameters, in evaluation mode."""
    model = student.VAE(**sizes)
    model.redraw(draw, scale)
    model.eval()
    return model


@pytest.mark.parametrize("sizes", [(64, 32, 2), (10, 12, 3), (7, 5, 1), (20, 8, 11)])
def test_sizes(student, draw, sizes):
    """encode and decode have the sizes that the constructor was given, for any number of examples."""
    d, h, k = sizes
    model, numbers = student.VAE(input_dim=d, hidden_dim=h, latent_dim=k), (5, 1)
    try:
        pairs = list(model.each("encode", *((draw.uniform(n, d),) for n in numbers)))
        logits = list(model.each("decode", *((draw.normal(n, k),) for n in numbers)))
    except Raised as error:
        if "shapes cannot be multiplied" in error.message:
            wrong(f"A VAE with input_dim={d}, hidden_dim={h}, latent_dim={k} does not accept images of {d} pixels or codes of {k} numbers.", "sizes_hard_coded")
        raise
    for n, pair, of_codes in zip(numbers, pairs, logits, strict=True):
        heads(pair, n, k)
        tensor(of_codes, "logits from decode", (n, d), torch.float32)


def test_default_sizes_and_attribute(student, draw):
    """VAE() is a model of 64 pixels and 2 latent coordinates, and says so in latent_dim."""
    model = student.VAE()
    heads(model.encode(draw.uniform(3, 64)), 3, 2)
    for made, k in ((model, 2), (student.VAE(10, 6, 4), 4)):
        try:
            got = made.get("latent_dim")
        except Raised:
            wrong("The model has no attribute latent_dim.", "latent_dim_not_kept")
        if number(got, "The attribute latent_dim") != k:
            wrong(f"The attribute latent_dim is {got} in a model that was built with another size.")


def test_answers_are_fixed_by_the_input(student, draw):
    """In evaluation mode the same image gives the same mean and log-variance: nothing is drawn inside."""
    model, x = built(student, draw, input_dim=9, hidden_dim=8, latent_dim=3), draw.uniform(4, 9)
    (mu, logvar), (mu_again, logvar_again) = (heads(got, 4, 3) for got in model.each("encode", (x,), (x,)))
    if not torch.equal(mu, mu_again) or not torch.equal(logvar, logvar_again):
        wrong("Encoding the same image twice gives two answers.", "draws_in_encode")


def test_heads_are_different_functions(student, draw):
    """Mean and log-variance are two functions of the image, not one."""
    model = built(student, draw, input_dim=9, hidden_dim=8, latent_dim=3)
    mu, logvar = heads(model.encode(draw.uniform(6, 9)), 6, 3)
    if torch.allclose(mu, logvar):
        wrong("Mean and log-variance are always equal.", "one_head_for_both")


def test_examples_do_not_mix(student, draw):
    """The answer for an image does not depend on the others of the batch."""
    model, x, z = built(student, draw, input_dim=9, hidden_dim=8, latent_dim=3), draw.uniform(5, 9), draw.normal(5, 3)
    whole, alone = (heads(got, n, 3) for n, got in zip((5, 1), model.each("encode", (x,), (x[2:3],)), strict=True))
    logits, single = (tensor(got, "logits", (n, 9)) for n, got in zip((5, 1), model.each("decode", (z,), (z[2:3],)), strict=True))
    same = all(torch.allclose(a[2], b[0], rtol=1e-4, atol=1e-5) for a, b in zip((*whole, logits), (*alone, single), strict=True))
    if not same:
        wrong("An image's encoding (or a code's decoding) changes with the other rows of the batch, in evaluation mode too.")


def test_every_output_depends_on_the_input(student, draw):
    """Mean and log-variance depend on the image, logits on the code, and every parameter takes part."""
    # whatever an image is, a ReLU with weights and bias drawn symmetrically about zero is shut for it with a probability of at most 1/2: for a layer of 32, 2^-32
    # bounds how often a right model lets nothing through (for 8 it would be 2^-8)
    model, x, z = built(student, draw, input_dim=9, hidden_dim=32, latent_dim=3), draw.uniform(5, 9), draw.normal(5, 3)
    mu, logvar = heads(model.encode(x), 5, 3)
    logits = tensor(model.decode(z), "logits", (5, 9))
    for name, value in (("The mean", mu), ("The log-variance", logvar), ("The logits", logits)):
        if bool((value.std(0) < 1e-6).all()):
            wrong(f"{name} does not depend on the input.")
    _all_parameters_learn(model, x, z)


def _all_parameters_learn(model, x, z):
    """Encoder and decoder have parameters, and gradients reach them."""
    through = {}
    for method, given, output in (("encode", x, 0), ("encode", x, 1), ("decode", z, None)):
        found = model.gradient(given, wrt="parameters", method=method, output=output)
        if not isinstance(found, dict):
            wrong("The parameters of your model could not be listed.")
        reached = {name for name, gradient in found.items() if isinstance(gradient, torch.Tensor) and bool(gradient.any())}
        if not reached:
            what = {0: "encode's mean", 1: "encode's logvar", None: "decode"}[output]
            wrong(f"No parameter of the model takes part in {what}: its layers are hidden from model.parameters().", "layers_in_a_list")
        through[method, output] = reached
    if through["decode", None] <= through["encode", 0]:
        wrong("The decoder has no parameters of its own.", "layers_in_a_list")


def test_outputs_are_unbounded(student, draw):
    """Means, log-variances (up to a wide clamp) and logits reach far to both sides."""

    def outputs(student):
        # with weights of this size each output is a sum of some 16 terms of size 20 and more: |value| < 10 throughout
        # 3 x 40 x 6 values of both signs has a probability below 1e-30 for any usual architecture
        model = built(student, draw, scale=20.0, input_dim=12, hidden_dim=16, latent_dim=6)
        pair = heads(model.encode(draw.normal(40, 12, scale=3.0)), 40, 6)
        return *pair, tensor(model.decode(draw.normal(40, 6, scale=3.0)), "logits from decode", (40, 12))

    mu, logvar, logits = (torch.cat(parts) for parts in zip(*together(student, outputs, outputs, outputs), strict=True))
    if float(logits.min()) >= 0:
        sigmoid = float(logits.max()) <= 1
        wrong("decode never returns a negative logit, whatever the parameters.", "sigmoid_in_decoder" if sigmoid else "relu_on_logits")
    if float(logits.max()) < REACH or float(logits.min()) > -REACH:
        wrong("The logits from decode stay in a narrow range, whatever the parameters.")
    if float(mu.max()) < REACH or float(mu.min()) > -REACH:
        wrong("The means from encode stay in a narrow range, whatever the parameters.", "mean_squeezed")
    if float(logvar.min()) >= 0:
        wrong("The log-variances from encode are never negative, whatever the parameters.", "logvar_never_negative")
    if float(logvar.max()) < REACH or float(logvar.min()) > -REACH:
        wrong("The log-variances from encode stay in a narrow range, whatever the parameters.", "logvar_squeezed")


def test_double_precision(student, draw):
    """A model turned to float64 works in float64."""
    model = student.VAE(input_dim=6, hidden_dim=5, latent_dim=2)
    model.double()
    heads(model.encode(draw.uniform(3, 6, dtype=torch.float64)), 3, 2, torch.float64)
    tensor(model.decode(draw.normal(3, 2, dtype=torch.float64)), "logits", (3, 6), torch.float64)
