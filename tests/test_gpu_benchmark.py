"""The GPU benchmark says what it needs where there is no GPU."""

import torch

from benchmarks import gpu


def test_without_a_gpu_it_says_so_and_measures_nothing(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["gpu"])
    assert gpu.main() == 1
    out = capsys.readouterr()
    assert out.out == "" and "needs a CUDA GPU" in out.err
