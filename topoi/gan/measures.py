"""How good is a sample? Distances, coverage and classes."""

from typing import NamedTuple

import keras
import numpy as np
import scipy.spatial
import scipy.special
from keras import ops

from topoi.gan.networks import build_classifier


def train_classifier(
    x: np.ndarray, y: np.ndarray, epochs: int = 3, seed: int = 0
) -> keras.Model:
    """Return `build_classifier` trained on pictures of `scale_pictures`.

    Batches of 64, Adam at 2e-3, cross-entropy.
    """
    model = build_classifier(seed)
    model.compile(
        keras.optimizers.Adam(2e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=0)
    return model


def features_and_probabilities(
    classifier: keras.Model, pictures: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return features (n, 64) and class probabilities (n, 10) as float64."""
    features = classifier.get_layer("features").output
    both = keras.Model(classifier.inputs[0], [features, *classifier.outputs])
    outputs = [
        both(pictures[start : start + 500], training=False)
        for start in range(0, len(pictures), 500)
    ]
    features, logits = (
        np.concatenate([ops.convert_to_numpy(part) for part in parts])
        for parts in zip(*outputs, strict=True)
    )
    return features.astype(float), scipy.special.softmax(
        logits.astype(float), axis=1
    )


def frechet_distance(
    mean_a: np.ndarray,
    cov_a: np.ndarray,
    mean_b: np.ndarray,
    cov_b: np.ndarray,
) -> float:
    """Return the squared Frechet distance of two Gaussians.

    ``|m_a - m_b|^2 + tr(S_a + S_b - 2 (R S_b R)^(1/2))`` with R the root of
    S_a. Both roots come from symmetric eigenproblems, so nothing turns
    complex; O(d^3).

    Parameters
    ----------
    mean_a, mean_b : ndarray, shape (d,)
    cov_a, cov_b : ndarray, shape (d, d)
        Symmetric and positive semi-definite.
    """
    values, vectors = np.linalg.eigh(cov_a)
    # (d, d) @ (d, d): each eigenvector times the root of its value
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    middle = np.linalg.eigvalsh(root @ cov_b @ root)
    cross = np.sqrt(np.maximum(middle, 0)).sum()
    distance = np.sum((mean_a - mean_b) ** 2) - 2 * cross
    return float(distance + np.trace(cov_a) + np.trace(cov_b))


def feature_fid(a: np.ndarray, b: np.ndarray) -> float:
    """Return the Frechet distance of Gaussians fitted to two feature sets.

    Parameters
    ----------
    a, b : ndarray, shapes (n, d) and (m, d)
        Features of `features_and_probabilities`, or any others. Values
        depend on the features: those of another network, such as Inception,
        are not comparable.

    Raises
    ------
    ValueError
        If a set is no table, has fewer than 2 rows or NaN, or the columns
        differ.

    Notes
    -----
    Covariances are divided by n - 1. Even two samples of one distribution
    are at a positive distance, which shrinks as 1 / n. Source: Heusel et
    al. (2017), with our features.
    """
    a, b = _feature_sets(a, b, 2)
    return frechet_distance(
        a.mean(axis=0),
        np.atleast_2d(np.cov(a.T)),  # (d, d), also for one column
        b.mean(axis=0),
        np.atleast_2d(np.cov(b.T)),
    )


def coverage(real: np.ndarray, fake: np.ndarray, k: int = 5) -> float:
    """Return the share of real samples that have a fake one near by.

    "Near" is within the ball that reaches to the sample's k-th nearest real
    neighbour, itself not counted.

    Parameters
    ----------
    real, fake : ndarray, shapes (n, d) and (m, d)
        Features; n must exceed k.
    k : int
        Number of neighbours that set the radius.

    Raises
    ------
    ValueError
        As for `feature_fid`, or if there are too few real samples.

    Notes
    -----
    O(n (n + m) d). Source: Naeem et al. (2020), section 3.2.
    """
    return float(_inside(real, fake, k).any(axis=1).mean())


def density(real: np.ndarray, fake: np.ndarray, k: int = 5) -> float:
    """Return the mean number of real balls around a fake sample, over k.

    About 1 for two samples of one distribution; not bounded by 1. Arguments
    and errors are those of `coverage`.
    """
    return float(_inside(real, fake, k).sum(axis=0).mean() / k)


def class_entropy(labels: np.ndarray, classes: int = 10) -> float:
    """Return the entropy, in nats, of how often each label occurs."""
    shares = _shares(labels, classes)
    return float(scipy.special.entr(shares).sum())


def smallest_share(labels: np.ndarray, classes: int = 10) -> float:
    """Return the share of the rarest class: 0 if one is never drawn."""
    return float(_shares(labels, classes).min())


def _shares(labels: np.ndarray, classes: int) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.ndim != 1 or len(labels) == 0:
        raise ValueError(
            "Labels must be a list of at least one class number, got an "
            f"array of shape {labels.shape}. Probabilities? Take the argmax "
            "of each row."
        )
    return np.bincount(labels, minlength=classes) / len(labels)


def _inside(real: np.ndarray, fake: np.ndarray, k: int) -> np.ndarray:
    """Return whether each real ball (row) contains each fake (column)."""
    real, fake = _feature_sets(real, fake, 1)
    if not 1 <= k < len(real):
        raise ValueError(
            f"k must be at least 1 and below the {len(real)} real samples, "
            f"got k={k}. Give more real samples."
        )
    tree = scipy.spatial.cKDTree(real)
    radii = tree.query(real, k + 1)[0][:, k]  # the first is the sample itself
    # (n, m) <= (n, 1)
    return scipy.spatial.distance.cdist(real, fake) <= radii[:, None]


def _feature_sets(
    a: np.ndarray, b: np.ndarray, rows: int
) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(a, float), np.asarray(b, float)
    for features in (a, b):
        if features.ndim != 2 or len(features) < rows:
            raise ValueError(
                f"A feature set has the shape (n, d) with n >= {rows}, got "
                f"{features.shape}. Flatten pictures: "
                "x.reshape(len(x), -1)."
            )
        if not np.isfinite(features).all():
            raise ValueError(
                f"Features must be finite, but {np.isnan(features).sum()} of "
                f"{features.size} are NaN. Look for a loss that diverged."
            )
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            "Both feature sets need the same columns, got "
            f"{a.shape[1]} and {b.shape[1]}."
        )
    return a, b


class Report(NamedTuple):
    """The measures of one sample, next to real pictures."""

    fid: float
    coverage: float
    density: float
    entropy: float  # of the classes, in nats; at most log 10 = 2.303
    smallest: float  # share of the rarest class
    confidence: float  # mean probability of the most likely class


def report(
    classifier: keras.Model, real_features: np.ndarray, pictures: np.ndarray
) -> Report:
    """Return all measures of a sample of pictures.

    Parameters
    ----------
    classifier : keras.Model
        Of `train_classifier`.
    real_features : ndarray, shape (n, 64)
        ``features_and_probabilities(classifier, real)[0]``.
    pictures : ndarray, shape (m, 28, 28, 1)
        From -1 to 1. Compare only reports with the same n and m.
    """
    features, probabilities = features_and_probabilities(classifier, pictures)
    labels = probabilities.argmax(axis=1)
    return Report(
        feature_fid(real_features, features),
        coverage(real_features, features),
        density(real_features, features),
        class_entropy(labels),
        smallest_share(labels),
        float(probabilities.max(axis=1).mean()),
    )
