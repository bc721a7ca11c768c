"""Settings of a training."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FormulaSettings:
    """What a training needs to know.

    Parameters
    ----------
    steps : int
        Gradient steps.
    batch_size : int
        Series in one step, drawn without repetition; all if there are fewer.
    learning_rate : float
        Of Adam, at the start; it falls to 0 along a cosine.
    seed : int
        Draws the batches.
    """

    steps: int = 400
    batch_size: int = 128
    learning_rate: float = 0.05
    seed: int = 0

    def __post_init__(self):
        if min(self.steps, self.batch_size) < 1 or self.learning_rate <= 0:
            raise ValueError(f"These settings train nothing: {self}.")
