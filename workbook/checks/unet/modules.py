"""What the checks of several layers share: random weights, random inputs, one example at a time, another dtype, another device."""

import torch

from workbook.checks.saying import expect, expect_shape, fail


def randomised(model: torch.nn.Module, scale: float = 0.3, seed: int = 0) -> torch.nn.Module:
    """The module with every parameter drawn from N(0, scale^2), in evaluation mode (a zero-initialised layer would hide what it does)."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def normal(*shape: int, seed: int = 1) -> torch.Tensor:
    """Standard normal numbers of a shape."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def expect_unchanged(before: torch.Tensor, after: torch.Tensor) -> None:
    """The input is what it was."""
    expect(torch.equal(before, after), "the input tensor has changed during the call", "inputs stay as they are",
           "an operation that ends in an underscore, or +=, on the argument itself")


def expect_examples_apart(model, inputs: list[torch.Tensor]) -> None:
    """Each example's result is the same alone as in company."""
    together = model(*inputs)
    alone = torch.cat([model(*(value[i : i + 1] for value in inputs)) for i in range(len(inputs[0]))])
    expect_shape(alone, tuple(together.shape), "the results of the examples one at a time")
    gap = (together - alone).abs().max().item()
    expect(gap <= 1e-3 * (1e-6 + together.abs().max().item()), f"an example's result differs by {gap:.2g} between a batch and the example alone",
           "no example knows of the others", "a reshape or an index that mixes the batch dimension with another, or one example's value used for all")


def expect_residual(model, make, what: str) -> None:
    """With tiny weights a difference in x still arrives at the output; `make(seed)` gives the inputs, x first."""
    scale = 1e-3
    randomised(model, scale)
    first, other = make(1), make(2)
    other[1:] = first[1:]
    arrives = ((model(*first) - model(*other)).abs().max() / (first[0] - other[0]).abs().max()).item()
    expect(arrives > 0.1 * scale, f"with all weights near 0, a change of x changes the output by a factor of only {arrives:.1g}",
           "x comes through the residual path, whatever the rest does", what, "residual-block")


def expect_double(model, inputs: list[torch.Tensor]) -> None:
    """The module in float64 takes and gives float64."""
    try:
        out = model.double()(*(value.double() if value.is_floating_point() else value for value in inputs))
    except RuntimeError as error:
        fail(f"in float64 it raises: {error}", "model.double() takes float64 and gives float64",
             "a tensor made inside forward, such as the features of time, keeps float32: bring it to x.dtype")
    expect_shape(out, tuple(out.shape), "the float64 result", torch.float64)
    model.float()


def expect_device(model, inputs: list[torch.Tensor]) -> None:
    """The module on torch's `meta` device (shapes without numbers) meets no tensor of another device."""
    try:
        out = model.to("meta")(*(value.to("meta") for value in inputs))
    except RuntimeError as error:
        text = str(error).lower()
        if "device" in text and "meta" in text and "cpu" in text:
            fail(f"on another device it raises: {error}", "everything follows the module's device",
                 "a tensor made in __init__ or forward stays on the CPU: register it as a buffer, or make it with device=x.device")
        return
    except NotImplementedError:
        return
    expect(out.device.type == "meta", f"the result lies on {out.device}", "the result lies where the input lies", "a tensor is made on the CPU inside forward")
