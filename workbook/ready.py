"""Make a notebook's Python ready: install what is missing, leave what is there as it is, and say which device there is.

Only the standard library is imported here, because this runs where nothing is installed yet (Colab, a fresh environment).
"""

import importlib
import importlib.util
import subprocess
import sys

NEEDED = {  # module: what pip calls it (a test compares this with pyproject.toml)
    "torch": "torch==2.13.0",
    "numpy": "numpy>=2.0",
    "scipy": "scipy>=1.14",
    "sklearn": "scikit-learn>=1.5",
    "mlxtend": "mlxtend>=0.23.4",
    "matplotlib": "matplotlib>=3.9",
    "safetensors": "safetensors>=0.5",
    "tqdm": "tqdm>=4.66",
}


def missing() -> list[str]:
    """What the notebooks need and this Python does not have, as pip calls it."""
    return [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]


def make_ready():
    """Install what is missing, without touching what is there, and return the best device. Raises RuntimeError that says what to do where pip fails."""
    packages = missing()
    if packages:
        print(f"installing {', '.join(packages)} (once; this takes a minute or two)", flush=True)
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *packages], capture_output=True, text=True, encoding="utf-8", errors="replace")
        importlib.invalidate_caches()
        if done.returncode or missing():
            told = (done.stderr or done.stdout).strip().splitlines()[-3:]
            raise RuntimeError("\n".join([
                f"pip could not install {', '.join(packages)}, because this machine is offline or its Python may not be changed:", *told,
                f"Connect to the network and run this cell again, or run in a terminal: {sys.executable} -m pip install {' '.join(packages)}",
            ]))  # fmt: skip
    from workbook.device import pick_device

    return pick_device()
