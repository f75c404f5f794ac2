"""Checks of train_vae: what each step sees, minimises, changes and reports, read off a recording probe."""

import math

import pytest
import torch

from autograder.checking import kind_of, tensor, wrong
from autograder.jail.errors import Raised
from autograder.probes.vae import TinyVAE
from autograder.side_by_side import together

DEPENDS = ("elbo", "beta_vae_loss", "kl_weight", "gaussian_kl", "reparameterize", "bernoulli_log_likelihood")
LIMITS = {"cpu": 8.0}
D, K = 6, 2
SHAPES = {name: tuple(parameter.shape) for name, parameter in TinyVAE(D, K).named_parameters()}


def probe(draw, recording=None, scale=0.5):
    """A tiny float64 model with random parameters, so that everything can be computed back from what it reports."""
    model = TinyVAE(D, K, recording).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(draw.normal(*parameter.shape, dtype=torch.float64, scale=scale))
    return model


def floats(losses, steps):
    """The losses as a list of `steps` finite Python floats."""
    if not isinstance(losses, list | tuple):
        wrong(f"Expected a list of losses, but your code returned {kind_of(losses)}.")
    if any(isinstance(loss, torch.Tensor) for loss in losses):
        wrong("The losses are tensors; Python floats are asked for.", "losses_are_tensors")
    if not all(isinstance(loss, float) for loss in losses):
        wrong("Expected a list of Python floats.")
    if len(losses) != steps:
        wrong(f"Expected one loss per step, {steps} in all, but {len(losses)} came back.", "one_loss_per_epoch" if len(losses) < steps else None)
    if not all(math.isfinite(loss) for loss in losses):
        wrong("Some losses are not finite.")
    return list(losses)


class Step:
    """What the probe reported in one step: the batch, the parameters then, the code, the gradient into the two heads, the gradients that had accumulated."""

    def __init__(self, x, parameters):
        self.x, self.parameters, self.z, self.flow, self.gradients = x, parameters, None, None, {}
        self._model, self._terms, self.wanted = None, None, {}

    def noise(self, reference):
        """The standardised noise of the code, (z - mu) / sigma; reparameterize is linear in it, so both can be had (from the student's own where a slip is carried forward)."""
        with torch.no_grad():
            mu, logvar = self.model().encode(self.x)
            mean = reference.reparameterize(mu, logvar, torch.zeros_like(mu))
            return (self.z - mean) / (reference.reparameterize(mu, logvar, torch.ones_like(mu)) - mean)

    def model(self):
        """The probe with the parameters of this step, here (made once: several questions are about it)."""
        if self._model is None:
            self._model = TinyVAE(D, K).double()
            self._model.load_state_dict(self.parameters)
        return self._model

    def terms(self, reference):
        """Bound, log-likelihood and divergence of the batch in this step, with the noise that the student drew (made once)."""
        if self._terms is None:
            self._terms = reference.elbo(self.model(), self.x, self.noise(reference))
        return self._terms


def recorded(student, steps, images_only=False):
    """The steps that a run took, from what the probe reported while gradients were on; validated, since it comes from the student's process."""
    seen = []
    for event in student.observed():
        kind, rest = event[0], event[1:]
        if images_only:
            if kind == "images" and rest[0] is True:
                seen.append(Step(tensor(rest[1], "a batch", (*rest[1].shape[:1], D), torch.float64), None))
        elif kind == "batch" and rest[0] is True:
            for name, part in rest[2].items():
                tensor(part, f"the parameter {name} of the model", SHAPES[name], finite=False)
            seen.append(Step(tensor(rest[1], "a batch", (*rest[1].shape[:1], D), torch.float64), rest[2]))
        elif kind == "code" and rest[0] is True and seen:
            seen[-1].z = rest[1]
        elif kind == "flow" and seen:
            flow = tensor(rest[0], "a gradient", (len(seen[-1].x), 2 * K), torch.float64)
            seen[-1].flow = flow if seen[-1].flow is None else seen[-1].flow + flow  # two backward passes share one step
        elif kind == "gradient" and seen:
            seen[-1].gradients[rest[0]] = rest[1]
    if len(seen) != steps:
        wrong(f"In {steps} steps the encoder should see {steps} batches (gradients on), but it saw {len(seen)}.")
    for step in seen:
        if not images_only:
            tensor(step.z, "the code of a step", (len(step.x), K), torch.float64)
    return seen


