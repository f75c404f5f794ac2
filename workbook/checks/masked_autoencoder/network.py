"""Local checks of MaskedAutoencoder: with random weights, change one thing and look at what moves."""

from dataclasses import dataclass

import torch

from workbook.checks import expect, expect_shape, fail

SMALL = {"image_size": 8, "patch": 2, "channels": 2, "dim": 16, "depth": 2, "heads": 2, "decoder_dim": 8, "decoder_depth": 1}
TOKENS, KEPT, PIXELS = 16, 5, 8


@dataclass
class Scene:
    """A model with random weights and three images with their shuffles."""

    model: torch.nn.Module
    images: torch.Tensor
    order: torch.Tensor

    @property
    def keep(self) -> torch.Tensor:
        return self.order[:, :KEPT]

    @property
    def restore(self) -> torch.Tensor:
        return self.order.argsort(1)

    def codes(self, images=None, keep=None) -> torch.Tensor:
        images, keep = self.images if images is None else images, self.keep if keep is None else keep
        return expect_shape(self.model.encode(images, keep), (len(images), keep.shape[1], 16), "the result of encode", images.dtype)

    def guesses(self, latent, restore=None) -> torch.Tensor:
        restore = self.restore if restore is None else restore
        return expect_shape(self.model.decode(latent, restore), (len(latent), TOKENS, PIXELS), "the result of decode", latent.dtype)


