"""Adversarial networks: the game, three ways to play it, how to judge them.

- `densities`: the game on known densities
- `dirac`: the smallest GAN, two numbers
- `losses`: what the players minimise; gradient penalty and reversal
- `networks`: small generators and critics, and the judge of digits
- `training`: settings, objectives, and the game itself
- `points`: a ring of Gaussians, and ways through latent space
- `measures`: distances, coverage and classes of a sample
- `figures`: figures that answer to sliders and buttons

Samples are rows: the first axis of every array counts examples. "Critic"
names the network that judges, whether its output is read as a logit or as a
score.
"""

from topoi.gan.densities import (
    game_value,
    js_divergence,
    optimal_discriminator,
    wasserstein_1d,
)
from topoi.gan.dirac import (
    dirac_field,
    dirac_jacobian,
    dirac_path,
)
from topoi.gan.losses import (
    LOSSES,
    ROOT_GUARD,
    GradientReversal,
    Losses,
    gradient_norms,
    gradient_penalty,
    hinge_critic_loss,
    logistic_critic_loss,
    nonsaturating_generator_loss,
    reverse_gradient,
    saturating_generator_loss,
    wasserstein_critic_loss,
    wasserstein_generator_loss,
)
from topoi.gan.measures import (
    Report,
    class_entropy,
    coverage,
    density,
    feature_fid,
    features_and_probabilities,
    frechet_distance,
    report,
    smallest_share,
    train_classifier,
)
from topoi.gan.networks import (
    build_classifier,
    build_critic,
    build_generator,
    build_mlp,
)
from topoi.gan.points import (
    draw_ring,
    interpolate,
    modes_hit,
    ring_centres,
)
from topoi.gan.training import (
    SETTINGS,
    Game,
    Settings,
    critic_objective,
    generator_objective,
    scale_pictures,
)

__all__ = [
    "Game",
    "GradientReversal",
    "LOSSES",
    "Losses",
    "SETTINGS",
    "ROOT_GUARD",
    "Settings",
    "Report",
    "build_classifier",
    "build_critic",
    "build_generator",
    "build_mlp",
    "class_entropy",
    "coverage",
    "critic_objective",
    "density",
    "dirac_field",
    "dirac_jacobian",
    "dirac_path",
    "draw_ring",
    "feature_fid",
    "features_and_probabilities",
    "frechet_distance",
    "game_value",
    "generator_objective",
    "gradient_norms",
    "gradient_penalty",
    "hinge_critic_loss",
    "interpolate",
    "js_divergence",
    "logistic_critic_loss",
    "modes_hit",
    "nonsaturating_generator_loss",
    "optimal_discriminator",
    "report",
    "reverse_gradient",
    "ring_centres",
    "saturating_generator_loss",
    "scale_pictures",
    "smallest_share",
    "train_classifier",
    "wasserstein_1d",
    "wasserstein_critic_loss",
    "wasserstein_generator_loss",
]