def train(student, model, x, steps, **settings):
    """Run the student's training; its losses."""
    return floats(student.train_vae(model, x, steps=steps, **settings), steps)


def test_batches(student, draw):
    """Each epoch goes once through the data in batches of the size asked for, in a fresh random order."""
    n, size, steps = 24, 10, 7
    x = draw.uniform(n, D, dtype=torch.float64)
    train(student, probe(draw, "images"), x, steps, batch_size=size, lr=1e-3, generator=draw.generator())
    rows = [_rows(step.x, x) for step in recorded(student, steps, images_only=True)]
    if max(map(len, rows)) > size:
        wrong(f"A batch has {max(map(len, rows))} images, more than batch_size.", "whole_data_every_step")
    epochs = _epochs(rows, n, size)
    if epochs is None:
        wrong("Within an epoch some images came twice, or others never, or batches had another size than batch_size.", "with_replacement")
    # an order of 20 or more of 24 images comes up by chance once in 24! / 4! = 2.6e22
    ordered = [epoch for epoch in epochs if len(epoch) >= 20]
    if any(epoch == sorted(epoch) for epoch in ordered):
        wrong("The data comes in its own order: it is not shuffled.", "no_shuffle")
    if any(ordered[i] == ordered[j] for i in range(len(ordered)) for j in range(i)):
        wrong("Two epochs have the same order.", "shuffled_once")


def _rows(batch, x):
    """Which image each row of a batch is."""
    found = (batch[:, None] - x).abs().amax(2).argmin(1)
    if not torch.allclose(x[found], batch, atol=1e-6):
        wrong("A batch holds something that is not an image of the data.")
    return found.tolist()


def _epochs(rows, n, size):
    """The epochs' orders, where the batches follow a fair plan: short batch kept, short batch dropped, or batches that run on across epochs; else None."""
    whole, short = divmod(n, size)
    for plan in ([size] * whole + [short], [size] * whole):
        if all(len(batch) == plan[i % len(plan)] for i, batch in enumerate(rows)):
            grouped = [sum(rows[i : i + len(plan)], []) for i in range(0, len(rows), len(plan))]
            if all(len(set(epoch)) == len(epoch) for epoch in grouped):
                return grouped
    stream = sum(rows, [])
    running = [stream[i : i + n] for i in range(0, len(stream), n)]
    if all(len(batch) == size for batch in rows) and all(len(set(epoch)) == len(epoch) for epoch in running):
        return running
    return None


def test_fewer_images_than_a_batch(student, draw):
    """Data smaller than a batch is used whole, and a generator is optional."""
    x = draw.uniform(3, D, dtype=torch.float64)
    train(student, probe(draw, "images"), x, 2, lr=1e-3)
    for step in recorded(student, 2, images_only=True):
        if sorted(_rows(step.x, x)) != [0, 1, 2]:
            wrong("With 3 images and a larger batch_size every batch should hold the 3 images once.")


def test_noise(student, reference, draw):
    """Every image gets fresh standard normal noise at every step."""
    n, steps = 600, 4
    x = draw.uniform(n, D, dtype=torch.float64)
    train(student, probe(draw, "codes"), x, steps, batch_size=n, lr=1e-3, generator=draw.generator())
    eps = torch.stack([step.noise(reference) for step in recorded(student, steps)])  # (steps, n, K)
    if not bool(eps.isfinite().all()) or bool((eps.abs() < 1e-9).all()):  # not finite: the student's own reparameterize lets no noise through
        wrong("The codes carry no noise at all.", "no_noise")
    if bool(((eps - eps[:, :1]).abs() < 1e-6).all()):
        wrong("All images of a batch share the same noise.", "one_noise_per_batch")
    if bool(((eps - eps[:1]).abs() < 1e-6).all()):
        wrong("Every step uses the same noise.", "noise_drawn_once")
    # steps * n = 2,400 pairs of normal numbers, 2.9e6 comparisons: within 1e-7 in both coordinates by chance are 1e-8 of them on average, or 0.2 where the student's own
    # reparameterize gives both coordinates one noise (which is not this exercise's slip); eleven then have probability below 1e-15. Noise that is used again is so by the hundred
    ordered = eps.reshape(-1, K)[eps.reshape(-1, K)[:, 0].argsort()]
    if int(((ordered[1:] - ordered[:-1]).abs() < 1e-7).all(1).sum()) > 10:
        wrong("Some noise is used twice.", "noise_drawn_once")
    # 4,800 numbers: the mean has a standard error of 0.0144, the variance of 0.0204, the fourth moment of 0.14; seven of them: below 1e-11
    mean, variance, fourth = float(eps.mean()), float(eps.var()), float(eps.pow(4).mean())
    if abs(mean) > 0.1 or abs(variance - 1) > 0.15 or abs(fourth - 3) > 1:
        wrong(f"The noise has mean {mean:.2f} and variance {variance:.2f}; it should be standard normal.", "uniform_noise" if float(eps.min()) >= 0 else None)


