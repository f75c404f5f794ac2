"""Wrong versions of vlb_weight."""

from autograder.versions import misconception


@misconception("Your weight has alpha_bar[t] where alpha[t] belongs: at t = T it is thousands of times too big.", see="vlb-weight")
def bar_for_alpha(t, schedule):
    return schedule.beta[t] ** 2 / (2 * schedule.posterior_variance[t] * schedule.alpha_bar[t] * (1 - schedule.alpha_bar[t]))


@misconception("The factor 1/2 is missing.", see="vlb-weight")
def half_forgotten(t, schedule):
    return schedule.beta[t] ** 2 / (schedule.posterior_variance[t] * schedule.alpha[t] * (1 - schedule.alpha_bar[t]))


@misconception("Your beta is not squared: the means differ by a multiple of beta, and the KL has the square of that.", see="vlb-weight")
def beta_not_squared(t, schedule):
    return schedule.beta[t] / (2 * schedule.posterior_variance[t] * schedule.alpha[t] * (1 - schedule.alpha_bar[t]))


@misconception("You divide by the reverse variance beta[t]; here it is posterior_variance[t].", see="vlb-weight")
def variance_of_the_step_forward(t, schedule):
    return schedule.beta[t] ** 2 / (2 * schedule.beta[t] * schedule.alpha[t] * (1 - schedule.alpha_bar[t]))


@misconception("The factor alpha[t] under the line is missing.", see="vlb-weight")
def alpha_forgotten(t, schedule):
    return schedule.beta[t] ** 2 / (2 * schedule.posterior_variance[t] * (1 - schedule.alpha_bar[t]))


@misconception("You have 1 - alpha[t] under the line; it is 1 - alpha_bar[t].", see="vlb-weight")
def bar_forgotten(t, schedule):
    return schedule.beta[t] ** 2 / (2 * schedule.posterior_variance[t] * schedule.alpha[t] * (1 - schedule.alpha[t]))


@misconception("Half the difference of the signal-to-noise ratios is the weight of the error in x_0; divide by SNR_t for that of the noise.", see="vlb-weight")
def weight_of_the_x0_error(t, schedule):
    snr = schedule.alpha_bar / (1 - schedule.alpha_bar)
    return (snr[t - 1] - snr[t]) / 2


@misconception("You divide by the squared reverse variance.", see="vlb-weight")
def variance_squared(t, schedule):
    return schedule.beta[t] ** 2 / (2 * schedule.posterior_variance[t] ** 2 * schedule.alpha[t] * (1 - schedule.alpha_bar[t]))


@misconception("You average over the batch; one weight per example is asked for.", see="vlb-weight")
def averaged(t, schedule):
    w = schedule.beta[t] ** 2 / (2 * schedule.posterior_variance[t] * schedule.alpha[t] * (1 - schedule.alpha_bar[t]))
    return w[t > 1].mean()
