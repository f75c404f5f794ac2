"""`autograder check`: the sandbox that is ready sooner judges as the usual one does, and loads what is slow only after the first verdict."""

import json
import subprocess
import sys

from grading import VAE, notebook

from autograder.jail.launch import INSIDE, Jail
from autograder.places import Places
from autograder.pool import Pool
from autograder.quick import judge_one
from autograder.submission import Submission
from autograder.worker import Job

ON_META = """
import json, sys
sys.path.insert(0, sys.argv[1])
import zygote
zygote.warm_up(quick=True)
import torch
x = torch.randn(3, 2).to("meta")
result = (x.exp() + x**2 - 1 - x).sum(1).softmax(0)
loaded = "torch._dynamo" in sys.modules
compiled = torch.compile(lambda y: y.exp() + 1, backend="eager")(torch.zeros(2)).tolist()
print(json.dumps({"device": result.device.type, "shape": list(result.shape), "compiler": loaded, "compiled": compiled}))
"""


def test_the_meta_device_needs_no_compiler_and_compiling_still_works():
    said = subprocess.run([sys.executable, "-c", ON_META, str(INSIDE)], capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(said.stdout.splitlines()[-1]) == {"device": "meta", "shape": [3], "compiler": False, "compiled": [2.0, 2.0]}


def test_quick_verdicts_are_the_usual_ones():
    wrong = "def gaussian_kl(mu, logvar):\n    return (mu**2 + logvar.exp() - logvar - 1).sum(1)\n"
    job = Job("one", Submission(VAE, "student", notebook({"gaussian_kl": wrong}), {}), 7, ("gaussian_kl", "elbo", "VAE"))
    with Pool(1, places=Places.here()) as pool:
        ((_, usual),) = pool.run([job])
    with Jail(quick=True) as jail:
        quick = judge_one(jail, job, lambda result: None)
    assert quick["exercises"] == usual["exercises"] and quick["score"] == usual["score"]
