"""torch's own C++ kernels for the `meta` device, where a call is tried out for its devices and shapes.

torch covers them with Python ones that suit its compiler, and that take far longer than what they are about. A Python kernel stays where there is
no other, and where the other would let tensors of two devices meet unnoticed (`torch.cat` is one). Used on the student's side only.
"""

import torch
from torch import _meta_registrations as registered

# operations element by element on several tensors, which in C++ too are refused where their devices differ
MEETING = {
    *("add", "sub", "mul", "div", "pow", "fmod", "remainder", "maximum", "minimum", "fmax", "fmin", "atan2", "hypot", "logaddexp", "logaddexp2", "xlogy"),
    *("eq", "ne", "lt", "le", "gt", "ge", "lerp", "addcmul", "addcdiv", "mse_loss", "smooth_l1_loss"),
}  # fmt: skip
META = torch._C.DispatchKey.Meta


def prefer_native_kernels() -> None:
    """Take away the Python kernels that are not needed."""
    covered, left = registered._meta_lib_dont_use_me_use_register_meta, torch.library.Library("aten", "IMPL", "Meta")
    operations = [_operation(key) for key in covered._op_impls]
    covered._destroy()
    for operation in operations:
        if not _is_safe(operation):
            left.impl(operation, operation.py_kernels[META])
    registered._meta_lib_dont_use_me_use_register_meta = left  # where it is looked for; without a holder it would take its kernels along


def _operation(key: str) -> torch._ops.OpOverload:
    """What "aten/add.Tensor/Meta" is about."""
    packet, _, overload = key.split("/")[1].partition(".")
    return getattr(getattr(torch.ops.aten, packet), overload or "default")


def _is_safe(operation: torch._ops.OpOverload) -> bool:
    """Whether it has a C++ kernel, which notices tensors of two devices where it has more than one."""
    if not torch._C._dispatch_has_kernel_for_dispatch_key(operation.name(), "Meta"):
        return False
    kinds = [str(argument.type) for argument in operation._schema.arguments]
    several = sum("Tensor" in kind for kind in kinds) > 1 or any("List" in kind and "Tensor" in kind for kind in kinds)
    return not several or operation._schema.name.removeprefix("aten::").removesuffix("_") in MEETING
