"""Local checks of assignment 04."""

from workbook.checks.ddpm.formulas import add_noise, noised_batch, posterior, predict_x0, reverse_mean, vlb_weight
from workbook.checks.ddpm.learning import ddpm_loss, timestep_embedding, train_ddpm
from workbook.checks.ddpm.sampling import ddim_sample, reverse_step, sample
from workbook.checks.ddpm.schedules import cosine_betas, linear_betas, make_schedule

__all__ = [
    "add_noise", "cosine_betas", "ddim_sample", "ddpm_loss", "linear_betas", "make_schedule", "noised_batch", "posterior", "predict_x0",
    "reverse_mean", "reverse_step", "sample", "timestep_embedding", "train_ddpm", "vlb_weight",
]  # fmt: skip
