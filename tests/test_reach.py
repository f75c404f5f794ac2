"""Code that may change what other functions meet is told from code that keeps to itself, and no reference is taken for the former."""

import pytest

from autograder import source
from autograder.limits import Limits
from autograder.places import Places
from autograder.reach import may_reach_out
from autograder.seeds import reference_jobs
from autograder.submission import open_notebook

PLACES = Places.here()
REACHES = [
    "torch.exp = lambda x: 0", "torch.Tensor.exp = torch.exp = f", "t.exp = f", "x[0].grad = None", "loss.total += 1", "a.b[3] = 1", "global seen", "setattr(torch, 'exp', f)",
    "torch.set_grad_enabled(False)", "torch.manual_seed(0)", "np.random.seed(3)", "g = 1; torch.use_deterministic_algorithms(True)", "torch.backends.mkldnn.enable_onednn()",
    "warnings.simplefilter('error')", "kl.__code__ = f.__code__", "exec(text)", "globals()['elbo'] = f", "del x", "import os; os.environ['A'] = 'b'", "model.register_forward_hook(f)",
]  # fmt: skip
KEEPS = [
    "self.a = 3", "self.a.b = c", "if a.b == 3:", "y = x.exp()", "f(x.a, b=3)", "x.mul_(2)", "p.data.copy_(q)", "return torch.where(x.y >= 3, a, b)", "h = self.f(x.a, dim=1)",
    "model(x.a).sum(dim=1)", "model.eval()", "def __init__(self, size=3):", "super().__init__()", "self.register_buffer('t', x)", "g = torch.Generator().manual_seed(seed)",
    "optimizer.zero_grad()", "loss.backward()", "losses.append(loss.item())", "# a seed for the generator", "total = total + x.sum(1)",
]  # fmt: skip


@pytest.mark.parametrize("line", REACHES)
def test_code_that_changes_what_others_meet_is_told(line):
    assert may_reach_out([f"def f(x):\n    {line}\n"])


@pytest.mark.parametrize("line", KEEPS)
def test_code_that_keeps_to_itself_is_told(line):
    assert not may_reach_out([f"def f(x):\n    {line}\n"])


def test_what_cells_do_when_they_run_does_not_count():
    assert not may_reach_out(["import torch\ntorch.manual_seed(0)\ntorch.set_default_dtype(torch.float64)\nx.a = 3\n"])


@pytest.mark.parametrize("name", PLACES.assignment_names())
def test_no_reference_is_taken_for_code_that_reaches_out(name):
    assignment, (job,) = source.load(name, PLACES), reference_jobs([name], range(1), PLACES)
    notebook = open_notebook(job.submission.notebook, assignment, Limits())
    assert not may_reach_out(cell.source for cell in notebook.cells if cell.source not in assignment.handed_out)
