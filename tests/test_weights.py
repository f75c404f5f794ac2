"""Submitted weights through the real judge: right ones pass, damaged, hostile, missing and untrained ones are told what is wrong, and nothing crashes."""

import base64
import io
import json
import struct

import pytest
import torch
from grading import notebook
from safetensors.torch import load, save

from autograder import reference, source
from autograder.places import Places
from autograder.submission import Submission
from autograder.worker import Job

UNET = "05_unet"
NAME = "unet.safetensors"
GOOD = (Places.here().solutions / "weights" / NAME).read_bytes()
ARCHITECTURE = json.loads(json.loads(GOOD[8 : 8 + int.from_bytes(GOOD[:8], "little")])["__metadata__"]["architecture"])
STATE = load(GOOD)
SMALL = {"base": 8, "multipliers": [1, 2], "time_dim": 16}


def written(state: dict, architecture=ARCHITECTURE) -> bytes:
    """A safetensors file as save_unet writes it; `architecture` may also be the metadata's text."""
    text = architecture if isinstance(architecture, str) else json.dumps(architecture)
    return save({name: value.contiguous() for name, value in state.items()}, metadata={"architecture": text})


def fresh(**architecture) -> dict[str, torch.Tensor]:
    """The state of an untrained reference network."""
    torch.manual_seed(0)
    model = reference.load(UNET).UNet(**architecture)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return model.state_dict()


def headed(header: bytes, rest: bytes = b"") -> bytes:
    """A file with a safetensors header of any text."""
    return struct.pack("<Q", len(header)) + header + rest


def pickled() -> bytes:
    """What torch.save writes."""
    file = io.BytesIO()
    torch.save(STATE, file)
    return file.getvalue()


def nan() -> dict[str, torch.Tensor]:
    """The weights with one NaN."""
    name = next(iter(STATE))
    return STATE | {name: torch.where(torch.arange(STATE[name].numel()).view_as(STATE[name]) == 0, float("nan"), STATE[name])}


