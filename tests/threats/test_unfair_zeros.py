"""Rows 51 to 59: a right answer keeps its points in whatever style it is written and whatever happens around it."""

import json

import nbformat
import pytest
from grading import VAE, grade, notebook, outcomes
from hostile import EXERCISE, HEAD, RIGHT, WITNESS, Attack, judge_all

from autograder import source

KL = "def gaussian_kl(mu, logvar):\n    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(1)\n"
KLS = ("gaussian_kl",)


def kl(cell: str, *extra: str) -> Attack:
    """A notebook with another gaussian_kl."""
    return Attack(RIGHT, list(extra), KLS, {"gaussian_kl": cell})


def weight(cell: str, *extra: str) -> Attack:
    """A notebook with another kl_weight."""
    return Attack(cell, list(extra))


HONEST = {
    51: {
        "warnings": weight("import warnings\n" + HEAD + "    warnings.warn('old')\n    return 1.0 if warmup_steps == 0 else min(1.0, step / warmup_steps)\n"),
        "warnings as errors elsewhere": weight(RIGHT, "import warnings\nwarnings.simplefilter('error')"),
        "a progress bar": weight("from tqdm.auto import tqdm\n" + HEAD + "    for _ in tqdm(range(3)): pass\n    return 1.0 if warmup_steps == 0 else min(1.0, step / warmup_steps)\n"),
        "a line to stderr": weight("import sys\n" + HEAD + "    print('Traceback: step', step, file=sys.stderr)\n    return 1.0 if warmup_steps == 0 else min(1.0, step / warmup_steps)\n"),
        "logging": weight("import logging\nlogging.basicConfig(level=10)\n" + HEAD + "    logging.error('failed')\n    return 1.0 if warmup_steps == 0 else min(1.0, step / warmup_steps)\n"),
    },
    52: {
        "numpy float": weight("import numpy as np\n" + HEAD + "    return float(np.clip(step / max(warmup_steps, 1e-9), 0, 1)) if warmup_steps else 1.0\n"),
        "another order of summation": kl("def gaussian_kl(mu, logvar):\n    out = 0\n    for k in reversed(range(mu.shape[1])):\n        out = out + (mu[:, k] ** 2 + logvar[:, k].exp() - logvar[:, k] - 1) / 2\n    return out\n"),
        "in place on its own tensors": kl("def gaussian_kl(mu, logvar):\n    out = mu.clone()\n    out.pow_(2)\n    out += logvar.exp()\n    out -= logvar\n    out.sub_(1).mul_(0.5)\n    return out.sum(dim=-1)\n"),
        "expm1": kl("import torch\ndef gaussian_kl(mu, logvar):\n    return 0.5 * torch.sum(mu * mu + torch.expm1(logvar) - logvar, -1)\n"),
        "float64 inside": kl("def gaussian_kl(mu, logvar):\n    m, l = mu.double(), logvar.double()\n    return (0.5 * (m * m + l.exp() - 1 - l).sum(1)).to(mu.dtype)\n"),
    },
    53: {
        "randn_like": Attack(RIGHT, only=("generate",), others={"generate": "def generate(model, n, temperature=1.0, generator=None):\n    was = model.training\n    model.eval()\n"
            "    p = next(model.parameters())\n    z = torch.empty(model.latent_dim, n).normal_(generator=generator).T.to(p) * temperature\n    with torch.no_grad():\n        out = model.decode(z).sigmoid()\n    model.train(was)\n    return out\n"}),
        "one by one": Attack(RIGHT, only=("generate",), others={"generate": "def generate(model, n, temperature=1.0, generator=None):\n    was = model.training\n    model.eval()\n"
            "    p = next(model.parameters())\n    z = temperature * torch.stack([torch.randn(model.latent_dim, generator=generator) for _ in range(n)]).to(p)\n    with torch.inference_mode():\n        out = torch.sigmoid(model.decode(z))\n    model.train(was)\n    return out.clone()\n"}),
    },
    54: {
        "torch.distributions": kl("import torch.distributions as D\ndef gaussian_kl(mu, logvar):\n    q = D.Normal(mu, (logvar / 2).exp())\n    return D.kl_divergence(q, D.Normal(mu * 0, logvar * 0 + 1)).sum(1)\n"),
        "einsum": kl("import torch\ndef gaussian_kl(mu, logvar):\n    return 0.5 * (torch.einsum('nk,nk->n', mu, mu) + torch.einsum('nk->n', logvar.exp() - logvar - 1))\n"),
        "a min of a list": weight(HEAD + "    if not warmup_steps: return 1.0\n    return sorted([0.0, step / warmup_steps, 1.0])[1]\n"),
    },
    56: {"a weight of exactly one": weight(HEAD + "    return float(1 if step >= warmup_steps else step / warmup_steps)\n")},
    57: {
        "helpers in extra cells": weight(HEAD + "    return clip_to_one(ratio(step, warmup_steps))\n", "def clip_to_one(x):\n    return min(1.0, x)", "def ratio(a, b):\n    return a / b if b else 1.0"),
        "imports moved": weight(HEAD + "    return 1.0 if warmup_steps == 0 else float(np.minimum(1.0, step / warmup_steps))\n", "import numpy as np\nfrom math import *"),
        "an import inside": weight(HEAD + "    import math\n    return 1.0 if warmup_steps == 0 else math.fsum([min(1.0, step / warmup_steps)])\n"),
        "a lambda": weight("kl_weight = lambda step, warmup_steps: 1.0 if not warmup_steps else min(1.0, step / warmup_steps)\n"),
        "a class with a call": weight("class Weight:\n    def __call__(self, step, warmup_steps):\n        return 1.0 if not warmup_steps else min(1.0, step / warmup_steps)\nkl_weight = Weight()\n"),
        "functools": weight("from functools import lru_cache, partial\n@lru_cache(None)\ndef kl_weight(step: int, warmup_steps: int, *, top: float = 1.0) -> float:\n    return top if not warmup_steps else min(top, step / warmup_steps)\n"),
        "hints that name nothing yet": weight("from __future__ import annotations\ndef kl_weight(step: Later, warmup_steps: Later) -> Later:\n    return 1.0 if not warmup_steps else min(1.0, step / warmup_steps)\n"),
        "a future import in another cell": weight(RIGHT.replace("step, warmup_steps", "step: Later, warmup_steps: Later", 1), "from __future__ import annotations"),
        "extra parameters": weight("def kl_weight(step, warmup_steps, verbose=False, **options):\n    return 1.0 if not warmup_steps else min(1.0, step / warmup_steps)\n"),
        "a redefinition": weight("def kl_weight(step, warmup_steps):\n    raise NotImplementedError()\n" + RIGHT),
        "display": weight("display('about to define')\n" + RIGHT + "display(kl_weight(1, 2))\n"),
        "a non-ascii name": weight("def kl_weight(step, warmup_steps):\n    β = 1.0 if not warmup_steps else min(1.0, step / warmup_steps)\n    return β  # é ✓ 漢字\n"),
        "Windows line ends": weight(RIGHT.replace("\n", "\r\n")),
        "a print per call": weight(HEAD + "    print('step', step)\n    return 1.0 if warmup_steps == 0 else min(1.0, step / warmup_steps)\n"),
        "magics before it": weight("%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n" + RIGHT),
        "a cell magic": weight("%%time\n" + RIGHT),
        "a retina figure": weight("%config InlineBackend.figure_format = 'retina'\n" + RIGHT),
        "get_ipython": weight("get_ipython().run_line_magic('matplotlib', 'widget')\n" + RIGHT),
        "a help request": weight(RIGHT + "kl_weight?\n"),
        "a shell line": weight("!echo hello\n" + RIGHT),
        "a GUI backend": weight("import matplotlib\ntry:\n    matplotlib.use('TkAgg')\nexcept Exception:\n    pass\nimport matplotlib.pyplot as plt\n" + RIGHT),
    },
    58: {
        "a failing plot": weight(RIGHT, "import matplotlib.pyplot as plt\nplt.plot([1, 2], [1, 2, 3])\nplt.show()"),
        "a failing experiment": weight(RIGHT, "train_vae(None, None, steps=10 ** 9)", "1 / 0", "undefined_name", "raise KeyboardInterrupt", "this is no python"),
        "input": weight(RIGHT, "name = input('your name? ')"),
        "a cell that installs": weight(RIGHT, "%pip install --quiet einops", "!pip install einops"),
        "a cell that sleeps a little": weight(RIGHT, "import time\ntime.sleep(0.3)"),
        "a missing file": weight(RIGHT, "import torch\nmodel = torch.load('my_model.pt')"),
        "a failing last line": weight(RIGHT + "print(kl_weight(1, 'a'))\n"),
        "an assertion of the student's": weight(RIGHT + "assert kl_weight(1, 2) == 0.25\n"),
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def verdicts(pool):
    """All honest notebooks, judged."""
    return judge_all(pool, {f"{row}/{name}": attack for row, cases in HONEST.items() for name, attack in cases.items()})


@pytest.mark.parametrize("row, name", [pytest.param(row, name, marks=pytest.mark.row(row), id=f"{row}-{name}") for row, cases in HONEST.items() for name in cases])
def test_a_right_answer_keeps_its_points(verdicts, row, name):
    for verdict in verdicts[f"{row}/{name}"].values():
        assert verdict["outcome"] == "passed" and verdict["points"] == verdict["max_points"], verdict


@pytest.mark.row(52)
@pytest.mark.parametrize("seed", range(1, 6))
def test_no_seed_is_unlucky(pool, seed):
    """`make seeds` grades every reference under many more."""
    result = grade(pool, notebook(), only=("gaussian_kl", EXERCISE, WITNESS, "generate", "elbo"), seed=seed * 7919)
    assert result["score"] == sum(e["max_points"] for e in result["exercises"]), json.dumps(result)


@pytest.mark.row(56)
def test_points_are_the_sources_and_never_more(pool):
    result = grade(pool, notebook(), only=("gaussian_kl", EXERCISE, WITNESS))
    points = {e.name: e.points for e in source.load(VAE).exercises}
    assert {e["name"]: e["points"] for e in result["exercises"]} == {name: points[name] for name in ("gaussian_kl", EXERCISE, WITNESS)}
    assert result["score"] == result["max_score"]


@pytest.mark.row(57)
def test_cells_may_be_split_and_merged(pool):
    """Each exercise's cell cut before its definition, comments and markdown between; and two exercises in one cell."""
    raw = nbformat.reads(notebook().decode(), 4)
    cells, held_back = [], ""
    for cell in raw.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name == EXERCISE:
            cells += [nbformat.v4.new_markdown_cell("# mine"), nbformat.v4.new_code_cell("limit = 1.0"), nbformat.v4.new_code_cell("# the weight\n" + RIGHT.replace("1.0, step", "limit, step"))]
            held_back = "# moved"
            cell.source = held_back
        cells.append(cell)
    raw.cells = cells
    assert outcomes(grade(pool, nbformat.writes(raw).encode(), only=(EXERCISE, WITNESS))) == {EXERCISE: "passed", WITNESS: "passed"}
