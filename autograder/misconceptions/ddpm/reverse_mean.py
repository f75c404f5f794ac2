"""Wrong versions of reverse_mean."""

from autograder.versions import misconception


@misconception("You divide by sqrt(alpha_bar[t]); one step is undone, so it is sqrt(alpha[t]), without the bar.", see="conversions")
def bar_in_front(x_t, t, eps, schedule):
    at = lambda v: v[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    return (x_t - at(schedule.beta) / (1 - at(schedule.alpha_bar)).sqrt() * eps) / at(schedule.alpha_bar).sqrt()


@misconception("Under the noise stands sqrt(1 - alpha[t]); it is sqrt(1 - alpha_bar[t]), the noise of all steps.", see="conversions")
def bar_missing_under_the_noise(x_t, t, eps, schedule):
    at = lambda v: v[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    return (x_t - at(schedule.beta) / at(schedule.beta).sqrt() * eps) / at(schedule.alpha).sqrt()


@misconception("The root over 1 - alpha_bar[t] is missing.", see="conversions")
def root_missing_under_the_noise(x_t, t, eps, schedule):
    at = lambda v: v[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    return (x_t - at(schedule.beta) / (1 - at(schedule.alpha_bar)) * eps) / at(schedule.alpha).sqrt()


@misconception("The factor 1 / sqrt(alpha[t]) is missing: the step forward shrank the picture, the step back must stretch it.", see="conversions")
def not_stretched(x_t, t, eps, schedule):
    at = lambda v: v[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    return x_t - at(schedule.beta) / (1 - at(schedule.alpha_bar)).sqrt() * eps


@misconception("You divide by alpha[t] instead of its root.", see="conversions")
def divided_by_the_square(x_t, t, eps, schedule):
    at = lambda v: v[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    return (x_t - at(schedule.beta) / (1 - at(schedule.alpha_bar)).sqrt() * eps) / at(schedule.alpha)


@misconception("You multiply the noise by sqrt(beta[t]) instead of beta[t].", see="conversions")
def root_of_beta(x_t, t, eps, schedule):
    at = lambda v: v[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    return (x_t - (at(schedule.beta) / (1 - at(schedule.alpha_bar))).sqrt() * eps) / at(schedule.alpha).sqrt()


@misconception("You add the predicted noise; a step back subtracts it.", see="conversions")
def noise_added(x_t, t, eps, schedule):
    at = lambda v: v[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    return (x_t + at(schedule.beta) / (1 - at(schedule.alpha_bar)).sqrt() * eps) / at(schedule.alpha).sqrt()


@misconception("You jump to the predicted x_0; the step back goes only part of the way.", see="conversions")
def jumps_to_x0(x_t, t, eps, schedule):
    at = lambda v: v[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    return (x_t - (1 - at(schedule.alpha_bar)).sqrt() * eps) / at(schedule.alpha_bar).sqrt()


@misconception("You clip the predicted x_0 to [-1, 1]. The contract asks for the plain formula; not all data are pixels.", see="conversions")
def clipped(x_t, t, eps, schedule):
    at = lambda v: v.to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    before, now = at(schedule.alpha_bar[t - 1]), at(schedule.alpha_bar[t])
    x0 = ((x_t - (1 - now).sqrt() * eps) / now.sqrt()).clamp(-1, 1)
    return before.sqrt() * at(schedule.beta[t]) / (1 - now) * x0 + at(schedule.alpha[t]).sqrt() * (1 - before) / (1 - now) * x_t


@misconception("Your (n,) factors broadcast along the last axis instead of the batch axis: give them trailing axes of length 1.", see="conversions")
def broadcast_along_the_last_axis(x_t, t, eps, schedule):
    at = lambda v: v[t].to(x_t.dtype)  # noqa: E731
    return (x_t - at(schedule.beta) / (1 - at(schedule.alpha_bar)).sqrt() * eps) / at(schedule.alpha).sqrt()


@misconception("With a float64 schedule your result is float64 for float32 data: the data's dtype wins.", see="conversions")
def schedules_dtype_wins(x_t, t, eps, schedule):
    at = lambda v: v[t].view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    return (x_t - at(schedule.beta) / (1 - at(schedule.alpha_bar)).sqrt() * eps) / at(schedule.alpha).sqrt()
