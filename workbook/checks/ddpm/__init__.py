"""Local checks of assignment 04."""

from workbook.checks.ddpm.formulas import add_noise, noised_batch, posterior, predict_x0, reverse_mean, vlb_weight
from workbook.checks.ddpm.learning import ddpm_loss, timestep_embedding, train_ddpm
from workbook.checks.ddpm.sampling import ddim_sample, reverse_step, sample
from workbook.checks.ddpm.schedules import cosine_betas, linear_betas, make_schedule

__all__ = [
    "add_noise", "cosine_betas", "ddim_sample", "ddpm_loss", "linear_betas", "make_schedule", "noised_batch", "posterior", "predict_x0",
    "reverse_mean", "reverse_step", "sample", "timestep_embedding", "train_ddpm", "vlb_weight",
]  # fmt: skip

POINTS = {  # of the exercises, in the notebook's order; a test compares them with the notebook
    "linear_betas": 2, "cosine_betas": 3, "make_schedule": 3, "add_noise": 3, "posterior": 3, "predict_x0": 2, "reverse_mean": 3, "reverse_step": 3,
    "sample": 2, "timestep_embedding": 3, "ddpm_loss": 3, "vlb_weight": 2, "train_ddpm": 4, "ddim_sample": 4,
}  # fmt: skip
