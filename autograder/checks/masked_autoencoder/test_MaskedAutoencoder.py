"""Checks of MaskedAutoencoder by what depends on what, with random values in every parameter.

Two answers count as equal when they differ by less than 1e-4 of the answer's size: float32 rounding through three layers stayed below 1e-6 in 300
random networks, and the dependences that are tested moved them by 1e-2 and more. The weakest one, visible codes that change places, is looked for in
several networks with larger weights (see `moved_by_swapping`).
"""

import torch

from autograder.checking import Raised, number, tensor, wrong
from autograder.probes.masked_autoencoder import elsewhere

DEPENDS = ("patchify", "sincos_positions")
LIMITS = {"cpu": 12.0}
SIZES = {"image_size": 12, "patch": 3, "channels": 2, "dim": 24, "depth": 2, "heads": 3, "decoder_dim": 12, "decoder_depth": 1}
N, L, K, D = 3, 16, 5, 18


def build(student, draw, **changes):
    """A model with random parameters."""
    model = student.MaskedAutoencoder(**SIZES | changes)
    model.redraw(draw)
    return model


def masks(draw, n: int = N, kept: int = K) -> tuple[torch.Tensor, torch.Tensor]:
    """keep and restore for random shuffles."""
    order = torch.stack([draw.permutation(L) for _ in range(n)])
    return order[:, :kept], order.argsort(1)


def pictures(draw, n: int = N) -> torch.Tensor:
    return draw.uniform(n, 2, 12, 12)


def encode(model, images, keep) -> torch.Tensor:
    return tensor(model.encode(images, keep), "the codes", (len(images), keep.shape[1], SIZES["dim"]), images.dtype)


def decode(model, latent, restore) -> torch.Tensor:
    return tensor(model.decode(latent, restore), "the predictions", (len(latent), restore.shape[1], D), latent.dtype)


def apart(a: torch.Tensor, b: torch.Tensor) -> float:
    """The largest difference relative to the size of the values."""
    return float((a - b).abs().max() / (a.abs().max() + b.abs().max() + 1e-12))


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return apart(a, b) < 1e-4


