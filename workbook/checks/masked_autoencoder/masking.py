"""Local checks of random_masking, sincos_positions and masked_loss."""

import math

import torch

from workbook.checks import expect, expect_shape, fail
from workbook.checks.masked_autoencoder.patches import refuses

COUNTS = {(16, 0.75): 4, (9, 0.6): 4, (49, 0.75): 12, (10, 0.25): 8, (9, 0.5): 5, (7, 0.0): 7}  # (L, ratio): K, by Python's round


def random_masking(names):
    """A worked row, counts, three properties on random scores, the device, ratios that make no sense."""
    scores = torch.tensor([[0.7, 0.1, 0.9, 0.3], [-4.0, 8.0, 1.0, 2.0]])
    keep, mask, restore = three(names.random_masking(scores, 0.5), 2, 4, 2)
    expect(sorted(keep[0].tolist()) != [0, 2], "for scores (0.7, 0.1, 0.9, 0.3) the tokens 0 and 2 stay", "tokens 1 and 3, which have the lowest scores", "the sort runs downwards", "random-masking")
    expect(keep.tolist() == [[1, 3], [0, 2]], f"for the rows {scores.tolist()} keep is {keep.tolist()}", "[[1, 3], [0, 2]]: by score, not by index, and by each row's own scores", None, "random-masking")
    expect(mask.tolist() == [[True, False, True, False], [False, True, False, True]], f"keep is {keep.tolist()}, but the mask is {mask.int().tolist()}", "True exactly where a token is not kept, in image order",
           "the mask is inverted, or still in the order of the sort", "random-masking")
    expect(restore.tolist() == [[2, 0, 3, 1], [0, 3, 1, 2]], f"restore is {restore.tolist()}", "[[2, 0, 3, 1], [0, 3, 1, 2]]: each token's rank", "the order of the sort in the place of its inverse", "random-masking")
    for (length, ratio), kept in COUNTS.items():
        properties(names, torch.randn(3, length), ratio, kept)
    properties(names, torch.randn(1, 12, dtype=torch.float64), 0.5, 6)
    stays_on_meta(names)
    for ratio in (0.97, -0.2, 1.0):
        did = refuses(names.random_masking, torch.rand(2, 9), ratio)
        expect(did is None, f"for 9 tokens and mask_ratio {ratio}, {did}", "a ValueError: the ratio is out of range, or nothing would stay visible", "a case that is not checked", "random-masking")


def three(got, n: int, length: int, kept: int):
    """keep, mask and restore with their shapes and dtypes."""
    expect(isinstance(got, tuple | list) and len(got) == 3, f"a {type(got).__name__} came back", "three tensors: keep, mask, restore")
    what = f"for {length} tokens, {kept} of them to be kept"
    return (
        expect_shape(got[0], (n, kept), f"keep, {what},", torch.int64),
        expect_shape(got[1], (n, length), f"mask, {what},", torch.bool),
        expect_shape(got[2], (n, length), f"restore, {what},", torch.int64),
    )


def properties(names, scores: torch.Tensor, ratio: float, kept: int) -> None:
    """Lowest scores first; hidden ones are those that are not kept; the shuffle can be undone."""
    n, length = scores.shape
    keep, mask, restore = three(names.random_masking(scores, ratio), n, length, kept)
    again = names.random_masking(scores, ratio)
    expect(torch.equal(keep, again[0]), "the same scores give another mask the second time", "a mask that the scores decide", "random numbers of its own", "random-masking")
    ascending = scores.sort(dim=1).values
    expect(torch.equal(torch.take_along_dim(scores, keep, 1), ascending[:, :kept]), "keep is not in ascending order of the scores", "the lowest scores, lowest first", None, "random-masking")
    expect(torch.equal(mask, scores > ascending[:, kept - 1 : kept]), "the mask does not hide exactly the tokens that are not kept", "True for those, False for the rest", None, "random-masking")
    expect(torch.equal(torch.take_along_dim(ascending, restore, 1), scores), "sorted tokens gathered by restore are not in image order", "the tokens as they were", "restore is not the inverse of the sort", "random-masking")


def stays_on_meta(names) -> None:
    """On the `meta` device, which has shapes but no numbers, nothing may come back on the CPU."""
    try:
        got = names.random_masking(torch.rand(2, 9, device="meta"), 0.5)
    except Exception as error:
        if "expected device" not in str(error) and "same device" not in str(error):
            return  # something that needs numbers: no sign of a mistake
        fail("with scores on another device tensors of two devices meet", "everything on the device of the scores", "a new tensor without device=scores.device")
    expect(not any(part.device.type == "cpu" for part in got), "with scores on another device a result is on the CPU", "everything on the device of the scores", "a new tensor without device=scores.device")