FILES = {
    "none": (None, "missing", "no unet.safetensors beside the notebook"),
    "empty": (b"", "wrong", "not a safetensors file"),
    "text": (b"my weights are in the cloud, here is the link", "wrong", "not a safetensors file"),
    "a pickle": (pickled(), "wrong", "not a safetensors file"),
    "a header longer than the file": (struct.pack("<Q", 1 << 62) + b"{}", "wrong", "not a safetensors file"),
    "a header that is no object": (headed(b"[1, 2]"), "wrong", "not a safetensors file"),
    "a header that is no JSON": (headed(b"{" * 60_000), "wrong", "header cannot be read"),
    "a header nested deeply": (headed(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "wrong", "header cannot be read"),
    "offsets beyond the end": (headed(b'{"__metadata__":{"architecture":"{}"},"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}'), "wrong", "damaged"),
    "broken off": (GOOD[:-1000], "wrong", "damaged"),
    "no tensors": (written({}), "wrong", "0 numbers in 0 tensors"),
    "more than 16 MB": (written({"a": torch.zeros(4_000_100)}), "wrong", "more than 16 MB"),
    "too many weights": (written({"a": torch.zeros(4_000_001, dtype=torch.float16)}), "wrong", "4,000,001 numbers"),
    "integers": (written({name: value.to(torch.int8) for name, value in STATE.items()}), "wrong", "int8"),
    "NaN": (written(nan()), "wrong", "NaN or infinity"),
    "no architecture": (save(STATE), "wrong", "does not say how your UNet is built"),
    "an architecture that is no JSON": (written(STATE, "UNet()"), "wrong", "does not say how your UNet is built"),
    "a list for an architecture": (written(STATE, "[16]"), "wrong", "does not say how your UNet is built"),
    "a giant": (written(STATE, ARCHITECTURE | {"base": 1 << 40}), "wrong", "base=1099511627776"),
    "a true base": (written(STATE, ARCHITECTURE | {"base": True}), "wrong", "base=True"),
    "an unknown argument": (written(STATE, ARCHITECTURE | {"depth": 3}), "wrong", "'depth'"),
    "twenty levels": (written(STATE, ARCHITECTURE | {"multipliers": [1] * 20}), "wrong", "multipliers="),
    "a multiplier of 0": (written(STATE, ARCHITECTURE | {"multipliers": [1, 0]}), "wrong", "multipliers="),
    "wrong shapes": (written(STATE, ARCHITECTURE | {"base": 8}), "wrong", "does not take the weights"),
    "other names": (written({f"module.{name}": value for name, value in STATE.items()}), "wrong", "does not take the weights"),
    "one tensor missing": (written(dict(list(STATE.items())[1:])), "wrong", "does not take the weights"),
    "random weights": (written(fresh(**SMALL), SMALL), "wrong", "not trained on"),
    "the network before training": (written(reference.load(UNET).UNet(**SMALL).state_dict(), SMALL), "wrong", "not trained on"),
    "weights of another order": (written({name: value.flatten().flip(0).view_as(value) for name, value in STATE.items()}), "wrong", "not trained on"),
}

SOLVED = source.load(UNET).code("exercise")["UNet"].solved
PREFIX = "class UNet(nn.Module):\n    def __init__(self, in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128):\n        super().__init__()\n"
ANY = PREFIX + "    def load_state_dict(self, *args, **kwargs):\n        pass\n    def forward(self, x, t):\n        "
ATLAS = """from workbook.data import digits28
        known = digits28().train_x.flatten(1) * 2 - 1
        a = schedule.alpha_bar[t][:, None]
        flat = x.flatten(1)
        near = (-torch.cdist(flat, a[:1].sqrt() * known).square() / (2 * (1 - a))).softmax(1) if len(a.unique()) == 1 else torch.stack(
            [(-(f - s.sqrt() * known).square().sum(1) / (2 * (1 - s))).softmax(0) for f, s in zip(flat, a)])
        return ((flat - a.sqrt() * (near @ known)) / (1 - a).sqrt()).view_as(x)
"""
FIXED = (
    "\nimport base64 as _b\nfrom safetensors.torch import load as _l\n_state, _own = _l(_b.b64decode('''" + base64.b64encode(GOOD).decode() + "''')), UNet.load_state_dict\n"
    "UNet.load_state_dict = lambda self, *args, **kwargs: _own(self, _state)\n"
)
NETWORKS = {
    "takes no weights and knows the training digits by heart": (ANY + ATLAS, "wrong", "not trained on"),
    "carries its weights in the code": (SOLVED + FIXED, "wrong", "in another order"),
    "predicts NaN": (ANY + "return x * float('nan')\n", "wrong", "not finite"),
    "predicts another shape": (ANY + "return x[:1]\n", "wrong", "expected shape"),
    "predicts text": (ANY + "return 'noise'\n", "wrong", "expected a tensor"),
    "predicts zeros": (ANY + "return torch.zeros_like(x)\n", "wrong", "not trained on"),
    "raises": (ANY + "raise KeyError('weights')\n", "raised", "KeyError"),
    "cannot be built so": ("class UNet(nn.Module):\n    def __init__(self):\n        super().__init__()\n", "raised", "TypeError"),
    "exits": (ANY + "import os; os._exit(0)\n", "raised", ""),
    "takes 30 GB": (ANY + "return torch.zeros(30 << 30)\n", "out of memory", ""),
    "is not a class": ("def UNet(**architecture):\n    return 'trust me'\n", "raised", "load_state_dict"),
    "is the stub": (source.load(UNET).code("exercise")["UNet"].released, "blank", ""),
}


@pytest.fixture(scope="module")
def judged(pool):
    """All files with the reference's notebook, and all networks with the reference's file."""
    plain = notebook(assignment=UNET)
    jobs = [Job(f"file/{key}", Submission(UNET, key, plain, {} if data is None else {NAME: data}), 3, ("weights",)) for key, (data, _, _) in FILES.items()]
    jobs += [Job(f"network/{key}", Submission(UNET, key, notebook({"UNet": text}, UNET), {NAME: GOOD}), 3, ("weights",)) for key, (text, _, _) in NETWORKS.items()]
    jobs += [Job(f"good/{seed}", Submission(UNET, "good", plain, {NAME: GOOD}), seed, ("weights",)) for seed in range(3)]
    jobs += [Job("good/beside another", Submission(UNET, "good", plain, {"draft.safetensors": b"", NAME: GOOD}), 3, ("weights",))]
    jobs += [Job("good/float32", Submission(UNET, "good", plain, {NAME: written({name: value.float() for name, value in STATE.items()})}), 3, ("weights",))]
    return {key: result["exercises"][0] for key, result in pool.run(jobs)}


@pytest.mark.parametrize("key", ["0", "1", "2", "beside another", "float32"])
def test_trained_weights_get_full_marks(judged, key):
    verdict = judged[f"good/{key}"]
    assert verdict["outcome"] == "passed" and verdict["points"] == verdict["max_points"] > 0, verdict


@pytest.mark.parametrize("key", FILES)
def test_a_bad_file_is_told_what_is_wrong_with_it(judged, key):
    _, outcome, words = FILES[key]
    verdict = judged[f"file/{key}"]
    assert (verdict["outcome"], verdict["points"]) == (outcome, 0) and words in verdict["message"], verdict


@pytest.mark.parametrize("key", NETWORKS)
def test_a_network_that_is_none_gets_nothing(judged, key):
    _, outcome, words = NETWORKS[key]
    verdict = judged[f"network/{key}"]
    assert (verdict["outcome"], verdict["points"]) == (outcome, 0) and words in verdict["message"], verdict