@pytest.mark.parametrize("beta, warmup, steps", [(2.5, 3, 5), (0.4, 0, 3)])
def test_minimises_the_weighted_loss_and_reports_the_plain_one(student, reference, draw, beta, warmup, steps):
    """The gradients are those of beta_vae_loss with weight beta * kl_weight(step); the losses are negative ELBOs with weight 1."""
    x = draw.uniform(10, D, dtype=torch.float64)
    losses = train(student, probe(draw, "gradients"), x, steps, batch_size=5, lr=1e-2, generator=draw.generator(), beta=beta, warmup_steps=warmup)
    seen = recorded(student, steps)
    for i, (step, loss) in enumerate(zip(seen, losses, strict=True)):
        bound, log_likelihood, kl = (part.detach() for part in step.terms(reference))
        _check_report(loss, bound, float(reference.beta_vae_loss(log_likelihood, kl, beta * reference.kl_weight(i, warmup))))
    _check_weights(seen, beta, warmup, reference)
    _check_accumulated(seen, beta, warmup, reference)


def _check_report(loss, bound, weighted):
    """The number that came back for one step is the batch's mean negative ELBO; float32 inside is accepted."""
    plain = -float(bound.mean())
    if abs(loss - plain) <= 1e-4 * max(1.0, abs(plain)):
        return
    name = "reports_weighted_loss" if abs(loss - weighted) < 1e-4 else "reports_the_bound" if abs(loss + plain) < 1e-4 else None
    wrong("The loss you report for a step is not the batch's mean negative ELBO with weight 1 on the KL.", name)


def _gradients(step, weight, reference):
    """What the loss with this weight on the KL gives every parameter in a step, by name (made once: several questions are about it)."""
    if weight not in step.wanted:
        model = step.model()
        names, parameters = zip(*model.named_parameters(), strict=True)
        _, log_likelihood, kl = step.terms(reference)
        loss = reference.beta_vae_loss(log_likelihood, kl, weight)
        step.wanted[weight] = dict(zip(names, torch.autograd.grad(loss, parameters, retain_graph=True), strict=True))
    return step.wanted[weight]


def _same(got, want):
    """Whether a gradient is the one expected; float32 inside is accepted."""
    return torch.allclose(got.double(), want, rtol=1e-4, atol=1e-6)


def _has_weight(step, weight, reference, sign=1.0):
    """Whether the gradient that came back to the two heads is that of the loss with this weight on the KL (times `sign`).

    The heads are an affine function, so what comes back to them decides what its parameters get: flow^T h and the sum of the flow, for its inputs h.
    """
    if step.flow is None:
        wrong("No gradient of the loss comes back to the encoder's two heads.")
    want, inputs = _gradients(step, weight, reference), step.x + (2 * step.x).sin()
    return _same(sign * step.flow.T @ inputs, want["read.weight"]) and _same(sign * step.flow.sum(0), want["read.bias"])


def _check_weights(seen, beta, warmup, reference):
    """The KL's weights over the steps are beta * kl_weight(step)."""
    def like(weights, sign=1.0):
        return all(_has_weight(step, weight, reference, sign) for step, weight in zip(seen, weights, strict=True))

    ramp = [reference.kl_weight(i, warmup) for i in range(len(seen) + 1)]
    right = [beta * w for w in ramp[:-1]]
    if like(right):
        return
    slips = {"beta_ignored": ramp[:-1], "warmup_ignored": [beta] * len(seen), "steps_from_one": [beta * w for w in ramp[1:]]}
    for name, weights in slips.items():
        if like(weights):
            wrong("The KL has another weight in the gradients than beta * kl_weight(step).", name)
    wrong("The gradients are not those of the loss to be minimised.", "minimises_the_bound" if like(right, sign=-1.0) else None)