def rows(values: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Tokens picked per image."""
    return values.gather(1, index.unsqueeze(2).expand(-1, -1, values.shape[2]))


def test_shapes_and_attributes(student, draw):
    """Codes are (n, K, dim), predictions (n, L, patch * patch * channels), for any K; the model knows its patch and channels."""
    model = build(student, draw)
    if number(model.get("patch"), "The attribute patch") != 3 or number(model.get("channels"), "The attribute channels") != 2:
        wrong("The model should keep its arguments as attributes `patch` and `channels`.")
    for n, kept in ((N, K), (1, 1), (2, L)):
        keep, restore = masks(draw, n, kept)
        decode(model, encode(model, pictures(draw, n), keep), restore)
    default = student.MaskedAutoencoder()
    order = draw.permutation(49).unsqueeze(0)
    tensor(default(draw.uniform(1, 1, 28, 28), order[:, :12], order.argsort(1)), "the predictions of the default model", (1, 49, 16), torch.float32)


def test_no_dropout(student, draw):
    """In training mode two calls give the same answer, and it is that of evaluation mode."""
    model, images, (keep, restore) = build(student, draw), pictures(draw), masks(draw)
    latent = draw.normal(N, K, SIZES["dim"])
    model.train()
    first = encode(model, images, keep), decode(model, latent, restore)
    second = encode(model, images, keep), decode(model, latent, restore)
    if not (same(first[0], second[0]) and same(first[1], second[1])):
        wrong("Two calls with the same input differ in training mode.", "dropout_left")
    model.eval()
    third = encode(model, images, keep), decode(model, latent, restore)
    if not (same(first[0], third[0]) and same(first[1], third[1])):
        wrong("Training and evaluation mode give different answers.", "dropout_left")


def test_images_do_not_mix(student, draw):
    """An image's codes and predictions are the same alone and in a batch."""
    model, images, (keep, restore) = build(student, draw), pictures(draw), masks(draw)
    codes, latent = encode(model, images, keep), draw.normal(N, K, SIZES["dim"])
    predictions = decode(model, latent, restore)
    for i in range(N):
        part = slice(i, i + 1)
        if not same(codes[part], encode(model, images[part], keep[part])):
            first = i > 0 and same(codes[part], encode(model, images[part], keep[:1]))
            wrong("The codes of an image change with the other images of the batch.", "first_image_for_all" if first else "batch_first_forgotten")
        if not same(predictions[part], decode(model, latent[part], restore[part])):
            wrong("The predictions for an image change with the other images of the batch.", "batch_first_forgotten")


def test_hidden_pixels_stay_unseen(student, reference, draw):
    """Codes do not change when hidden pixels change."""
    model, images, (keep, _) = build(student, draw), pictures(draw), masks(draw)
    shown = visible_pixels(reference, keep)
    other = torch.where(shown > 0.5, images, pictures(draw) * 3 - 1)
    if not same(encode(model, images, keep), encode(model, other, keep)):
        wrong("The codes change when pixels of hidden patches change.", "encoder_sees_everything")


def visible_pixels(reference, keep: torch.Tensor) -> torch.Tensor:
    """1 for pixels of kept patches, as `patchify` (which may be the student's own) cuts the image."""
    numbers = torch.arange(288.0).reshape(1, 2, 12, 12)
    places = tensor(reference.patchify(numbers, 3), "pixel numbers in patches", (1, L, D)).round().long().clamp(0, 287)
    visible = torch.zeros(N, L, 1).scatter(1, keep.unsqueeze(2), 1.0).expand(-1, -1, D)
    return torch.zeros(N, 288).scatter(1, places.reshape(1, -1).expand(N, -1), visible.reshape(N, -1)).reshape(N, 2, 12, 12)


def test_kept_patches_see_each_other(student, draw):
    """The code of a kept patch depends on the other kept patches."""
    model, images, (keep, _) = build(student, draw), pictures(draw), masks(draw)
    grads = model.gradient(images, keep, method="encode", weights=one_row(draw, K, SIZES["dim"]))
    if not isinstance(grads, list | tuple) or grads[0] is None:
        wrong("No gradient reaches the images through encode: the encoder is cut off (by no_grad or detach).", "encoder_without_gradient")
    touched = tensor(grads[0], "the gradient for the images", (N, 2, 12, 12)).abs().sum((1, 2, 3))
    several = (grads[0].abs().sum(1) > 0).flatten(1).sum(1)
    if float(touched.min()) == 0 or int(several.max()) == 0:
        wrong("A code does not depend on the image at all.")
    if int(several.max()) <= 9:
        wrong("The code of a patch depends on that patch alone.", "no_attention")


def one_row(draw, length: int, width: int) -> torch.Tensor:
    """Weights on the first row of each image."""
    weights = draw.normal(N, length, width)
    weights[:, 1:] = 0
    return weights


def test_positions_are_those_in_the_image(student, draw):
    """Kept patches in another order give the same codes in that order."""
    model, images, (keep, _) = build(student, draw), pictures(draw), masks(draw)
    shuffle = torch.tensor([3, 0, 4, 1, 2])
    codes, shuffled = encode(model, images, keep), encode(model, images, keep[:, shuffle])
    if not same(codes[:, shuffle], shuffled):
        ignored = same(codes, shuffled)
        wrong("With keep in another order the codes are not the same codes in that order.", "keep_sorted_inside" if ignored else "positions_by_slot")


def test_equal_patches_differ_by_position(student, draw):
    """In an image of equal patches the codes differ all the same: each knows its place."""
    model, (keep, _) = build(student, draw), masks(draw)
    images = draw.uniform(N, 2, 3, 3).repeat(1, 1, 4, 4)
    codes = encode(model, images, keep)
    if same(codes[:, :1].expand_as(codes), codes):
        wrong("In an image of equal patches all codes are equal: positions are missing.", "encoder_without_positions")


def test_nothing_stands_in_for_hidden_patches(student, draw):
    """Hidden patches leave no token in the encoder, neither an empty one nor a mask token."""
    model, images = build(student, draw), torch.zeros(N, 2, 12, 12)
    order = torch.stack([draw.permutation(L) for _ in range(N)])
    one, other = encode(model, images, order[:, [0, 1, 2]]), encode(model, images, order[:, [0, 3, 4]])
    if same(one[:, 0], other[:, 0]):
        wrong("In an empty image a patch has the same code whichever others are visible: all L tokens take part in attention.", "hidden_patches_zeroed")
    whole, part = (gradients(model, pictures(draw), order[:, :kept], "encode") for kept in (L, K))
    if any(silent(whole[name]) and not silent(part[name]) for name in whole):
        wrong("Some parameter acts in the encoder only where patches are hidden: something stands in for them.", "mask_tokens_in_encoder")


def gradients(model, first, second, method: str) -> dict:
    """The gradient of a method's summed result for each parameter."""
    got = model.gradient(first, second, wrt="parameters", method=method)
    if not isinstance(got, dict) or not all(value is None or isinstance(value, torch.Tensor) for value in got.values()):
        wrong(f"{method} gives no gradients for the parameters.")
    return got


def silent(gradient) -> bool:
    """No gradient, or one that is exactly zero."""
    return gradient is None or not bool((gradient != 0).any())


def test_decoder_restores_the_order(student, draw):
    """The same patches at the same places give the same predictions, in whatever order the sequence lists them."""
    model, latent, (_, restore) = build(student, draw), draw.normal(N, K, SIZES["dim"]), masks(draw)
    kept, hidden = draw.permutation(K), K + draw.permutation(L - K)
    moved = torch.cat([kept, hidden])  # moved[j]: where place j went
    latent2 = torch.empty_like(latent)
    latent2[:, kept] = latent
    if kept.tolist() == sorted(kept.tolist()):
        latent2, moved = latent.flip(1), torch.cat([torch.arange(K).flip(0), hidden])
    out = decode(model, latent, restore)
    if not same(out, decode(model, latent2, moved[restore])):
        wrong("The predictions change when the sequence (kept, hidden) lists the same patches in another order.", misplaced(model, draw, latent, latent2, restore, moved))


def misplaced(model, draw, latent, latent2, restore, moved) -> str | None:
    """Which other use of restore the decoder makes."""
    out, other = decode(model, latent, restore), masks(draw)[1]
    if same(out, decode(model, latent, other)):
        return "never_restored"
    if same(rows(out, restore.argsort(1)), rows(decode(model, latent, other), other.argsort(1))):
        return "positions_before_restore"
    if same(decode(model, latent, restore.argsort(1)), decode(model, latent2, moved[restore].argsort(1))):
        return "restored_by_the_inverse"
    shift = L - K
    if same(decode(model, latent, (restore + shift) % L), decode(model, latent2, (moved[restore] + shift) % L)):
        return "mask_tokens_in_front"
    return None


def test_decoder_knows_positions(student, draw):
    """Hidden patches get different predictions, and it matters where the visible ones are."""
    model, latent, (_, restore) = build(student, draw), draw.normal(N, K, SIZES["dim"]), masks(draw)
    hidden = rows(decode(model, latent, restore), restore.argsort(1)[:, K:])
    moves = moved_by_swapping(model, draw)
    if same(hidden[:, :1].expand_as(hidden), hidden):
        wrong("All hidden patches of an image get the same prediction.", "positions_on_visible_only" if moves else "decoder_without_positions")
    if not moves:
        if same(hidden, rows(decode(model, draw.normal(N, K, SIZES["dim"]), restore), restore.argsort(1)[:, K:])):
            wrong("The predictions for hidden patches do not depend on the codes at all.", "decoder_without_attention")
        wrong("The predictions for hidden patches stay the same when visible codes change places.", "positions_on_mask_tokens_only")


def moved_by_swapping(model, draw) -> bool:
    """Whether predictions for hidden patches change when the visible codes change places, in at least one of four random networks.

    With weights of size 1 the change had a median of 6e-2 and a least value of 5e-3 in 300 networks, its logarithm a standard deviation of 0.9:
    1e-4 is 7 of them away, for each of the four.
    """
    state = model.state_dict()
    for _ in range(4):
        model.redraw(draw, scale=1.0)
        latent, (_, restore) = draw.normal(N, K, SIZES["dim"]), masks(draw)
        places = restore.argsort(1)[:, K:]
        if not same(rows(decode(model, latent, restore), places), rows(decode(model, latent.flip(1), restore), places)):
            model.load_state_dict(state)
            return True
    model.load_state_dict(state)
    return False


def test_one_learned_mask_token(student, draw):
    """A parameter, the same one for every hidden place, stands for hidden patches."""
    model, awake = build(student, draw), None
    for _ in range(3):  # a ReLU unit may wake up by chance, but not under three draws of all weights
        model.redraw(draw)
        order = torch.stack([draw.permutation(L) for _ in range(8)])
        whole = gradients(model, draw.normal(8, L, SIZES["dim"]), order.argsort(1), "decode")
        part = gradients(model, draw.normal(8, K, SIZES["dim"]), order.argsort(1), "decode")
        woken = {name: wakes(whole[name], part.get(name)) for name in whole}
        awake = woken if awake is None else {name: awake[name] & woken[name] for name in awake}
    if not any(bool(entries.any()) for entries in awake.values()):
        wrong("No parameter stands for hidden patches: the mask token is not learned.", "mask_token_not_learned")
    one, two = (gradients(model, draw.normal(1, K, SIZES["dim"]), shuffle[:1].argsort(1), "decode") for shuffle in (order, order.flip(1)))
    for name in (name for name in whole if silent(whole[name])):
        a, b = one.get(name), two.get(name)
        if a is not None and b is not None and bool(((a != 0) != (b != 0)).any()):
            wrong("Which entries stand for hidden patches depends on the place: one mask token is asked for.", "a_token_per_position")


def wakes(whole, part) -> torch.Tensor:
    """Which entries of a parameter act only where patches are hidden."""
    if part is None:
        return torch.zeros(1, dtype=torch.bool)
    return (part != 0) if whole is None else (whole == 0) & (part != 0)


def test_forward_is_decode_of_encode(student, draw):
    """forward(images, keep, restore) equals decode(encode(images, keep), restore)."""
    model, images, (keep, restore) = build(student, draw), pictures(draw), masks(draw)
    got = tensor(model(images, keep, restore), "the result of forward", (N, L, D), torch.float32)
    if not same(got, decode(model, encode(model, images, keep), restore)):
        wrong("forward is not decode of encode.")


def test_sizes_count(student):
    """A larger depth, width, or decoder has more parameters."""
    base = parameters(student)
    for name, more in (("depth", 3), ("decoder_depth", 2), ("dim", 36), ("decoder_dim", 24)):
        if parameters(student, **{name: more}) <= base:
            named = "one_layer_whatever_depth" if "depth" in name else None
            wrong(f"A model with {name}={more} has no more parameters than one with {name}={SIZES[name]}.", named)


def parameters(student, **changes) -> int:
    return sum(value.numel() for value in student.MaskedAutoencoder(**SIZES | changes).state_dict().values() if value.is_floating_point())


def test_everything_learns(student, draw):
    """Through forward, gradients reach the encoder as well as the decoder."""
    model, images, (keep, restore) = build(student, draw), pictures(draw), masks(draw)
    got = model.gradient(images, keep, restore, weights=draw.normal(N, L, D))
    if not isinstance(got, list | tuple) or got[0] is None or silent(got[0]):
        wrong("Through forward no gradient reaches the images, so the encoder could not learn.", "encoder_without_gradient")


def test_float64(student, draw):
    """A model in float64 computes in float64."""
    model, (keep, restore) = build(student, draw), masks(draw)
    model.double()
    decode(model, encode(model, pictures(draw).double(), keep), restore)


def test_moves_to_another_device(student):
    """After model.to(device) everything lives there, positions and mask token too."""
    try:
        devices = student.run(elsewhere, SIZES)
    except Raised as raised:
        if any(text in raised.message for text in ("expected device", "same device", "is on cpu")):
            wrong("On another device tensors of two devices meet: register positions as a buffer or parameter, or make them with device=x.device.", "wrong_device")
        return
    if isinstance(devices, list | tuple) and "cpu" in devices:
        wrong("On another device the model's answers are on the CPU.", "wrong_device")
