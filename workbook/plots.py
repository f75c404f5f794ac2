"""Pictures of the workbook: image grids, labelled rows, loss curves, latent maps.

Every function draws into `ax` or a new figure and returns None, so that a notebook cell that ends in it shows only the picture.
Colours are Paul Tol's muted scheme, told apart with every common colour blindness; classes also differ by their marker, which is their label.
"""

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch

COLOURS = ("#332288", "#88CCEE", "#117733", "#DDCC77", "#882255", "#44AA99", "#CC6677", "#999933", "#AA4499", "#555555")
STYLES = ("-", "--", ":", "-.")


def as_images(x, channels: int | None = None) -> np.ndarray:
    """Images `(n, h, w)` (grey) or `(n, h, w, 3)` from `(n, d)` flat squares, `(n, h, w)` or `(n, c, h, w)` with c = 1 or 3.

    channels: of flat images (default 1). Raises ValueError for any other shape.
    """
    x = torch.as_tensor(x).detach().float().cpu()
    if x.dim() == 2:
        c = channels or 1
        side = math.isqrt(x.shape[1] // c)
        if c * side * side != x.shape[1]:
            raise ValueError(f"expected flat square images of {c} channel(s), got {x.shape[1]} values per image")
        x = x.reshape(len(x), c, side, side)
    if x.dim() == 3:
        x = x.unsqueeze(1)
    if x.dim() != 4 or x.shape[1] not in (1, 3):
        raise ValueError(f"expected images (n, d), (n, h, w) or (n, c, h, w) with c = 1 or 3, got shape {tuple(x.shape)}")
    x = x.permute(0, 2, 3, 1).numpy()
    return x[..., 0] if x.shape[-1] == 1 else x


def tile(x, columns: int, value_range: tuple[float, float] = (0.0, 1.0), channels: int | None = None) -> np.ndarray:
    """One picture `(H, W)` or `(H, W, 3)` in [0, 1] of all images, row by row, with a white line of a pixel or two between them."""
    images = as_images(x, channels)
    low, high = value_range
    images = ((images - low) / (high - low)).clip(0, 1)
    n, h, w = images.shape[:3]
    rows, gap = math.ceil(n / columns), max(1, h // 14)
    sheet = np.ones((rows * (h + gap) - gap, columns * (w + gap) - gap, *images.shape[3:]), dtype=np.float32)
    for i, image in enumerate(images):
        top, left = (i // columns) * (h + gap), (i % columns) * (w + gap)
        sheet[top : top + h, left : left + w] = image
    return sheet


def show_images(x, columns: int = 10, title: str | None = None, value_range=(0.0, 1.0), channels: int | None = None, ax=None) -> None:
    """A grid of images; x as in `as_images`, `value_range` (-1, 1) for diffusion's data."""
    columns = min(columns, len(x))
    rows = math.ceil(len(x) / columns)
    ax = ax or _axes(figsize=(0.8 * columns, 0.8 * rows + (0.4 if title else 0.0)))
    _picture(ax, tile(x, columns, value_range, channels))
    ax.axis("off")
    if title:
        ax.set_title(title)


def show_rows(rows: Mapping[str, object], title: str | None = None, value_range=(0.0, 1.0), channels: int | None = None) -> None:
    """One line of images per entry, with its label at the left; all entries hold equally sized images."""
    longest = max(len(x) for x in rows.values())
    figure, axes = plt.subplots(len(rows), 1, figsize=(0.8 * longest + 1.6, 0.8 * len(rows) + (0.4 if title else 0.0)), squeeze=False, layout="constrained")
    for ax, (label, x) in zip(axes[:, 0], rows.items(), strict=True):
        _picture(ax, tile(x, longest, value_range, channels))
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set_visible(False)
        ax.set_ylabel(label, rotation=0, ha="right", va="center")
    if title:
        figure.suptitle(title)


def loss_curve(losses, title: str | None = None, xlabel: str = "step", ylabel: str = "loss", window: int | None = None, ax=None) -> None:
    """Losses against the step: thin as they came, thick as a running mean over `window` steps.

    losses: one sequence, or a mapping name -> sequence to compare several (running means only, with a legend).
    """
    ax = ax or _axes(figsize=(6, 3))
    curves = losses if isinstance(losses, Mapping) else {"": losses}
    for i, (name, values) in enumerate(curves.items()):
        values = np.asarray(values, dtype=float)
        width = min(window or max(1, len(values) // 40), max(1, len(values)))
        smooth = np.convolve(values, np.ones(width) / width, mode="valid") if len(values) else values
        colour = COLOURS[i % len(COLOURS)]
        if not name:
            ax.plot(values, color=colour, alpha=0.25, linewidth=0.8)
        ax.plot(np.arange(len(smooth)) + (width - 1) / 2, smooth, color=colour, linestyle=STYLES[i % len(STYLES)], label=name or None)
        _keep_in_view(ax, smooth)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.grid(alpha=0.25)
    if any(curves):
        ax.legend(frameon=False)


def latent_map(z, labels, title: str | None = None, xlabel: str = "$z_1$", ylabel: str = "$z_2$", names: Sequence[str] | None = None, ax=None) -> None:
    """Codes `(n, k >= 2)` in their first two coordinates, each drawn as its class label in the class's colour, with a legend.

    names: what to call classes 0..C-1 in the legend (default: the label itself).
    """
    ax = ax or _axes(figsize=(6, 5))
    z, labels = torch.as_tensor(z).detach().float().cpu().numpy(), torch.as_tensor(labels).cpu().numpy()
    for i, label in enumerate(np.unique(labels)):
        own = z[labels == label]
        name = names[int(label)] if names is not None else str(label)
        marker = f"${str(label)[:2]}$"
        ax.scatter(own[:, 0], own[:, 1], s=26, marker=marker, color=COLOURS[i % len(COLOURS)], linewidth=0.3, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), markerscale=1.4)


def _axes(figsize: tuple[float, float]):
    return plt.subplots(figsize=figsize, layout="constrained")[1]


def _picture(ax, sheet: np.ndarray) -> None:
    ax.imshow(sheet, cmap="gray", vmin=0, vmax=1, interpolation="nearest")


def _keep_in_view(ax, smooth: np.ndarray) -> None:
    """Cut off the first steep fall, so that the part where learning is slow can be read."""
    finite = smooth[np.isfinite(smooth)]
    if len(finite) < 40:
        return
    late = finite[len(finite) // 20 :]
    room = 0.15 * (late.max() - finite.min() + 1e-12)
    low, high = getattr(ax, "_loss_range", (np.inf, -np.inf))
    ax._loss_range = (min(low, finite.min() - room), max(high, late.max() + room))
    ax.set_ylim(*ax._loss_range)
