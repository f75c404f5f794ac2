"""The pictures of the start page and of the panels' cards, drawn as SVG from the panels' own networks."""

from pathlib import Path

import torch

from website.models import BETAS, HALF_TURN
from website.toys import toys
from website.train_panels import saved_models
from workbook.data import digits8
from workbook.plots import COLOURS


def write_pictures(static: Path) -> None:
    """`picture.svg` and one `card-NAME.svg` per panel."""
    cards = {"latent": latent_card(), "beta": beta_card(), "gallery": gallery_card(), "interpolate": interpolate_card(), "diffusion": diffusion_card()}
    pictures = {"picture": start_picture()} | {f"card-{name}": card for name, card in cards.items()}
    for name, (width, height, shapes) in pictures.items():
        (static / f"{name}.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{"".join(shapes)}</svg>\n')


def start_picture():
    """Test digits, squeezed through two numbers and back, and drowned in noise step by step."""
    x = digits8().test_x[torch.tensor([4, 11, 19, 30])].double()
    autoencoder = saved_models()["ae2"]
    eps = normals(4, *x.shape)
    columns = [autoencoder.decode(autoencoder.encode(x)[0]), x, *((noised(2 * x - 1, share, eps) + 1) / 2 for share in (0.2, 0.45, 0.7, 1.0))]
    return 96 * len(columns) - 16, 96 * len(x) - 16, [digit(column[row], 96 * c, 96 * row, 10) for c, column in enumerate(columns) for row in range(len(x))]


def latent_card():
    """The test digits' codes in the VAE's plane."""
    digits = digits8()
    codes = saved_models()["vae2"].encode(digits.test_x.double())[0]
    return 320, 128, [dot(160 + 64 * z[0], 66 - 26 * z[1], 3.4, COLOURS[label]) for z, label in zip(codes.tolist(), digits.test_y.tolist())]


def beta_card():
    """One digit's reconstruction by the VAE of each beta."""
    x, models = digits8().test_x[11:12].double(), saved_models()
    return 320, 128, [digit(models[f"beta{i}"].decode(models[f"beta{i}"].encode(x)[0])[0], 4 + 45 * i, 46, 5) for i in range(len(BETAS))]


def gallery_card():
    """Samples of the VAE with beta 1."""
    pixels = saved_models()[f"beta{BETAS.index(1.0)}"].decode(normals(2, 14, 8))
    return 320, 128, [digit(pixels[i], 4 + 45 * (i % 7), 22 + 45 * (i // 7), 5) for i in range(14)]


def interpolate_card():
    """From a three to an eight through codes."""
    digits, model = digits8(), saved_models()["beta0"]
    ends = [int((digits.test_y == label).nonzero()[0]) for label in (3, 8)]
    a, b = model.encode(digits.test_x[ends].double())[0]
    return 320, 128, [digit(model.decode((a + (b - a) * i / 6)[None])[0], 4 + 45 * i, 46, 5) for i in range(7)]


def diffusion_card():
    """Two spirals at three times."""
    shapes = []
    for i, share in enumerate((0.0, 0.14, 1.0)):
        x = noised(toys()["spiral"].draw(260, torch.Generator().manual_seed(5)).double(), share, normals(6, 260, 2))
        shapes += [dot(54 + 106 * i + 24 * px, 64 - 24 * py, 1.7, COLOURS[0]) for px, py in x.clamp(-2.1, 2.1).tolist()]
    return 320, 128, shapes


def normals(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def noised(x: torch.Tensor, share: float, eps: torch.Tensor) -> torch.Tensor:
    """x with the angle turned by a share of a quarter turn towards noise."""
    angle = torch.tensor(share * HALF_TURN, dtype=torch.float64)
    return angle.cos() * x + angle.sin() * eps


def dot(x: float, y: float, radius: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>'


def digit(pixels: torch.Tensor, left: int, top: int, size: int) -> str:
    """An 8x8 digit as squares, dark ink on a pale ground."""
    squares = []
    for i, value in enumerate(pixels.clamp(0, 1).tolist()):
        red, green, blue = (round(pale + (ink - pale) * value) for pale, ink in ((244, 51), (242, 34), (252, 136)))
        squares.append(f'<path fill="#{red:02x}{green:02x}{blue:02x}" d="M{left + size * (i % 8)} {top + size * (i // 8)}h{size}.2v{size}.2h-{size}.2z"/>')
    return "".join(squares)
