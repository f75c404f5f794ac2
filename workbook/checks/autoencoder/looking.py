"""A look at the operations that run inside a model, however it is written."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Operations(TorchDispatchMode):
    """Whether a convolution with a stride ran inside (`strided`), and a transposed one with a result wider than its input (`enlarging`)."""

    def __init__(self):
        super().__init__()
        self.strided = self.enlarging = False

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        name = operation.overloadpacket.__name__
        self.strided |= name == "im2col"  # unfolding and folding are convolutions written by hand
        self.enlarging |= name == "col2im"
        if "conv" in name and "backward" not in name:
            values = dict(zip((argument.name for argument in operation._schema.arguments), args, strict=False)) | (kwargs or {})
            stride = values.get("stride", 1)
            transposed = values.get("transposed", "transpose" in name)
            wider = isinstance(result, torch.Tensor) and result.shape[-1] > args[0].shape[-1]
            self.strided |= not transposed and max(stride if isinstance(stride, list | tuple) else [stride]) > 1
            self.enlarging |= bool(transposed) and wider
        return result