def sincos_positions(names):
    """Position 0, position 1 by hand, slow and fast columns, dtype, odd widths."""
    table = expect_shape(names.sincos_positions(5, 4), (5, 4), "five positions of width 4", torch.float32)
    first = [round(value, 4) for value in table[0].tolist()]
    if first != [0, 0, 1, 1]:
        cause = "cosines first, or sines and cosines in turn" if sorted(first) == [0, 0, 1, 1] else "positions counted from 1"
        fail(f"position 0 is {first}", "[0, 0, 1, 1], since sin 0 = 0 and cos 0 = 1", cause, "sincos-positions")
    want = torch.tensor([math.sin(1), math.sin(0.01), math.cos(1), math.cos(0.01)])
    expect(torch.allclose(table[1], want, atol=1e-4), f"position 1 is {[round(v, 4) for v in table[1].tolist()]}", f"{[round(v, 4) for v in want.tolist()]}: frequencies 1 and 10000^(-1/2) = 0.01",
           "another exponent", "sincos-positions")
    wide = expect_shape(names.sincos_positions(50, 12), (50, 12), "fifty positions of width 12", torch.float32).double()
    speed = torch.atan2(wide[1, :6], wide[1, 6:])
    ratio = (speed[1:] / speed[:-1]).log() / math.log(10000)
    expect((ratio + 1 / 6).abs().max() < 1e-3, f"from one frequency to the next the factor is 10000^({ratio[0]:.3f})", "10000^(-1/6) for width 12", "the exponent's denominator: it is dim/2", "sincos-positions")
    angle = torch.arange(50.0, dtype=torch.float64)[:, None] * speed
    expect(torch.allclose(wide, torch.cat([angle.sin(), angle.cos()], 1), atol=1e-3), "positions do not turn at a steady speed", "angles that grow in proportion to the position", None, "sincos-positions")
    did = refuses(names.sincos_positions, 5, 7)
    expect(did is None, f"for dim 7, {did}", "a ValueError: half of 7 columns cannot be sines", "the case is not checked", "sincos-positions")


def masked_loss(names):
    """A worked case, unequal rows, other sizes, gradients, inputs, the empty mask."""
    pred, target = torch.zeros(1, 3, 2), torch.tensor([[[1.0, 1.0], [2.0, 0.0], [5.0, 5.0]]])
    mask = torch.tensor([[True, True, False]])
    got = expect_shape(names.masked_loss(pred.clone(), target.clone(), mask), (), "the loss").item()
    causes = {26 / 3 + 2 / 3: "visible patches count", 28 / 3: "visible patches count", 25.0: "the mask is the wrong way round", 1.0: "the denominator counts all patches", 3.0: "a sum in the place of a mean"}
    cause = next((text for value, text in causes.items() if abs(got - value) < 1e-4), None)
    expect(abs(got - 1.5) < 1e-5, f"for patch errors 1, 2 (hidden) and 25 (visible) the loss is {got:.4f}", "1.5, the mean of 1 and 2", cause, "mae-loss")
    torch.manual_seed(1)
    for dtype in (torch.float32, torch.float64):
        unequal(names, dtype)
    did = refuses(names.masked_loss, torch.rand(2, 3, 2), torch.rand(2, 3, 2), torch.zeros(2, 3, dtype=torch.bool))
    expect(did is None, f"with nothing hidden, {did}", "a ValueError: there is nothing to average", "the case is not checked", "mae-loss")


def unequal(names, dtype: torch.dtype) -> None:
    """Images that hide 3, 0 and 1 patches; values, gradients, and inputs that stay."""
    hidden = torch.tensor([[1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0]]).bool()
    guess, truth = torch.randn(3, 4, 5, dtype=dtype).requires_grad_(True), torch.randn(3, 4, 5, dtype=dtype) + 1
    before = guess.detach().clone()
    loss = expect_shape(names.masked_loss(guess.detach(), truth, hidden), (), "the loss", dtype)
    expect(torch.equal(guess.detach(), before), "the prediction has other values after the call", "inputs as they were", "an assignment into pred", "mae-loss")
    want = sum((before[i, j] - truth[i, j]).square().sum() for i, j in hidden.nonzero().tolist()) / 20
    expect(abs(loss - want) < 1e-4, f"with 3, 0 and 1 hidden patches in three images the loss is {loss:.4f}", f"{want:.4f}: all four hidden patches count the same", "a mean per image first", "mae-loss")
    loss = names.masked_loss(guess, truth, hidden)
    expect(loss.requires_grad, "the loss has no gradient", "a loss that the model can learn from", "detach or item inside", "mae-loss")
    loss.backward()
    slope = (before - truth) * hidden.unsqueeze(2) / 10
    expect(torch.allclose(guess.grad, slope, atol=1e-5), "the gradient is not 2 (pred - target) / (d * hidden) on hidden patches and 0 on visible ones", "that", None, "mae-loss")
