"""Progress of a training loop: a bar with the live loss, a stop button that keeps the work, and a live loss curve.

    for step in track(steps, "training", losses, batch_size):
        ...
        losses.append(loss.item())

The bar is a widget in JupyterLab, VS Code and Colab and text in a terminal and where ipywidgets is missing; in a pipe, and wherever the environment
variable WORKBOOK_PLAIN is set (for notebooks that are run to be read), it is one line at the end.
Interrupting the cell once ends the loop after the current step, so that a training function still returns its losses
and the model keeps its weights; interrupting twice raises KeyboardInterrupt at once.
"""

import base64
import importlib.util
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

WIDGETS = not os.environ.get("WORKBOOK_PLAIN") and importlib.util.find_spec("ipywidgets") is not None
if WIDGETS:
    from tqdm.auto import tqdm
else:
    from tqdm import tqdm

REFRESH = 0.2  # seconds between two updates of the bar's text
REDRAW = 1.0  # seconds between two drawings of the live curve
SMOOTH = 50  # the loss shown is a mean over at most this many last steps
STOPPED = "Stopped after step {done} of {description}; what was learned is kept. To go on, call the training function again with the same model, in a cell of its own."

_curves: list["LiveCurve"] = []  # the live curves that are open, innermost last
_hushed: list[bool] = []  # one entry per open `quiet` block


class _Bar(tqdm):
    monitor_interval = 0  # no watchdog thread: every step looks at the clock itself


def track(steps: int | Iterable, description: str = "training", losses: Sequence[float] | None = None, batch_size: int | None = None) -> Iterator:
    """Iterate over `range(steps)`, or over `steps` itself, behind a progress bar.

    losses: the list that the loop appends to; the bar shows a mean of the last ones. batch_size: shows images per second.
    """
    items = range(steps) if isinstance(steps, int) else steps
    patience = REFRESH if _watched() else 3600.0
    hushed = bool(_hushed)
    where = sys.stdout if in_notebook() and not WIDGETS else None  # text on a notebook's error stream is shown as if something were wrong
    with _Bar(items, desc=description, mininterval=patience, miniters=1, dynamic_ncols=True, disable=hushed, file=where) as bar, _stop_request() as stop:
        began = shown = drawn = time.monotonic()
        for done, item in enumerate(bar, start=1):
            yield item
            now = time.monotonic()
            if now - shown >= REFRESH:
                shown = now
                bar.set_postfix_str(_status(losses, batch_size, done, now - began), refresh=False)
            if _curves and losses and now - drawn >= REDRAW:
                _curves[-1].draw(losses)
                drawn = time.monotonic()
            if stop.is_set():
                bar.set_description_str(f"{description}, stopped after step {done}")
                break
        bar.set_postfix_str(_status(losses, batch_size, bar.n, time.monotonic() - began), refresh=False)
    if _curves and losses:
        _curves[-1].draw(losses)
    if stop.is_set() and not hushed:
        print(STOPPED.format(done=done, description=description))


@contextmanager
def quiet():
    """Inside of this block `track` draws no bar: for short trainings that nobody waits for, as in a check."""
    _hushed.append(True)
    try:
        yield
    finally:
        _hushed.pop()


@contextmanager
def live_curve(title: str = "training", ylabel: str = "loss"):
    """Draw the losses of every `track` loop inside the `with` block while it runs; outside of a notebook, draw nothing.

        with live_curve("a VAE on the digits", "nats per image"):
            losses = train_vae(model, x, steps=2000)
    """
    curve = LiveCurve(title, ylabel)
    if not in_notebook():
        yield curve
        return
    _curves.append(curve)
    try:
        yield curve
    finally:
        _curves.remove(curve)


class LiveCurve:
    """A loss curve in a notebook's output that is replaced as the losses grow."""

    def __init__(self, title: str, ylabel: str):
        self.title, self.ylabel, self.handle = title, ylabel, None

    def draw(self, losses: Sequence[float]) -> None:
        """Show the losses so far, in the place of what was shown before."""
        from IPython.display import display
        from matplotlib.figure import Figure

        from workbook.plots import loss_curve

        figure = Figure(figsize=(6, 2.6), layout="constrained")
        loss_curve(losses, title=self.title, ylabel=self.ylabel, ax=figure.subplots())
        picture = io.BytesIO()
        figure.savefig(picture, format="png")  # drawn here: Jupyter learns to show a Figure only with the first picture of pyplot, which may come later
        shown = {"image/png": base64.b64encode(picture.getvalue()).decode(), "text/plain": f"{self.title}: {losses[-1]:.4g} after {len(losses)} steps"}
        if self.handle is None:
            self.handle = display(shown, raw=True, display_id=True)
        else:
            self.handle.update(shown, raw=True)


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel (JupyterLab, VS Code, Colab), which can show widgets and pictures."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def _watched() -> bool:
    """Whether somebody sees the bar move: in a notebook or a terminal, not in a pipe or a log file."""
    return (in_notebook() and not os.environ.get("WORKBOOK_PLAIN")) or (sys.stderr is not None and sys.stderr.isatty())


def _status(losses: Sequence[float] | None, batch_size: int | None, done: int, seconds: float) -> str:
    parts = []
    if losses:
        recent = losses[-SMOOTH:]
        parts.append(f"loss {sum(recent) / len(recent):.4g}")
    if batch_size and seconds > 0:
        parts.append(f"{done * batch_size / seconds:,.0f} images/s")
    return ", ".join(parts)


@contextmanager
def _stop_request():
    """An event that the first interrupt (the stop button, Ctrl-C) sets; the second interrupt raises KeyboardInterrupt."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # signals reach the main thread only
        return

    def on_interrupt(number, frame):
        signal.signal(signal.SIGINT, before)
        stop.set()

    before = signal.getsignal(signal.SIGINT)
    if not callable(before):
        yield stop  # interrupts are switched off, or handled outside of Python
        return
    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield stop
    finally:
        if signal.getsignal(signal.SIGINT) is on_interrupt:
            signal.signal(signal.SIGINT, before)
