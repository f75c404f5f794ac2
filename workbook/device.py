"""Which device to compute on, and seeds."""

import random

import numpy as np
import torch


def pick_device(verbose: bool = True) -> torch.device:
    """The best device here: CUDA, Apple's MPS, else the CPU; says which one it found."""
    if torch.cuda.is_available():
        device, name = torch.device("cuda"), torch.cuda.get_device_name()
    elif torch.backends.mps.is_available():
        device, name = torch.device("mps"), "Apple GPU"
    else:
        device, name = torch.device("cpu"), f"{torch.get_num_threads()} thread(s)"
    if verbose:
        print(f"device: {device} ({name}), torch {torch.__version__}")
    return device


def set_seed(seed: int) -> torch.Generator:
    """Seed random, NumPy and torch, and return a fresh generator with the same seed."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)
