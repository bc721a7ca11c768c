"""Running averages of batch normalisation, several in one training."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import layers, ops


class RunningAverages(keras.callbacks.Callback):
    """Follow batch normalisation with several momenta in one training run.

    Training does not depend on the running averages, so one run shows what
    each momentum would have left for inference. The statistics of a batch
    are read off the averages that the model itself keeps.

    Parameters
    ----------
    momenta : sequence of float
        Each in [0, 1).
    evaluate : callable
        ``evaluate(model)`` is called at each epoch's end, once a momentum,
        with that momentum's averages in place.

    Attributes
    ----------
    results : list of list
        What `evaluate` returned; one row an epoch, one entry a momentum.

    Raises
    ------
    ValueError
        When training starts, if the model has no batch normalisation, or
        layers with different momenta.
    """

    def __init__(
        self,
        momenta: Sequence[float],
        evaluate: Callable[[keras.Model], float],
    ):
        super().__init__()
        self.momenta = momenta
        self.evaluate = evaluate
        self.results: list[list[float]] = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Start every average where the model starts its own."""
        norms = [
            layer
            for layer in self.model.layers
            if isinstance(layer, layers.BatchNormalization)
        ]
        if len({layer.momentum for layer in norms}) != 1:
            raise ValueError(
                "RunningAverages needs batch normalisation layers of one "
                f"momentum, but found {[n.momentum for n in norms]}. Use "
                'build_small_cnn(norm="batch").'
            )
        self._own = norms[0].momentum
        self._variables = [
            v for n in norms for v in (n.moving_mean, n.moving_variance)
        ]
        self._now = self._read()
        self._averages = [self._now] * len(self.momenta)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Recover the statistics of the batch and average them anew."""
        before, self._now = self._now, self._read()
        batch_values = (self._now - self._own * before) / (1 - self._own)
        self._averages = [
            m * average + (1 - m) * batch_values
            for m, average in zip(self.momenta, self._averages, strict=True)
        ]

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Evaluate with each average, then put the model's own back."""
        row = []
        for average in self._averages:
            self._write(average)
            row.append(self.evaluate(self.model))
        self._write(self._now)
        self.results.append(row)

    def _read(self) -> np.ndarray:
        _ = self.model  # on JAX, brings the variables up to date
        values = [ops.convert_to_numpy(v.value) for v in self._variables]
        return np.concatenate(values).astype(np.float64)

    def _write(self, values: np.ndarray) -> None:
        lengths = [v.shape[0] for v in self._variables]
        parts = np.split(values, np.cumsum(lengths)[:-1])
        for variable, part in zip(self._variables, parts, strict=True):
            variable.assign(part.astype(np.float32))
