"""Wrong versions of predict_x0."""

from autograder.versions import misconception


@misconception("You use alpha[t]; all steps are undone at once, so it takes alpha_bar[t].", see="conversions")
def alpha_without_bar(x_t, t, eps, schedule):
    a = schedule.alpha[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))
    return (x_t - (1 - a).sqrt() * eps) / a.sqrt()


@misconception("The division by sqrt(alpha_bar) is missing: x_0 was shrunk on the way.", see="conversions")
def not_scaled_back(x_t, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))
    return x_t - (1 - ab).sqrt() * eps


@misconception("You divide by alpha_bar instead of its root.", see="conversions")
def divided_by_the_square(x_t, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))
    return (x_t - (1 - ab).sqrt() * eps) / ab


@misconception("The root over 1 - alpha_bar is missing.", see="conversions")
def noise_root_missing(x_t, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))
    return (x_t - (1 - ab) * eps) / ab.sqrt()


@misconception("You add the noise once more; it has to be subtracted.", see="conversions")
def noise_added(x_t, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))
    return (x_t + (1 - ab).sqrt() * eps) / ab.sqrt()


@misconception("You divide x_t only: the bracket goes around both parts.", see="conversions")
def bracket_missing(x_t, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))
    return x_t / ab.sqrt() - (1 - ab).sqrt() * eps


@misconception("You clip to [-1, 1]. The contract asks for the plain formula; not all data are pixels.", see="conversions")
def clipped(x_t, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))
    return ((x_t - (1 - ab).sqrt() * eps) / ab.sqrt()).clamp(-1, 1)


@misconception("Your (n,) factors broadcast along the last axis instead of the batch axis: give them trailing axes of length 1.", see="conversions")
def broadcast_along_the_last_axis(x_t, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x_t.dtype)
    return (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()


@misconception("With a float64 schedule your result is float64 for float32 data: the data's dtype wins.", see="conversions")
def schedules_dtype_wins(x_t, t, eps, schedule):
    ab = schedule.alpha_bar[t].view(-1, *[1] * (x_t.dim() - 1))
    return (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
