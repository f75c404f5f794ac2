"""The autoencoder and the VAE as contestants: the reference, a NumPy loop, pythae; one seed, one thread, one budget."""

import contextlib
import io
import logging
import tempfile
from collections.abc import Callable

import torch
from torch import nn

from autograder.reference import load
from benchmarks import numpy_loops
from benchmarks.stopwatch import Spent, Stopwatch
from solutions.figures.vae import halves
from workbook.data import digits8

AE_LAYERS = {"1": "encoder.0", "2": "encoder.2", "3": "decoder.0", "4": "decoder.2"}
VAE_LAYERS = {"1": "hidden.0", "m": "mu", "v": "logvar", "2": "decoder.0", "3": "decoder.2"}
MANY = 10**6  # steps; the budget ends a training before


def arrays(model: nn.Module, layers: dict[str, str]) -> numpy_loops.Weights:
    """A torch network's weights under the NumPy loop's names."""
    state = model.state_dict()
    return {f"{kind[0]}{short}": state[f"{name}.{kind}"].numpy().copy() for short, name in layers.items() for kind in ("weight", "bias")}


def put_back(p: numpy_loops.Weights, model: nn.Module, layers: dict[str, str]) -> nn.Module:
    """The NumPy loop's weights in the torch network, so that one judge measures both."""
    state = {f"{name}.{kind}": torch.from_numpy(p[f"{kind[0]}{short}"].copy()) for short, name in layers.items() for kind in ("weight", "bias")}
    model.load_state_dict(state)
    return model


def count(model: nn.Module) -> int:
    """Number of weights."""
    return sum(parameter.numel() for parameter in model.parameters())


def by_numpy(model: nn.Module, layers: dict[str, str], x: torch.Tensor, loss_of: Callable, seed: int, watch: Stopwatch) -> None:
    """Train the NumPy copy of a network; the torch one is only for the judge."""
    p, look = arrays(model, layers), watch.quality
    watch.quality = lambda: (put_back(p, model, layers), look())[1]
    with contextlib.suppress(Spent):
        numpy_loops.train(p, x.numpy(), loss_of, MANY, seed, watch.step)
    watch.look(watch.used())


def autoencoder(contestant: str, seed: int, budget: float) -> tuple[Stopwatch, int]:
    """Assignment 01's 64-32-2 network; quality is the held-out squared error per pixel."""
    ref, data = load("01_autoencoder"), digits8()
    torch.manual_seed(seed)
    model = ref.Autoencoder(latent_dim=2)

    def quality() -> float:
        with torch.no_grad():
            return ref.mse_loss(model(data.test_x), data.test_x).item()

    watch = Stopwatch(quality, budget, budget / 60)
    if contestant == "NumPy loop":
        by_numpy(model, AE_LAYERS, data.train_x, numpy_loops.autoencoder_loss, seed, watch)
        return watch, count(model)
    with watch.on_torch():
        ref.train_autoencoder(model, data.train_x, steps=MANY, generator=torch.Generator().manual_seed(seed))
    watch.look(watch.used())
    return watch, count(model)


def vae(contestant: str, seed: int, budget: float) -> tuple[Stopwatch, int]:
    """Assignment 03's 64-32-2-32-64 network; quality is the held-out negative ELBO in nats per image, 20 codes each."""
    ref, data = load("03_vae"), digits8()
    torch.manual_seed(seed)
    model = ref.VAE()
    watch = Stopwatch(lambda: sum(halves(ref, model, data.test_x)), budget, budget / 60)
    if contestant == "NumPy loop":
        by_numpy(model, VAE_LAYERS, data.train_x, numpy_loops.vae_loss, seed, watch)
    elif contestant == "pythae VAE":
        by_pythae(model, data.train_x, watch)
    else:
        with watch.on_torch():
            ref.train_vae(model, data.train_x, steps=MANY, generator=torch.Generator().manual_seed(seed))
        watch.look(watch.used())
    return watch, count(model)


def by_pythae(model: nn.Module, x: torch.Tensor, watch: Stopwatch) -> None:
    """The same layers in pythae's VAE, trained by its BaseTrainer at the reference's batch size and learning rate; binary cross-entropy, as there."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.net, self.latent_dim = model, 2

        def forward(self, batch):
            mu, logvar = self.net.encode(batch)
            return ModelOutput(embedding=mu, log_covariance=logvar)

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.net = model

        def forward(self, z):
            return ModelOutput(reconstruction=self.net.decode(z).sigmoid())

    logging.disable(logging.CRITICAL)
    whole = VAE(VAEConfig(input_dim=(64,), latent_dim=2, reconstruction_loss="bce"), encoder=Encoder(), decoder=Decoder())
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        settings = BaseTrainerConfig(output_dir=folder, num_epochs=MANY, learning_rate=1e-2, per_device_train_batch_size=128, no_cuda=True)
        trainer = BaseTrainer(whole, train_dataset=BaseDataset(x, torch.zeros(len(x))), training_config=settings)
        trainer.prepare_training()
        watch.began = watch.began + watch.used()  # what came before was preparation
        with watch.on_torch():
            trainer.train()
    watch.look(watch.used())
