"""The bundled data: split alike every time, and nobody's changes reach the next who asks."""

import pytest
import torch

from workbook.data import digits8, digits28


@pytest.mark.parametrize("load", [digits8, digits28])
def test_changing_a_split_changes_no_other(load):
    first = load()
    kept = first.train_x.clone(), first.test_y.clone()
    first.train_x.zero_()
    first.test_y.zero_()
    second = load()
    assert torch.equal(second.train_x, kept[0]) and torch.equal(second.test_y, kept[1])


@pytest.mark.parametrize(("load", "count", "held_out"), [(digits8, 1797, 297), (digits28, 5000, 1000)])
def test_no_example_is_lost_or_in_both_parts(load, count, held_out):
    data = load()
    assert len(data.test_x) == len(data.test_y) == held_out and len(data.train_x) == len(data.train_y) == count - held_out
    assert not torch.equal(data.train_x, load(seed=1).train_x)
    assert 0 <= float(data.train_x.min()) and float(data.train_x.max()) == 1
