"""Keys of the lectures' equations, so that a message can name what to read.

Each key is the MyST label `eq-KEY` of an equation in the lecture named beside it.
"""

EQUATIONS = {
    # key: (lecture, what the equation says)
    "pca-optimum": ("01_representations", "the best k-dimensional projection"),
    "linear-ae-optimum": ("01_representations", "the optimum of a linear autoencoder"),
    "reductions": ("01_representations", "sums and means of squared errors"),
    "principal-angles": ("01_representations", "principal angles between subspaces"),
    "retrieval": ("01_representations", "nearest neighbours in code space"),
    "sigmoid-decoder": ("01_representations", "an encoder, a bottleneck, a decoder"),
    "infonce": ("01_representations", "the InfoNCE bound on mutual information"),
    "patchify": ("02_masked_autoencoders", "patches and their order"),
    "random-masking": ("02_masked_autoencoders", "masking by sorting random scores"),
    "mae-loss": ("02_masked_autoencoders", "the loss on hidden patches"),
    "norm-pix": ("02_masked_autoencoders", "normalised pixel targets"),
    "permutation": ("02_masked_autoencoders", "attention without positions is equivariant"),
    "sincos-positions": ("02_masked_autoencoders", "sine and cosine positions"),
    "linear-probe": ("02_masked_autoencoders", "a linear classifier on frozen features"),
    "variational-formula": ("03_latent_variables", "the variational formula"),
    "ppca": ("03_latent_variables", "probabilistic PCA: marginal and posterior"),
    "elbo-kl": ("03_latent_variables", "the ELBO by decomposition"),
    "elbo-jensen": ("03_latent_variables", "the ELBO by Jensen's inequality"),
    "elbo-gap": ("03_latent_variables", "when the bound is tight"),
    "iwae": ("03_latent_variables", "the importance-weighted bound"),
    "reparameterization": ("03_latent_variables", "pathwise and score-function gradients"),
    "gaussian-kl": ("04_vaes", "the KL divergence between Gaussians"),
    "gaussian-likelihood": ("04_vaes", "the Gaussian likelihood and squared error"),
    "decoder-variance": ("04_vaes", "the decoder's best variance"),
    "bernoulli-likelihood": ("04_vaes", "the Bernoulli likelihood and cross-entropy"),
    "vae-loss": ("04_vaes", "the loss of a VAE"),
    "aggregate-posterior": ("04_vaes", "the aggregate posterior"),
    "beta-vae": ("04_vaes", "beta and the decoder's variance"),
    "collapse": ("04_vaes", "posterior collapse"),
    "active-units": ("04_vaes", "counting active units"),
    "kl-warmup": ("04_vaes", "KL warm-up and free bits"),
    "ancestral-vae": ("04_vaes", "sampling: z from the prior, x from the decoder"),
    "interpolation": ("04_vaes", "paths between codes"),
    "forward-marginal": ("05_diffusion", "x_t given x_0"),
    "schedules": ("05_diffusion", "noise schedules and signal-to-noise ratio"),
    "forward-posterior": ("05_diffusion", "the posterior q(x_{t-1} given x_t, x_0)"),
    "vlb": ("05_diffusion", "the variational bound of a diffusion model"),
    "vlb-term": ("05_diffusion", "one term of the bound"),
    "vlb-tight": ("05_diffusion", "when the diffusion bound is tight"),
    "matched-variance-kl": ("05_diffusion", "the KL of Gaussians with equal variance"),
    "conversions": ("05_diffusion", "x0, epsilon, v and the reverse mean"),
    "vlb-weight": ("05_diffusion", "the weight of the epsilon error in the bound"),
    "simple-loss": ("05_diffusion", "the epsilon-prediction loss and its minimiser"),
    "score": ("06_sampling", "score, noise and Tweedie's formula"),
    "ancestral": ("06_sampling", "the ancestral sampler"),
    "ddim": ("06_sampling", "DDIM"),
    "timestep-embedding": ("07_unets", "the embedding of time"),
    "conv-sizes": ("07_unets", "sizes of convolutions"),
    "transposed-conv": ("07_unets", "transposed convolutions"),
    "residual-block": ("07_unets", "a residual block that knows the time"),
    "attention": ("07_unets", "self-attention over positions"),
    "skips": ("07_unets", "skip connections"),
    "ema": ("07_unets", "averaging the weights"),
    "frechet": ("09_gans_and_comparison", "the Frechet distance"),
    "cfg": ("08_conditional_and_latent", "classifier-free guidance"),
    "vq": ("08_conditional_and_latent", "vector quantisation"),
    "ldm-ratios": ("08_conditional_and_latent", "what a latent space saves"),
    "distillation": ("08_conditional_and_latent", "progressive distillation"),
    "gan": ("09_gans_and_comparison", "the optimal discriminator"),
}


def where(key: str) -> str:
    """A sentence part that says where to read, e.g. 'lecture 04, the KL divergence between Gaussians'."""
    lecture, title = EQUATIONS[key]
    return f"lecture {lecture[:2]}, {title}"
