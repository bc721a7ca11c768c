"""Controls of the chapter on recurrent networks."""

import itertools
import time

import keras
import numpy as np
from keras import layers, ops

from controls import control
from topoi import autodiff, data, recurrent
from topoi.recurrent import CarryLookahead, CarryLookaheadRNN, MinGRU


@control("recurrent/cells-are-keras", "input and forget gates change places")
def gates_swapped():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(2, 10, 3)).astype("float32")
    layer = layers.LSTM(5, return_sequences=True)
    layer.build(x.shape)
    layer.set_weights([rng.normal(size=w.shape) / 2 for w in layer.weights])
    theirs = ops.convert_to_numpy(layer(x))
    order = np.r_[5:10, 0:5, 10:20]
    swapped = [w[..., order] for w in layer.get_weights()]
    return float(np.abs(recurrent.lstm_forward(x, *swapped) - theirs).max())


@control("recurrent/forget-product", "the input gates are multiplied")
def input_gates_multiplied():
    rng = np.random.default_rng(7)
    w, u, b = rng.normal(scale=0.3, size=(3, 8)), np.zeros((2, 8)), 1.0
    steps = rng.normal(size=(20, 1, 3))
    h, c = np.zeros((2, 2)), np.float64([[0, 0], [1, 1]])
    for step in steps:
        h, c = recurrent.lstm_step(step, h, c, w, u, b)
    gates = 1 / (1 + np.exp(-(steps[:, 0] @ w + b)[:, 0:2]))
    return np.abs((c[1] - c[0]) / gates.prod(axis=0) - 1).max()


@control(
    "recurrent/carry-associative", "the lower block's propagate bit is read"
)
def wrong_propagate_bit():
    def compose(left, right):
        (g_low, p_low), (g_high, p_high) = left, right
        return g_high | (p_low & g_low), p_low & p_high

    pairs = list(itertools.product((False, True), repeat=2))
    return sum(
        compose(compose(x, y), z) != compose(x, compose(y, z))
        for x, y, z in itertools.product(pairs, repeat=3)
    )


@control(
    "recurrent/lookahead-rounds", "the carry into the sum counts as a digit"
)
def one_digit_more():
    calls = []

    def counted(left, right):
        calls.append(1)
        return recurrent.carry_compose(left, right)

    digits = np.ones(4097, bool)
    recurrent.prefix_scan(counted, (digits, digits))
    return len(calls)


@control("recurrent/tanh-not-closed", "the unit is applied once, not twice")
def applied_once():
    return np.tanh(np.linspace(-1e6, 1e6, 201)).max()


def _ages(shift):
    layer = CarryLookahead(2, 3, shift=shift)
    layer.build((None, 24, 1))
    layer.set_weights([np.full(w.shape, 0.5) for w in layer.weights])
    one = np.full((24, 1), 0.1, "float32")
    age = np.subtract.outer(np.arange(24), np.arange(24))
    return age[recurrent.dependence(layer, one)]


@control("recurrent/receptive-field", "the present input is not counted")
def present_not_counted():
    return int(_ages(False).max())


@control("recurrent/stand-in-sees-present", "the stand-in is shifted")
def shifted():
    return int(_ages(True).min())


def _windowed_adder(window, propagate, count=300):
    """Return which digits a perfect adder of a window of inputs gets right.

    It stands for a trained network that sees `window` inputs, itself
    included, and takes the carry from before them for 0.
    """
    rng = np.random.default_rng(7)
    x, y = recurrent.addition_task(count, 96, rng, propagate=propagate)
    a, b = x.astype(bool).transpose(2, 0, 1)
    distance = recurrent.carry_distance(a, b)
    source = np.arange(96) - distance
    carry = np.take_along_axis(a & b, np.maximum(source, 0), 1)
    carry &= (source >= 0) & (distance < window)
    right = (a ^ b ^ carry) == (y[..., 0] > 0.5)
    return right, distance


@control(
    "recurrent/beyond-the-field",
    "the deciding place is 15 places back, not 16",
)
def just_inside_the_field():
    right, distance = _windowed_adder(16, 0.95)
    inside = (distance == 15) & (distance <= np.arange(96))
    return right[inside].mean()


@control(
    "recurrent/better-than-lstm-adding", "the difference has the other sign"
)
def lstm_minus_lookahead():
    lookahead, lstm = (_windowed_adder(n, 0.95)[0] for n in (16, 97))
    return lstm.all(axis=1).mean() - lookahead.all(axis=1).mean()


@control("recurrent/mingru-gate", "two corners change places")
def corners_swapped():
    layer = MinGRU(16, method="doubling")
    layer.build((None, 4, 2))
    rng = np.random.default_rng(7)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    corners = np.float32([[[0, 0], [0, 1], [1, 1], [1, 0]]])
    gates = ops.convert_to_numpy(layer.gate_and_value(corners)[0])[0]
    return (gates[:2].min(axis=0) - gates[2:].max(axis=0)).max()


@control("recurrent/mingru-comparable", "digits are counted, not whole sums")
def digits_counted():
    short, lstm = (_windowed_adder(n, 0.0)[0] for n in (4, 97))
    return short.mean() - lstm.mean()


def _reader(make):
    keras.utils.set_random_seed(3)
    return keras.Sequential([keras.Input((28, 28)), make(), layers.Dense(10)])


@control(
    "recurrent/mnist-ranking",
    "the lookahead network is scored with its first weights",
    heavy=True,
)
def lookahead_untrained():
    mnist = data.load("mnist")
    x, y = mnist.x_test[:1500] / np.float32(255), mnist.y_test[:1500]
    lstm = _reader(lambda: layers.LSTM(64))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    lstm.compile(keras.optimizers.Adam(0.008), loss)
    lstm.fit(x[:1000], y[:1000], batch_size=64, epochs=3, verbose=0)
    lookahead = _reader(
        lambda: CarryLookaheadRNN(47, 5, shift=False, return_sequences=False)
    )
    scores = [
        (ops.convert_to_numpy(model(x[1000:])).argmax(1) == y[1000:]).mean()
        for model in (lookahead, lstm)
    ]
    return 100 * (scores[0] - scores[1])


def _step_time(core, length=64):
    stack = [keras.Input((length, 64)), core, layers.Dense(1)]
    model = keras.Sequential(stack)
    step = autodiff.make_step(
        lambda x, y: ops.mean((model(x) - y) ** 2),
        keras.optimizers.Adam(),
        model.trainable_variables,
        model.variables,
    )
    x, y = np.ones((32, length, 64), "float32"), np.ones((32, 1), "float32")
    times = []
    for _ in range(6):
        start = time.process_time()
        ops.convert_to_numpy(step(x, y)[0])
        times.append(time.process_time() - start)
    return min(times)


@control("recurrent/parallel-speed", "the quotient is upside down", heavy=True)
def lstm_over_lookahead():
    levels = recurrent.levels_for(256)
    lookahead = CarryLookaheadRNN(
        64, levels, shift=False, return_sequences=False
    )
    lstm = layers.LSTM(64)
    return _step_time(lstm, 256) / _step_time(lookahead, 256)
