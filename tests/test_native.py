"""The meta device in the sandbox, with torch's own C++ kernels: it notices what torch's Python ones notice, and tells the forms that the CPU has."""

import json
import subprocess
import sys

import pytest

from autograder.jail.launch import INSIDE

TRIED = """
import json, sys
sys.path.insert(0, sys.argv[1])
import torch
import torch.nn.functional as F
import native
if sys.argv[2] == "native":
    native.prefer_native_kernels()

def tried(function, *inputs):
    try:
        results = function(*inputs)
    except Exception as error:
        return "clash" if any(text in str(error) for text in ("same device", "expected device", "is on cpu")) else type(error).__name__
    return [[list(r.shape), str(r.dtype)] for r in (results if isinstance(results, (tuple, list)) else [results]) if isinstance(r, torch.Tensor)]

def on(device, inputs):
    return [value.to(device) for value in inputs]

torch.manual_seed(0)
a, b, c, w, mask = torch.rand(4, 6), torch.rand(4, 6), torch.rand(4, 6), torch.rand(3, 6), torch.rand(4, 6) > 0.5
image, kernel, index = torch.rand(2, 4, 8, 8), torch.rand(3, 4, 3, 3), torch.tensor([2, 0])
SEVERAL = {
    **{name: (getattr(torch, name), a, b) for name in (
        "add", "sub", "mul", "div", "pow", "fmod", "remainder", "maximum", "minimum", "fmax", "fmin", "atan2", "hypot", "logaddexp", "logaddexp2", "xlogy",
        "eq", "ne", "lt", "le", "gt", "ge", "floor_divide")},
    **{name: (lambda x, y, name=name: getattr(x, name)(y), a, b) for name in ("add_", "sub_", "mul_", "div_", "pow_", "lt_", "fmod_")},
    "a row": (torch.mul, a, b[0]), "two dtypes": (torch.add, a, b.double()), "integers": (torch.div, index, index), "lerp": (torch.lerp, a, b, c),
    "lerp with a number": (lambda x, y: torch.lerp(x, y, 0.5), a, b), "addcmul": (torch.addcmul, a, b, c), "addcdiv": (torch.addcdiv, a, b, c),
    "mse_loss": (F.mse_loss, a, b), "smooth_l1_loss": (F.smooth_l1_loss, a, b), "huber_loss": (F.huber_loss, a, b), "l1_loss": (F.l1_loss, a, b),
    "binary_cross_entropy": (F.binary_cross_entropy, a, b), "with logits": (F.binary_cross_entropy_with_logits, a, b), "cat": (lambda x, y: torch.cat([x, y]), a, b),
    "stack": (lambda x, y: torch.stack([x, y]), a, b), "where": (torch.where, mask, a, b), "masked_fill": (lambda x, m: x.masked_fill(m, 0.0), a, mask),
    "addmm": (torch.addmm, w @ w.T, w, w.T), "linear's bias": (F.linear, a, w, w[:, 0]), "mv": (torch.mv, a, w[0]), "dot": (torch.dot, w[0], w[1]),
    "layer_norm": (lambda x, g: F.layer_norm(x, (6,), g, g), a, w[0]), "group_norm": (lambda x, g: F.group_norm(x, 2, g, g), image, w[0, :4]),
    "batch_norm": (lambda x, m: F.batch_norm(x, m, m, training=True), image, w[0, :4]), "cross_entropy": (F.cross_entropy, a, torch.tensor([0, 1, 2, 3])),
    "a mask for attention": (lambda q, m: F.scaled_dot_product_attention(q, q, q, attn_mask=m), image, torch.rand(8, 8)),
}
ONE = {
    "a calculation": (lambda x: (x.exp() * x.sin() + x**2 - x / 2).clamp(0, 1).sum(1).logsumexp(0), a), "sums": (lambda x: [x.sum(), x.mean(0), x.var(1), x.amax(0), x.prod(1)], a),
    "activations": (lambda x: [F.relu(x), F.silu(x), F.gelu(x), F.softplus(x), x.sigmoid(), x.tanh(), F.leaky_relu(x), x.softmax(1), x.log_softmax(1)], a),
    "in place": (lambda x: x.clone().exp_().mul_(2).clamp_(0, 1).zero_(), a), "comparisons": (lambda x: [x > 0, x.isnan(), x.argmax(1), x.sort(1).indices, x.topk(2).values], a),
    "powers": (lambda x: [2**x, x**2, x.sqrt(), x.rsqrt(), x.reciprocal(), x.log()], a), "half": (lambda x: x.half().exp(), a), "integers": (lambda x: x.sum() / 2, index),
    "an image": (lambda x: [F.interpolate(x, scale_factor=2), F.max_pool2d(x, 2), F.avg_pool2d(x, 2), F.pixel_shuffle(x, 2)], image),
}
report = {}
for name, (function, *inputs) in SEVERAL.items():
    report[name] = {"cpu": tried(function, *on("cpu", inputs)), "meta": tried(function, *on("meta", inputs)),
                    "mixed": [tried(function, *on("meta", inputs[:k]), inputs[k].clone(), *on("meta", inputs[k + 1:])) for k in range(len(inputs))]}
for name, (function, *inputs) in ONE.items():
    report[name] = {"cpu": tried(function, *on("cpu", inputs)), "meta": tried(function, *on("meta", inputs)), "mixed": []}
print(json.dumps(report))
"""


def told(kernels: str) -> dict:
    """By what was tried: what came on the CPU, on the meta device, and with each input in turn on the CPU while the others are on the meta device."""
    said = subprocess.run([sys.executable, "-W", "ignore", "-c", TRIED, str(INSIDE), kernels], capture_output=True, text=True, check=True, timeout=120)
    return json.loads(said.stdout)


@pytest.fixture(scope="module")
def native() -> dict:
    return told("native")


@pytest.fixture(scope="module")
def usual() -> dict:
    return told("usual")


def test_no_meeting_of_two_devices_goes_unnoticed_that_torchs_own_kernels_notice(native, usual):
    clashes = {(name, number) for name, tried in usual.items() for number, found in enumerate(tried["mixed"]) if found == "clash"}
    assert len(clashes) > 80
    assert [what for what in sorted(clashes) if native[what[0]]["mixed"][what[1]] != "clash"] == []


def test_forms_are_those_of_the_cpu(native):
    assert {name: tried["meta"] for name, tried in native.items()} == {name: tried["cpu"] for name, tried in native.items()}
    assert all(isinstance(tried["cpu"], list) and tried["cpu"] for tried in native.values())