def _check_accumulated(seen, beta, warmup, reference):
    """What the parameters have accumulated in a step is that step's gradient alone (nothing to see where no .grad is used)."""
    for i, step in enumerate(seen):
        for name, want in _gradients(step, beta * reference.kl_weight(i, warmup), reference).items():
            got = step.gradients.get(name)
            if got is not None and not _same(tensor(got, "a gradient", tuple(want.shape)), want):
                wrong("The gradients that the optimiser sees are not those of this step's loss.", "gradients_accumulate" if i else None)


def test_generator_and_learning_rate_decide(student, draw):
    """Equal generators give equal runs, different ones give different runs; a tiny learning rate hardly moves the parameters, a larger one does."""
    x, first, second = draw.uniform(10, D, dtype=torch.float64), draw.seed(), draw.seed()
    start = probe(draw)

    def run(seed, lr):
        def once(student):
            model = student.place(start)
            losses = train(student, model, x, 3, batch_size=5, lr=lr, generator=torch.Generator().manual_seed(seed))
            after = model.state_dict()
            return losses, max(float((tensor(after[name], name, tuple(value.shape)) - value).abs().max()) for name, value in start.state_dict().items())

        return once

    (one, little), (again, _), (other, much) = together(student, run(first, 1e-9), run(first, 1e-9), run(second, 1e-2))
    if any(abs(a - b) > 1e-6 for a, b in zip(one, again, strict=True)):
        wrong("Two runs with generators in the same state differ.")
    if abs(one[0] - other[0]) < 1e-9:  # of the first step, before any parameter has moved
        wrong("Runs with different generators are the same.", "generator_ignored")
    if little > 1e-5 or much < 100 * little:
        wrong(f"With lr = 1e-9 a parameter moved by {little:.2g} in three steps, with lr = 0.01 by {much:.2g}.", "lr_ignored")


def test_reports_and_improves(student, reference, draw):
    """One float per step comes back, the loss falls, every parameter has learned, and the model is still in training mode."""
    x = (torch.arange(D) % 2).double().repeat(40, 1)
    start = probe(draw, scale=0.1)
    model, before = student.place(start), start.state_dict()
    losses = train(student, model, x, 8, batch_size=16, lr=0.03, generator=draw.generator())
    after = model.state_dict()
    moved = {name: bool((tensor(after[name], name, tuple(value.shape)) != value).any()) for name, value in before.items()}
    if not any(moved.values()):
        wrong("No parameter has changed: the optimiser takes no step.", "never_steps")
    if not all(moved.values()):
        wrong("Some parameters have not changed: the optimiser does not have all of them.", "part_of_the_parameters")
    eps = draw.normal(len(x), K, dtype=torch.float64)  # with the same noise the loss has to be lower after than before, whatever its scale
    if _loss(after, x, eps, reference) >= _loss(before, x, eps, reference):
        _no_progress(losses)
    if not model.training():
        wrong("The model came in training mode and was left in evaluation mode.", "left_in_evaluation_mode")


def _loss(state, x, eps, reference):
    """The loss of a probe with these parameters, after any warm-up."""
    model = TinyVAE(D, K).double()
    model.load_state_dict(state)
    with torch.no_grad():
        _, log_likelihood, kl = reference.elbo(model, x, eps)
        return float(reference.beta_vae_loss(log_likelihood, kl, reference.kl_weight(20, 0)))


def _no_progress(losses):
    """The numbers reported do not fall: uphill, or reported with the other sign."""
    if losses[0] < 0:
        wrong("The losses are negative and rise: they are ELBOs, not negative ELBOs.", "reports_the_bound")
    wrong("The loss does not fall on data that is one simple pattern over and over.", "minimises_the_bound" if losses[-1] > losses[0] + 1 else None)


def test_defaults(student, draw):
    """Only model, data and steps have to be given; they are keyword arguments, and float32 works too."""
    x = draw.uniform(6, D)
    train(student, TinyVAE(D, K), x, 2)
    try:
        student.train_vae(TinyVAE(D, K), x, steps=1, batch_size=4, lr=1e-3, generator=None, beta=2.0, warmup_steps=3)
    except Raised as error:
        if "TypeError" in error.kinds and "argument" in error.message:
            wrong("train_vae does not accept all of steps, batch_size, lr, generator, beta and warmup_steps by name.")
        raise
