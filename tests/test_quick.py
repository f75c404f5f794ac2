"""What loads sooner judges the same: torch without its compiler, and one notebook judged at once for someone who waits."""

import json
import subprocess
import sys

import pytest
from grading import VAE, notebook

from autograder.jail.launch import INSIDE, Jail
from autograder.places import Places
from autograder.pool import Pool
from autograder.quick import judge_one
from autograder.submission import Submission
from autograder.worker import Job

WARM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import zygote
zygote.warm_up()
import torch
from torch.utils._python_dispatch import TorchDispatchMode

def told(value):
    print(json.dumps({"value": value, "compiler": "torch._dynamo" in sys.modules, "compiled": torch.compile(lambda y: y.exp() + 1, backend="eager")(torch.zeros(2)).tolist()}))

class Counting(TorchDispatchMode):
    seen = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.seen += 1
        return function(*args, **(kwargs or {}))

def on_meta():
    x = torch.randn(3, 2).to("meta")
    result = (x.exp() + x**2 - 1 - x).sum(1).softmax(0)
    return [result.device.type, *x.sort(1).indices.shape, *result.shape]

def steps(kind, **settings):
    parameter = torch.nn.Parameter(torch.ones(2))
    optimiser = kind([parameter], lr=0.1, **settings)
    for _ in range(2):
        optimiser.zero_grad()
        parameter.square().sum().backward()
        before = torch.is_grad_enabled()
        optimiser.step()
        assert torch.is_grad_enabled() == before
    return parameter.tolist()

def counted():
    with Counting() as mode:
        torch.zeros(2) + 1
    return mode.seen
"""
IN_A_WARM_PROCESS = {
    "the meta device": "told(on_meta())",
    "optimisers": "told([steps(torch.optim.Adam), steps(torch.optim.SGD), steps(torch.optim.RMSprop, differentiable=False)])",
    "modes that see every operation": "told(counted())",
}


@pytest.mark.parametrize("what", IN_A_WARM_PROCESS)
def test_the_compiler_is_not_loaded_for_what_runs_without_it_and_compiling_still_works(what):
    said = subprocess.run([sys.executable, "-c", WARM + IN_A_WARM_PROCESS[what], str(INSIDE)], capture_output=True, text=True, check=True, timeout=120)
    plain = subprocess.run([sys.executable, "-c", WARM.replace("zygote.warm_up()", "") + IN_A_WARM_PROCESS[what], str(INSIDE)], capture_output=True, text=True, check=True, timeout=120)
    found, usual = (json.loads(run.stdout.splitlines()[-1]) for run in (said, plain))
    assert usual["compiler"]  # which is what costs the time
    assert found == usual | {"compiler": False} and found["compiled"] == [2.0, 2.0]


def test_quick_verdicts_are_the_usual_ones():
    wrong = "def gaussian_kl(mu, logvar):\n    return (mu**2 + logvar.exp() - logvar - 1).sum(1)\n"
    job = Job("one", Submission(VAE, "student", notebook({"gaussian_kl": wrong}), {}), 7, ("gaussian_kl", "elbo", "VAE"))
    with Pool(1, places=Places.here()) as pool:
        ((_, usual),) = pool.run([job])
    with Jail() as jail:
        quick = judge_one(jail, job, lambda result: None)
    assert quick["exercises"] == usual["exercises"] and quick["score"] == usual["score"]


UNDRAWN = """
import sys
from autograder.undrawn import draw_later
draw_later()
draw_later()
import inspect
import matplotlib.pyplot as plt
from autograder import reference
from autograder.places import Places
for name in Places.here().assignment_names():
    assert reference.load(name).plt is plt
inspect.getmodule(inspect.currentframe())  # looks at every module
print("matplotlib.figure" in sys.modules)
{use}
print("matplotlib.figure" in sys.modules)
"""


@pytest.mark.parametrize(
    "use",
    [
        "plt.plot([1, 2]); assert len(plt.gcf().axes) == 1",
        "import matplotlib; matplotlib.use('Agg'); import matplotlib.pyplot as other; assert other.figure() is plt.gcf()",
        "from matplotlib.figure import Figure; import matplotlib; assert matplotlib.figure.Figure is Figure and isinstance(plt.figure(), Figure)",
        "import importlib.util; assert importlib.util.find_spec('matplotlib.dates'); from workbook.plots import show_images; import torch; show_images(torch.rand(2, 4)); assert plt.gcf().axes",
    ],
    ids=["pyplot", "the package", "another module of it", "the workbook's pictures"],
)
def test_references_load_no_matplotlib_and_whoever_uses_it_gets_it(use):
    run = subprocess.run([sys.executable, "-c", UNDRAWN.format(use=use)], capture_output=True, text=True, timeout=120, cwd=Places.here().root)
    assert run.stdout.split() == ["False", "True"], run.stderr


def test_the_warm_process_draws_and_leaves_matplotlib_as_it_was():
    use = """
import sys
sys.path.insert(0, sys.argv[1])
import zygote
zygote.warm_up()
import matplotlib.pyplot as plt
from matplotlib.artist import Artist, kwdoc
class Own(Artist):
    def set_size(self, size):
        ".. ACCEPTS: float"
plt.plot([1, 2])
print(len(plt.gcf().axes), "    size: " in kwdoc(Own), "    size: " in Own.set.__doc__)
"""
    run = subprocess.run([sys.executable, "-c", use, str(INSIDE)], capture_output=True, text=True, timeout=120)
    assert run.stdout.split() == ["1", "True", "True"], run.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_a_script_that_grades_is_not_run_again_by_its_workers(tmp_path, workers):
    script = tmp_path / "script.py"
    script.write_text(f"""
from autograder.places import Places
from autograder.pool import Pool
from autograder.submission import Submission
from autograder.worker import Job
print("begins", flush=True)
job = Job("one", Submission({VAE!r}, "student", {notebook({})!r}, {{}}), 7, ("gaussian_kl",))
with Pool({workers}, places=Places.here()) as pool:
    ((_, result),) = pool.run([job])
print(result["score"], __name__)
""")
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert run.stdout.split() == ["begins", "8", "__main__"], run.stderr