def close_to(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Equal up to rounding: a ten-thousandth of the values' size."""
    return bool((a - b).abs().max() < 1e-4 * (a.abs().max() + b.abs().max()))


def new_weights(model, scale: float = 0.3) -> None:
    """Random numbers for every weight, so that nothing is zero by its initialisation."""
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(scale * torch.randn_like(weight))


def MaskedAutoencoder(names):
    """Shapes, dropout, batches, hidden pixels, attention, positions; then the decoder's order, positions and mask token; gradients, sizes, devices."""
    model = names.MaskedAutoencoder(**SMALL)
    new_weights(model)
    scene = Scene(model, torch.rand(3, 2, 8, 8), torch.stack([torch.randperm(TOKENS) for _ in range(3)]))
    expect((getattr(model, "patch", None), getattr(model, "channels", None)) == (2, 2), "the model does not keep `patch` and `channels`", "both as attributes")
    latent = torch.randn(3, KEPT, 16)
    with torch.no_grad():
        without_chance(scene, latent)
        one_by_one(scene, latent)
        encoder_looks(scene, names)
        encoder_places(scene)
        decoder_order(scene, latent)
        decoder_places(scene, latent)
        together = expect_shape(model(scene.images, scene.keep, scene.restore), (3, TOKENS, PIXELS), "the result of forward")
        expect(close_to(together, scene.guesses(scene.codes())), "forward gives something else than decode(encode(...))", "the two in a row")
    gradients(scene)
    mask_token(scene)
    sizes(names)
    elsewhere(names)


def without_chance(scene: Scene, latent) -> None:
    """Training mode adds no chance."""
    seen = []
    for mode in (True, True, False):
        scene.model.train(mode)
        seen.append((scene.codes(), scene.guesses(latent)))
    same = all(close_to(seen[0][i], other[i]) for other in seen[1:] for i in (0, 1))
    expect(same, "calls with one and the same input differ in training mode", "one answer, in both modes", "dropout is not switched off (the layers of torch have 0.1 by default)")
    scene.model.train()


def one_by_one(scene: Scene, latent) -> None:
    """Images of a batch know nothing of each other."""
    codes, guesses = scene.codes(), scene.guesses(latent)
    for i in range(3):
        alone = scene.codes(scene.images[i : i + 1], scene.keep[i : i + 1])
        expect(close_to(codes[i : i + 1], alone), f"the codes of image {i} alone differ from its codes in a batch", "the same", "layers that take the length first (batch_first), or one row of keep used for all images", "permutation")
        alone = scene.guesses(latent[i : i + 1], scene.restore[i : i + 1])
        expect(close_to(guesses[i : i + 1], alone), f"the predictions for image {i} alone differ from those in a batch", "the same", "layers that take the length first (batch_first)", "permutation")


def encoder_looks(scene: Scene, names) -> None:
    """Hidden pixels and empty places do not matter to the codes; other kept patches do."""
    for step in range(3):
        hidden = scene.order[:, KEPT + step]
        changed = scene.images.clone()
        for i, token in enumerate(hidden.tolist()):
            changed[i, :, 2 * (token // 4) : 2 * (token // 4) + 2, 2 * (token % 4) : 2 * (token % 4) + 2] += 2
        expect(close_to(scene.codes(), scene.codes(changed)), "the codes change when a hidden patch is painted over", "codes that know nothing of it", "all patches run through the layers, and the kept ones are picked too late", "visible-only")
    second = scene.keep[:, 1].tolist()
    changed = scene.images.clone()
    for i, token in enumerate(second):
        changed[i, :, 2 * (token // 4) : 2 * (token // 4) + 2, 2 * (token % 4) : 2 * (token % 4) + 2] += 2
    before, after = scene.codes(), scene.codes(changed)
    expect(not close_to(before[:, 1], after[:, 1]), "a code does not change when its own patch does", "codes of the image")
    expect(not close_to(before[:, 0], after[:, 0]), "painting over one visible patch leaves the code of another as it was", "attention between the kept patches", "layers that treat each token alone", "permutation")


def encoder_places(scene: Scene) -> None:
    """A kept patch carries its place in the image; hidden ones leave no trace."""
    turned = scene.codes(keep=scene.keep.flip(1))
    if not close_to(turned, scene.codes().flip(1)):
        cause = "keep is sorted inside" if close_to(turned, scene.codes()) else "positions added to the short sequence, after picking"
        fail("with keep written backwards the codes are not the same ones backwards", "row j is the code of patch keep[:, j], whatever j is", cause, "sincos-positions")
    flat = scene.codes(torch.full_like(scene.images, 0.5))
    expect(not close_to(flat[:, :1].expand_as(flat), flat), "in an evenly grey image all codes are equal", "codes that differ by their places", "positions are missing in the encoder", "permutation")
    black = torch.zeros_like(scene.images)
    one, two = (scene.codes(black, scene.order[:, pick])[:, 0] for pick in ([0, 1, 2], [0, 3, 4]))
    expect(not close_to(one, two), "in a black image a patch has the same code whichever other patches are kept", "codes that depend on the other kept patches' places", "hidden patches are blanked instead of left out", "visible-only")


def decoder_order(scene: Scene, latent) -> None:
    """Listing kept and hidden tokens in another order changes nothing once restore is adapted."""
    out = scene.guesses(latent)
    turned = torch.cat([torch.arange(KEPT).flip(0), torch.arange(KEPT, TOKENS).roll(1)])  # where each place goes
    again = scene.guesses(latent.flip(1), turned[scene.restore])
    if not close_to(out, again):
        other = torch.stack([torch.randperm(TOKENS) for _ in range(3)])
        cause = "restore is not used" if close_to(out, scene.guesses(latent, other)) else "restore's inverse, mask tokens before the kept ones, or positions added before the order is restored"
        fail("the same codes at the same places, listed in another order, give other predictions", "restore says for each token of the image where it stands in (kept, hidden): gather by it, then add positions", cause, "random-masking")


def decoder_places(scene: Scene, latent) -> None:
    """Hidden tokens differ by their places, and the visible ones' places matter too."""
    def hidden(codes):
        return torch.stack([row[order[KEPT:]] for row, order in zip(scene.guesses(codes), scene.order, strict=True)])

    out = hidden(latent)
    expect(not close_to(out[:, :1].expand_as(out), out), "all hidden patches of an image get one and the same prediction", "predictions that differ from place to place", "mask tokens without positions in the decoder", "permutation")
    expect(not close_to(out, hidden(torch.randn_like(latent))), "the predictions for hidden patches do not depend on the codes", "attention between mask tokens and codes", "layers that treat each token alone", "permutation")
    moved = False
    for _ in range(4):  # the effect is small in some networks, but not in four with large weights
        new_weights(scene.model, 1.0)
        moved = moved or not close_to(hidden(latent), hidden(latent.flip(1)))
    new_weights(scene.model)
    expect(moved, "visible codes that change places leave the hidden predictions as they were", "positions for the visible tokens as well", "positions on the mask tokens only", "sincos-positions")


def slopes(model, result: torch.Tensor) -> dict:
    """Each parameter's gradient of a weighted sum of the result, zeros where there is none."""
    names, weights = zip(*model.named_parameters(), strict=True)
    weight = torch.linspace(-1, 2, result.numel()).reshape(result.shape)
    found = torch.autograd.grad((result * weight).sum(), weights, allow_unused=True)
    return {name: torch.zeros_like(p) if g is None else g for name, p, g in zip(names, weights, found, strict=True)}


def gradients(scene: Scene) -> None:
    """Learning reaches the encoder; nothing in it acts for hidden patches only."""
    images = scene.images.clone().requires_grad_(True)
    out = scene.model(images, scene.keep, scene.restore)
    reached = out.requires_grad and torch.autograd.grad(out.square().sum(), images, allow_unused=True)[0] is not None
    expect(reached, "no gradient comes through to the images", "an encoder that learns", "detach or no_grad on the way")
    every, few = (slopes(scene.model, scene.codes(keep=keep)) for keep in (scene.order, scene.keep))
    extra = [name for name in every if not every[name].any() and few[name].any()]
    expect(not extra, f"the parameter {', '.join(extra)} works in the encoder, but only while something is hidden", "no token for hidden patches in the encoder", "mask tokens belong into the decoder", "visible-only")


def mask_token(scene: Scene) -> None:
    """Something learned stands for hidden tokens, the same for all."""
    found = None
    for _ in range(3):  # new weights each time, so that nothing wakes up by chance
        new_weights(scene.model)
        every, few = (slopes(scene.model, scene.guesses(torch.randn(3, count, 16))) for count in (TOKENS, KEPT))
        new = {name: (every[name] == 0) & (few[name] != 0) for name in every}
        found = new if found is None else {name: found[name] & new[name] for name in new}
    expect(any(entries.any() for entries in found.values()), "hiding patches brings no further parameter into play", "a learned mask token", "a token that is not an nn.Parameter", "mae-loss")
    one, other = (slopes(scene.model, scene.guesses(torch.randn(1, KEPT, 16), order[:1].argsort(1))) for order in (scene.order, scene.order.flip(1)))
    placed = [name for name in every if not every[name].any() and ((one[name] != 0) != (other[name] != 0)).any()]
    expect(not placed, f"which entries of {', '.join(placed)} matter depends on where patches are hidden", "one token for all places", "a token per position", "mae-loss")


def sizes(names) -> None:
    """Arguments count, defaults work, float64 works."""
    def count(**changed):
        return sum(weight.numel() for weight in names.MaskedAutoencoder(**SMALL | changed).parameters())

    for name in ("depth", "decoder_depth", "dim", "decoder_dim"):
        expect(count(**{name: 2 * SMALL[name]}) > count(), f"doubling {name} adds no parameters", "a larger model", f"{name} is not used", "attention")
    order = torch.randperm(49).unsqueeze(0)
    expect_shape(names.MaskedAutoencoder()(torch.rand(1, 1, 28, 28), order[:, :12], order.argsort(1)), (1, 49, 16), "the result for a 28x28 image with all arguments left out")
    wide = Scene(names.MaskedAutoencoder(**SMALL).double(), torch.rand(2, 2, 8, 8, dtype=torch.float64), torch.stack([torch.randperm(TOKENS) for _ in range(2)]))
    wide.guesses(wide.codes(), wide.restore)


def elsewhere(names) -> None:
    """On the `meta` device, which has shapes but no numbers, everything has to come along."""
    images, keep, restore = torch.rand(2, 2, 8, 8), torch.zeros(2, KEPT, dtype=torch.int64), torch.zeros(2, TOKENS, dtype=torch.int64)
    try:
        out = names.MaskedAutoencoder(**SMALL).to("meta")(images.to("meta"), keep.to("meta"), restore.to("meta"))
    except Exception as error:
        if not any(text in str(error) for text in ("expected device", "same device", "is on cpu")):
            return  # something that needs numbers: no sign of a mistake
        fail("after model.to(another device) tensors of two devices meet", "everything on the model's device", "positions kept as a plain attribute: use register_buffer or nn.Parameter")
    expect(out.device.type == "meta", "after model.to(another device) the result is on the CPU", "everything on the model's device")
