"""Inverting a generator: from a signal back to the latent that made it.

- `generators`: `ReluGenerator`, random ones, and Hadamard's dictionary
- `certificates`: coherence, spark, ranks, dual vectors; what they prove
- `pursuit`: inversion layer by layer, exact and noisy
- `descent`: gradient descent on the latent, from several starts
- `networks`: generators trained as an autoencoder and as a GAN
- `figures`: a latent that turns, and all latents that look like it
"""

from topoi.inversion.certificates import (
    Certificate,
    LayerReport,
    certify,
    chance_certified,
    chance_in_halfspace,
    coherence,
    dual_vector,
    error_chain,
    spark,
    sub_rank,
    sub_spark,
)
from topoi.inversion.descent import (
    Descent,
    best_of,
    descend_latents,
    latent_gradient,
    relative_error,
    restarts,
)
from topoi.inversion.figures import explore_cells, same_layer
from topoi.inversion.generators import (
    OUTPUTS,
    ReluGenerator,
    generator_from_keras,
    identity_hadamard,
    planted_generator,
    random_generator,
)
from topoi.inversion.networks import (
    VAESettings,
    build_relu_generator,
    build_vae_encoder,
    shrink,
    train_gan,
    train_vae,
    vae_loss,
)
from topoi.inversion.pursuit import (
    Inversion,
    constrained_lasso,
    debiased,
    independent_rows,
    invert_layerwise,
    latent_pursuit,
    layered_basis_pursuit,
    nonnegative_lasso,
    nonnegative_pursuit,
    signed_lasso,
    signed_pursuit,
)

__all__ = [
    "OUTPUTS",
    "Certificate",
    "Descent",
    "Inversion",
    "LayerReport",
    "ReluGenerator",
    "VAESettings",
    "best_of",
    "build_relu_generator",
    "build_vae_encoder",
    "certify",
    "chance_certified",
    "chance_in_halfspace",
    "coherence",
    "constrained_lasso",
    "debiased",
    "descend_latents",
    "dual_vector",
    "error_chain",
    "explore_cells",
    "generator_from_keras",
    "identity_hadamard",
    "independent_rows",
    "invert_layerwise",
    "latent_gradient",
    "latent_pursuit",
    "layered_basis_pursuit",
    "nonnegative_lasso",
    "nonnegative_pursuit",
    "planted_generator",
    "random_generator",
    "relative_error",
    "restarts",
    "same_layer",
    "shrink",
    "signed_lasso",
    "signed_pursuit",
    "spark",
    "sub_rank",
    "sub_spark",
    "train_gan",
    "train_vae",
    "vae_loss",
]
