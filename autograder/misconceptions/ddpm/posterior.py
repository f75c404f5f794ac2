"""Wrong versions of posterior."""

from autograder.versions import misconception


@misconception("The weight of x_0 has sqrt(alpha_bar[t]); it is sqrt(alpha_bar[t-1]), what was left one step before.", see="forward-posterior")
def bar_of_the_wrong_time(x0, x_t, t, schedule):
    at = lambda v: v.to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    before, now = schedule.alpha_bar[t - 1], schedule.alpha_bar[t]
    w0, w1 = now.sqrt() * schedule.beta[t] / (1 - now), schedule.alpha[t].sqrt() * (1 - before) / (1 - now)
    return at(w0) * x0 + at(w1) * x_t, at(schedule.posterior_variance[t])


@misconception("The weight of x_t has a bar too many: sqrt(alpha[t]), one step only.", see="forward-posterior")
def bar_too_many(x0, x_t, t, schedule):
    at = lambda v: v.to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    before, now = schedule.alpha_bar[t - 1], schedule.alpha_bar[t]
    w0, w1 = before.sqrt() * schedule.beta[t] / (1 - now), now.sqrt() * (1 - before) / (1 - now)
    return at(w0) * x0 + at(w1) * x_t, at(schedule.posterior_variance[t])


@misconception("Your two weights are exchanged.", see="forward-posterior")
def weights_exchanged(x0, x_t, t, schedule):
    at = lambda v: v.to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    before, now = schedule.alpha_bar[t - 1], schedule.alpha_bar[t]
    w0, w1 = before.sqrt() * schedule.beta[t] / (1 - now), schedule.alpha[t].sqrt() * (1 - before) / (1 - now)
    return at(w1) * x0 + at(w0) * x_t, at(schedule.posterior_variance[t])


@misconception("Your variance is beta[t], that of the step forward; the step back has posterior_variance[t].", see="forward-posterior")
def variance_of_the_step_forward(x0, x_t, t, schedule):
    at = lambda v: v.to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    before, now = schedule.alpha_bar[t - 1], schedule.alpha_bar[t]
    w0, w1 = before.sqrt() * schedule.beta[t] / (1 - now), schedule.alpha[t].sqrt() * (1 - before) / (1 - now)
    return at(w0) * x0 + at(w1) * x_t, at(schedule.beta[t])


@misconception("You return the standard deviation; the second result is the variance.", see="forward-posterior")
def deviation_for_variance(x0, x_t, t, schedule):
    at = lambda v: v.to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    before, now = schedule.alpha_bar[t - 1], schedule.alpha_bar[t]
    w0, w1 = before.sqrt() * schedule.beta[t] / (1 - now), schedule.alpha[t].sqrt() * (1 - before) / (1 - now)
    return at(w0) * x0 + at(w1) * x_t, at(schedule.posterior_variance[t].sqrt())


@misconception("The root over alpha_bar[t-1] in the weight of x_0 is missing.", see="forward-posterior")
def root_missing(x0, x_t, t, schedule):
    at = lambda v: v.to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    before, now = schedule.alpha_bar[t - 1], schedule.alpha_bar[t]
    w0, w1 = before * schedule.beta[t] / (1 - now), schedule.alpha[t].sqrt() * (1 - before) / (1 - now)
    return at(w0) * x0 + at(w1) * x_t, at(schedule.posterior_variance[t])


@misconception("The weight of x_t has 1 - alpha_bar[t] on top, so it cancels; on top stands 1 - alpha_bar[t-1].", see="forward-posterior")
def fraction_cancels(x0, x_t, t, schedule):
    at = lambda v: v.to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    before, now = schedule.alpha_bar[t - 1], schedule.alpha_bar[t]
    return at(before.sqrt() * schedule.beta[t] / (1 - now)) * x0 + at(schedule.alpha[t].sqrt()) * x_t, at(schedule.posterior_variance[t])


@misconception("You look one index too far ahead: alpha_bar[t-1] is the entry before alpha_bar[t], at t = 1 it is alpha_bar[0] = 1.", see="forward-posterior")
def first_step_without_the_clean_data(x0, x_t, t, schedule):
    at = lambda v: v.to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    before, now = schedule.alpha_bar[(t - 1).clamp(min=1)], schedule.alpha_bar[t]
    w0, w1 = before.sqrt() * schedule.beta[t] / (1 - now), schedule.alpha[t].sqrt() * (1 - before) / (1 - now)
    return at(w0) * x0 + at(w1) * x_t, at(schedule.posterior_variance[t])


@misconception("Your (n,) weights broadcast along the last axis instead of the batch axis: give them trailing axes of length 1.", see="forward-posterior")
def broadcast_along_the_last_axis(x0, x_t, t, schedule):
    before, now = schedule.alpha_bar[t - 1], schedule.alpha_bar[t]
    w0, w1 = before.sqrt() * schedule.beta[t] / (1 - now), schedule.alpha[t].sqrt() * (1 - before) / (1 - now)
    return w0.to(x_t.dtype) * x0 + w1.to(x_t.dtype) * x_t, schedule.posterior_variance[t].to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))


@misconception("With a float64 schedule your results are float64 for float32 data: the data's dtype wins.", see="forward-posterior")
def schedules_dtype_wins(x0, x_t, t, schedule):
    at = lambda v: v.view(-1, *[1] * (x_t.dim() - 1))  # noqa: E731
    before, now = schedule.alpha_bar[t - 1], schedule.alpha_bar[t]
    w0, w1 = before.sqrt() * schedule.beta[t] / (1 - now), schedule.alpha[t].sqrt() * (1 - before) / (1 - now)
    return at(w0) * x0 + at(w1) * x_t, at(schedule.posterior_variance[t])
