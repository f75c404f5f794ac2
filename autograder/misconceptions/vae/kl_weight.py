"""Wrong versions of kl_weight."""

import math

from autograder.versions import misconception


@misconception("The weight goes on rising beyond 1 after the warm-up.", see="kl-warmup")
def never_stops(step, warmup_steps):
    return step / warmup_steps if warmup_steps else 1.0


@misconception("Steps are counted from 1 here, so the weight is not 0 at step 0 and reaches 1 a step early.", see="kl-warmup")
def one_step_ahead(step, warmup_steps):
    return min(1.0, (step + 1) / max(1, warmup_steps)) if warmup_steps else 1.0


@misconception("The ramp reaches 1 one step early: it is divided by warmup_steps - 1.", see="kl-warmup")
def one_step_short(step, warmup_steps):
    return min(1.0, step / (warmup_steps - 1)) if warmup_steps > 1 else float(step >= warmup_steps)


@misconception("The weight falls from 1 to 0; it has to rise.", see="kl-warmup")
def falling(step, warmup_steps):
    return max(0.0, 1 - step / warmup_steps) if warmup_steps else 1.0


@misconception("Integer division: the weight jumps from 0 to 1 instead of rising.", see="kl-warmup")
def integer_division(step, warmup_steps):
    return float(min(1, step // warmup_steps)) if warmup_steps else 1.0


@misconception("With warmup_steps = 0 the weight is 1 at every step, step 0 included; yours is 0 there.", see="kl-warmup")
def zero_at_step_zero(step, warmup_steps):
    return min(1.0, step / max(1, warmup_steps))


@misconception("Without a warm-up (warmup_steps = 0) the weight is 1, not 0: the KL would never count.", see="kl-warmup")
def no_warmup_no_weight(step, warmup_steps):
    return min(1.0, step / warmup_steps) if warmup_steps else 0.0


@misconception("A cosine ramp; a linear one is asked for.", see="kl-warmup")
def cosine_ramp(step, warmup_steps):
    return 0.5 - 0.5 * math.cos(math.pi * min(1.0, step / warmup_steps)) if warmup_steps else 1.0


@misconception("A sigmoid ramp; a linear one that starts at exactly 0 and reaches exactly 1 is asked for.", see="kl-warmup")
def sigmoid_ramp(step, warmup_steps):
    return 1 / (1 + math.exp(5 - 10 * step / warmup_steps)) if warmup_steps else 1.0


@misconception("Dividing by warmup_steps + 1 avoids a division by zero, but reaches the weight 1 a step late and gives 0 at step 0 without a warm-up.", see="kl-warmup")
def one_added(step, warmup_steps):
    return min(1.0, step / (warmup_steps + 1))
