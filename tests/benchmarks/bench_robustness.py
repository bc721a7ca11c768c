"""DeepFool beside foolbox, on a dense and on a convolutional network.

``make bench TOPIC=robustness`` runs it; `harness` says how. Both programs
linearise at the overshot point, add 1e-4 to each distance, consider ten
classes, and do not clip; the norms of all perturbations must agree to 1e-4.
"""

from benchmarks import harness

bench = harness.Bench("robustness")

import keras  # noqa: E402
import numpy as np  # noqa: E402

from topoi import cnn, data, robustness  # noqa: E402
from topoi.robustness import Settings  # noqa: E402


def networks():
    """Yield name, trained network and 300 test digits of each."""
    images = data.load("mnist")
    train, test = (
        a.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).astype("float32") / 255
        for a in (images.x_train, images.x_test[:300])
    )
    y, settings = images.y_train.astype(int), Settings(3, 2e-3, 100)
    for name, beta in (("relu", None), ("softplus", 10.0)):
        keras.utils.set_random_seed(0)
        model = robustness.build_smooth_mlp([196, 100, 50, 10], beta)
        flat = train.reshape(len(train), 196)
        robustness.train_adam(model, flat, y, settings)
        yield f"dense network, {name}", model, test.reshape(300, 196)
    keras.utils.set_random_seed(0)
    model = cnn.build_small_cnn(input_shape=(14, 14, 1))
    robustness.train_adam(model, train[:4000, ..., None], y[:4000], settings)
    yield "small CNN", model, test[:150, ..., None]


def compare(name: str, model: keras.Model, x: np.ndarray) -> None:
    """Compare the norms of all perturbations, then the times."""
    label = robustness.labels_of(model, x)

    def norms(r):
        return np.linalg.norm(np.reshape(r, (len(x), -1)), axis=1)

    def ours():
        found = robustness.deepfool(
            model, x, linearise_at="overshot", extra=1e-4
        )
        return norms(found.r)

    programs = {"topoi.robustness.deepfool": ours}
    try:
        import foolbox
        import tensorflow as tf
    except ImportError:
        pass
    else:
        attack = foolbox.attacks.L2DeepFoolAttack(
            steps=50, candidates=10, overshoot=0.02
        )
        bounded = foolbox.TensorFlowModel(model, bounds=(-10, 10))
        inputs, labels = tf.constant(x), tf.constant(label)

        def theirs():
            moved, _, _ = attack(bounded, inputs, labels, epsilons=None)
            return norms(moved.numpy() - x)

        programs["foolbox L2DeepFoolAttack"] = theirs
    bench.compare(f"DeepFool, {name}, {len(x)} digits", programs, 1e-4)


if __name__ == "__main__":
    for case in networks():
        compare(*case)
    bench.store()
