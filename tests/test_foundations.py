"""Oracles of topoi.foundations: SymPy, SciPy, Keras, differences, counting."""

from fractions import Fraction

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.special
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, mutually_broadcastable_shapes
from keras import ops

from topoi import foundations
from topoi.autodiff import value_and_grad
from topoi.foundations import Var

RNG = np.random.default_rng(13)
X = RNG.normal(size=(6, 4))
LABELS = np.array([0, 2, 1, 1, 0, 2])
PARAMS = foundations.init_params(4, 5, 3, RNG)
ENTRIES = st.floats(-3, 3).map(lambda v: round(v, 3))


def matrix(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# -- the tape ---------------------------------------------------------------

UNARY = {
    "exp": (lambda v: v.exp(), np.exp),
    "log": (lambda v: (v * v + 1).log(), lambda v: np.log(v * v + 1)),
    "tanh": (lambda v: v.tanh(), np.tanh),
    "relu": (lambda v: v.relu(), lambda v: np.maximum(v, 0)),
    "power": (lambda v: v**3, lambda v: v**3),
    "negative": (lambda v: 1 - v, lambda v: 1 - v),
    "quotient": (lambda v: 1 / (v * v + 2), lambda v: 1 / (v * v + 2)),
}


@pytest.mark.parametrize("name", UNARY)
def test_values_and_slopes_of_an_operation(name):
    """Oracle: NumPy for the value, central differences for the slope."""
    ours, theirs = UNARY[name]
    x = matrix(3, 4, seed=1)
    np.testing.assert_allclose(ours(Var(x)).value, theirs(x), rtol=1e-12)
    assert foundations.grad_check(lambda v: ours(v).sum(), [x]) < 1e-7


@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
@settings(max_examples=60, deadline=None)
def test_adjoints_have_the_shape_of_their_value(shapes):
    """Broadcasting repeats a value; on the way back its shares add up."""
    a, b = (matrix(*shape, seed=n) for n, shape in enumerate(shapes[0]))
    u, v = Var(a), Var(b)
    ((u + 2 * v) * v).sum().backward()
    assert u.adjoint.shape == a.shape
    assert v.adjoint.shape == b.shape
    whole = np.broadcast_shapes(a.shape, b.shape)
    repeated = np.prod(whole, dtype=int) // max(a.size, 1)
    if a.shape == () and b.size:
        assert u.adjoint == pytest.approx(b.sum())
        assert repeated == b.size
    if b.size:
        gap = foundations.grad_check(
            lambda u, v: ((u + 2 * v) * v).sum(), [a, b]
        )
        assert gap < 1e-6


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_sum_over_an_axis(axis, keepdims):
    x, weights = matrix(3, 4), matrix(3, 4, seed=1)

    def f(v):
        part = (v * v).sum(axis=axis, keepdims=keepdims)
        return (part * part).sum() + (v * weights).sum()

    np.testing.assert_allclose(
        (Var(x) * 1).sum(axis=axis, keepdims=keepdims).value,
        x.sum(axis=axis, keepdims=keepdims),
    )
    assert foundations.grad_check(f, [x]) < 1e-7


def expressions(x, y):
    """Random rational expressions, once in SymPy and once for the tape."""
    leaves = st.sampled_from([(x, "x"), (y, "y")]) | st.integers(-3, 3).map(
        lambda n: (sympy.Integer(n), Fraction(n))
    )

    def grow(below):
        pair = st.tuples(below, below)
        return st.one_of(
            pair.map(lambda p: (p[0][0] + p[1][0], ("+", p[0][1], p[1][1]))),
            pair.map(lambda p: (p[0][0] * p[1][0], ("*", p[0][1], p[1][1]))),
            pair.map(lambda p: (p[0][0] - p[1][0], ("-", p[0][1], p[1][1]))),
            below.map(lambda p: (1 / (p[0] ** 2 + 1), ("/", p[1]))),
        )

    return st.recursive(leaves, grow, max_leaves=8)


def evaluate(tree, names):
    if isinstance(tree, str):
        return names[tree]
    if not isinstance(tree, tuple):
        return tree
    operands = [evaluate(branch, names) for branch in tree[1:]]
    if tree[0] == "/":
        return 1 / (operands[0] ** 2 + 1)
    if tree[0] == "+":
        return operands[0] + operands[1]
    if tree[0] == "-":
        return operands[0] - operands[1]
    return operands[0] * operands[1]


SX, SY = sympy.symbols("x y")


@given(expressions(SX, SY), st.fractions(-2, 2, max_denominator=5))
@settings(max_examples=60, deadline=None)
def test_gradients_of_random_formulas_equal_sympys(formula, at):
    """Exact: the tape runs on fractions, SymPy differentiates the text."""
    symbolic, tree = formula
    x, y = Var(at), Var(Fraction(2, 3))
    result = evaluate(tree, {"x": x, "y": y})
    if not isinstance(result, Var):
        return
    result.backward()
    point = {SX: sympy.Rational(str(at)), SY: sympy.Rational(2, 3)}
    for var, symbol in ((x, SX), (y, SY)):
        slope = sympy.diff(symbolic, symbol).subs(point)
        ours = 0 if var.adjoint is None else Fraction(var.adjoint.item())
        assert Fraction(str(sympy.nsimplify(slope))) == ours


def test_a_value_with_two_uses_collects_both_shares():
    x = Var(3.0)
    (x * x).backward()
    assert x.adjoint == 6


def test_every_node_is_visited_once():
    """200 doublings have 2**200 paths; Oracle: the slope is 2**200."""
    x = y = Var(1.0)
    for _ in range(200):
        y = y + y
    assert len(foundations.topological_order(y)) == 201
    y.backward()
    assert x.adjoint == 2.0**200


def test_a_long_chain_needs_no_recursion():
    x = y = Var(1.0)
    for _ in range(5000):
        y = y * 1.0
    y.backward()
    assert x.adjoint == 1


@given(st.integers(2, 30))
@settings(max_examples=20, deadline=None)
def test_parents_come_first(size):
    rng = np.random.default_rng(size)
    nodes = [Var(1.0)]
    for _ in range(size):
        a, b = rng.integers(0, len(nodes), 2)
        nodes.append(nodes[a] * nodes[b])
    order = foundations.topological_order(nodes[-1])
    place = {id(var): n for n, var in enumerate(order)}
    for var in order:
        for parent, _ in var.parents:
            assert place[id(parent)] < place[id(var)]


def test_backward_twice_gives_the_same():
    x = Var(2.0)
    y = x**3
    y.backward()
    y.backward()
    assert x.adjoint == 12


def test_an_array_on_the_left_leaves_the_work_to_the_tape():
    v = Var(np.ones(3))
    for result in (np.ones(3) + v, np.ones(3) * v, np.ones(3) - v):
        assert isinstance(result, Var)
        assert result.shape == (3,)
    assert isinstance(np.ones((2, 3)) @ Var(np.ones((3, 1))), Var)


def test_bad_use_of_the_tape_is_named():
    v = Var(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"one number.*\(2, 3\).*\.sum\(\)"):
        v.backward()
    with pytest.raises(TypeError, match="exponent.*a.log"):
        v**v
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(2, 3\)"):
        v @ v
    with pytest.raises(ValueError, match=r"\(3,\).*x\[np.newaxis\]"):
        np.ones(3) @ Var(np.ones((3, 1)))


# -- cost -------------------------------------------------------------------


class Counted:
    """A number that counts the arithmetic done with its kind."""

    count = 0

    def __init__(self, value):
        self.value = float(value)

    @classmethod
    def _new(cls, value):
        Counted.count += 1
        return cls(value)

    def __add__(self, other):
        return Counted._new(self.value + plain(other))

    def __mul__(self, other):
        return Counted._new(self.value * plain(other))

    def __sub__(self, other):
        return Counted._new(self.value - plain(other))

    def __rsub__(self, other):
        return Counted._new(plain(other) - self.value)

    def __truediv__(self, other):
        return Counted._new(self.value / plain(other))

    def __gt__(self, other):
        return self.value > plain(other)

    def __neg__(self):
        return Counted._new(-self.value)

    def tanh(self):
        return Counted._new(np.tanh(self.value))

    __radd__, __rmul__ = __add__, __mul__


def plain(x):
    return x.value if isinstance(x, Counted) else x


@pytest.mark.parametrize("width", [2, 8, 20])
def test_reverse_mode_costs_a_small_constant(width):
    """Oracle: every elementary operation, counted while it is done."""
    make = np.vectorize(Counted, otypes=[object])
    params = [Var(make(matrix(*s))) for s in ((6, width), (width, 1))]
    x = matrix(5, 6)
    Counted.count = 0
    loss = ((x @ params[0]).tanh() @ params[1]).sum()
    forward = Counted.count
    loss.backward()
    assert 1 < Counted.count / forward < 5
    assert forward > 2 * 5 * 6 * width


# -- differences ------------------------------------------------------------


@given(arrays(float, (2, 3), elements=ENTRIES))
@settings(max_examples=20, deadline=None)
def test_central_differences_of_a_cubic(x):
    """Oracle: the slope of x**3 / 3 is x**2; the error is step**2 / 3."""
    slope = foundations.central_differences(lambda v: np.sum(v**3) / 3, x)
    np.testing.assert_allclose(slope, x**2, atol=2e-8)


def test_central_differences_are_second_order():
    steps = 2.0 ** -np.arange(2, 8)
    errors = [
        abs(foundations.central_differences(np.sin, 1.0, h) - np.cos(1.0))
        for h in steps
    ]
    orders = -np.diff(np.log2(errors))
    assert np.abs(orders - 2).max() < 0.05, orders


def test_central_differences_leave_the_argument_alone():
    x = np.array([1, 2])
    slope = foundations.central_differences(lambda v: np.sum(v * v), x)
    assert x.dtype.kind == "i"
    np.testing.assert_allclose(slope, [2, 4], rtol=1e-8)
    with pytest.raises(ValueError, match="positive"):
        foundations.central_differences(np.sum, x, step=0)


def test_relative_gap():
    assert foundations.relative_gap(np.zeros(2), np.zeros(2)) == 0
    assert foundations.relative_gap([1, 0], [2, 0]) == 0.5
    gap = foundations.relative_gap([1e-8, 0], [2e-8, 0])
    assert gap == pytest.approx(0.5)


def test_grad_check_finds_planted_mistakes():
    x = matrix(4, 3)

    def wrong(v):
        y = v.tanh()
        slope = lambda g: g * (1 - v.value**2)  # noqa: E731
        return Var(y.value, [(v, slope)]).sum()

    assert foundations.grad_check(lambda v: v.tanh().sum(), [x]) < 1e-8
    assert foundations.grad_check(wrong, [x]) > 0.1
    with pytest.raises(TypeError, match="returns a Var, got float64"):
        foundations.grad_check(lambda v: v.value.sum(), [x])
    with pytest.raises(ValueError, match="at least one parameter"):
        foundations.grad_check(lambda: Var(1.0), [])


def test_grad_check_counts_a_parameter_without_effect():
    assert foundations.grad_check(lambda u, v: u * 2, [1.0, 1.0]) < 1e-9


# -- the network ------------------------------------------------------------


@given(arrays(float, (3, 4), elements=st.floats(-1000, 1000)))
@settings(max_examples=50, deadline=None)
def test_softmax_and_cross_entropy_at_any_size(logits):
    """Oracle: SciPy's softmax and logsumexp."""
    labels = np.array([0, 3, 1])
    ours = foundations.softmax(logits)
    np.testing.assert_allclose(
        ours, scipy.special.softmax(logits, axis=1), rtol=1e-10
    )
    np.testing.assert_allclose(ours.sum(axis=1), 1, rtol=1e-12)
    top = scipy.special.logsumexp(logits, axis=1)
    expected = np.mean(top - logits[np.arange(3), labels])
    loss = foundations.cross_entropy(logits, labels)
    assert loss == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_cross_entropy_where_naive_code_breaks():
    loss = foundations.cross_entropy([[1000.0, -1000.0]], np.array([1]))
    assert loss == 2000


def test_gradient_by_hand_equals_differences_and_tape():
    _, gradients = foundations.loss_and_gradients(PARAMS, X, LABELS)
    for k, gradient in enumerate(gradients):

        def loss(p, k=k):
            params = [*PARAMS[:k], p, *PARAMS[k + 1 :]]
            return foundations.cross_entropy(
                foundations.forward(params, X)[1], LABELS
            )

        slope = foundations.central_differences(loss, PARAMS[k])
        assert foundations.relative_gap(gradient, slope) < 1e-6
    tape = [Var(p) for p in PARAMS]
    foundations.tape_loss(*tape, X, LABELS).backward()
    for gradient, var in zip(gradients, tape, strict=True):
        np.testing.assert_allclose(gradient, var.adjoint, atol=1e-14)


def keras_twin():
    """Return the Keras network with the weights of PARAMS."""
    model = foundations.build_network(4, 5, 3)
    model.set_weights([p.astype("float32") for p in PARAMS])
    return model


def test_network_equals_keras_forward():
    model = keras_twin()
    theirs = ops.convert_to_numpy(model(X.astype("float32")))
    np.testing.assert_allclose(
        foundations.forward(PARAMS, X)[1], theirs, atol=1e-5
    )
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    value = float(ops.convert_to_numpy(loss_fn(LABELS, theirs)))
    loss, _ = foundations.loss_and_gradients(PARAMS, X, LABELS)
    assert loss == pytest.approx(value, abs=1e-5)


def test_gradients_equal_those_of_the_backend():
    model = keras_twin()
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x = X.astype("float32")
    gradient = value_and_grad(
        lambda: loss_fn(LABELS, model(x)), model.trainable_variables
    )
    _, theirs = gradient()
    _, ours = foundations.loss_and_gradients(PARAMS, X, LABELS)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, ops.convert_to_numpy(b), atol=1e-5)


def test_descend_takes_the_step_and_goes_down():
    """Oracle: one step by hand; small steps never climb."""
    params, losses = foundations.descend(PARAMS, X, LABELS, 0.1, 1)
    loss, gradients = foundations.loss_and_gradients(PARAMS, X, LABELS)
    assert losses == [loss]
    for new, old, gradient in zip(params, PARAMS, gradients, strict=True):
        np.testing.assert_array_equal(new, old - 0.1 * gradient)
    _, losses = foundations.descend(PARAMS, X, LABELS, 0.05, 200)
    assert (np.diff(losses) < 0).all()
    trained, _ = foundations.descend(PARAMS, X, LABELS, 0.3, 800)
    assert foundations.accuracy(trained, X, LABELS) == 1


def test_bad_input_to_the_network_is_named():
    with pytest.raises(ValueError, match="0 to 2.*return_inverse"):
        foundations.one_hot(np.array([0, 3]), 3)
    with pytest.raises(ValueError, match="integers from 0"):
        foundations.one_hot(np.array([0.0, 1.0]), 2)
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(2, 1\)"):
        foundations.cross_entropy(np.ones((2, 3)), np.zeros((2, 1), int))
    for rate, steps in ((0, 5), (0.1, 0), (-1, 5), (np.nan, 5)):
        with pytest.raises(ValueError, match="positive learning_rate"):
            foundations.descend(PARAMS, X, LABELS, rate, steps)
    with pytest.raises(FloatingPointError, match="hold NaN"):
        foundations.descend(PARAMS, np.full_like(X, np.nan), LABELS, 0.1, 2)


def test_initial_weights_have_the_promised_variance():
    """Oracle: 30,000 draws know a variance to 2 %."""
    w1, b1, w2, b2 = foundations.init_params(
        300, 100, 300, np.random.default_rng(0)
    )
    assert np.var(w1) == pytest.approx(2 / 300, rel=0.03)
    assert np.var(w2) == pytest.approx(2 / 100, rel=0.03)
    assert not b1.any()
    assert not b2.any()


# -- the network of 1986 ----------------------------------------------------


def test_the_task_has_eight_symmetric_inputs():
    x, wanted = foundations.symmetry_task()
    assert x.shape == (64, 6)
    assert len(np.unique(x, axis=0)) == 64
    assert wanted.sum() == 8
    assert all(
        row.tolist() == row[::-1].tolist() for row in x[wanted[:, 0] == 1]
    )


def test_the_papers_solution_solves_it():
    """Oracle: weights 1 : 2 : 4 give 0 for mirror images alone."""
    x, wanted = foundations.symmetry_task()
    w1 = np.array([[1, 2, 4, -4, -2, -1]]).T
    np.testing.assert_array_equal(x @ w1 == 0, wanted == 1)
    both = np.hstack([w1, -w1])
    assert foundations.mirror_gap(both) == 0
    assert foundations.mirror_gap(np.abs(both)) == 2
    np.testing.assert_array_equal(
        foundations.weight_ratios(both[[1, 2, 0, 5, 3, 4]]), [[1, 2, 4]] * 2
    )


def test_one_sweep_follows_the_gradient():
    """Oracle: the tape, on half the summed square."""
    x, wanted = foundations.symmetry_task()
    before = foundations.learn_symmetry(4, sweeps=0).params
    after = foundations.learn_symmetry(4, sweeps=1).params

    def sigmoid(v):
        return 1 / (1 + (-v).exp())

    tape = [Var(p) for p in before]
    y = sigmoid(sigmoid(x @ tape[0] + tape[1]) @ tape[2] + tape[3])
    error = ((y - wanted) ** 2).sum() * 0.5
    error.backward()
    for old, new, var in zip(before, after, tape, strict=True):
        np.testing.assert_allclose(old - new, 0.1 * var.adjoint, rtol=1e-9)
    first = foundations.learn_symmetry(4, sweeps=1).errors[0]
    assert first == pytest.approx(error.value.item())


def test_momentum_adds_a_share_of_the_last_change():
    """Oracle: two sweeps with and without, from equal first changes."""
    start, one, two, plain = (
        foundations.learn_symmetry(4, n, momentum=m).params[0]
        for n, m in ((0, 0.9), (1, 0.9), (2, 0.9), (2, 0.0))
    )
    np.testing.assert_allclose(two - plain, 0.9 * (one - start), atol=1e-12)


def test_training_finds_the_papers_weights():
    run = foundations.learn_symmetry(1, 2000)
    assert run.solved == 568
    assert foundations.mirror_gap(run.params[0]) < 0.01
    ratios = foundations.weight_ratios(run.params[0])
    np.testing.assert_allclose(ratios, [[1, 2, 4]] * 2, rtol=0.03)


def test_sigmoid_at_the_ends():
    with np.errstate(over="raise"):
        ends = foundations.sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    np.testing.assert_array_equal(ends, [0, 0.5, 1])
    grid = np.linspace(-20, 20, 41)
    np.testing.assert_allclose(
        foundations.sigmoid(grid), scipy.special.expit(grid), atol=1e-15
    )


# -- questions --------------------------------------------------------------


def view():
    a = np.zeros(3)
    b = a[:2]
    b[0] = 7
    return a[0]


def paths():
    x = Var(3.0)
    (x * x).backward()
    return x.adjoint


COMPUTED = {
    "range": lambda: sum(range(4)),
    "slice": lambda: [10, 20, 30, 40, 50][1:4],
    "view": view,
    "shape": lambda: np.ones((4, 3))[1:, 0].shape,
    "axis": lambda: np.ones((4, 3)).sum(axis=0).shape,
    "broadcast": lambda: (np.ones((5, 1)) + np.ones(3)).shape,
    "parameters": lambda: keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3)]
    ).count_params(),
    "shift": lambda: foundations.softmax([5.0, 5.0])[0],
    "paths": paths,
}


@pytest.mark.parametrize("name", foundations.PUZZLES)
def test_a_question_knows_its_answer_and_its_slips(name):
    """Oracle: the machine, asked."""
    puzzle = foundations.PUZZLES[name]
    assert foundations.reply(puzzle, None) == puzzle.question
    assert foundations.reply(puzzle, COMPUTED[name]()).startswith("Right: ")
    replies = [foundations.reply(puzzle, wrong) for wrong, _ in puzzle.slips]
    assert len(set(replies)) == len(puzzle.slips)
    for (wrong, message), text in zip(puzzle.slips, replies, strict=True):
        assert text == f"Not {wrong}: {message}"
    assert "not 'a word'." in foundations.reply(puzzle, "a word")
    odd = (99,) if isinstance(puzzle.answer, (list, tuple)) else 99
    assert foundations.reply(puzzle, odd).startswith("Not ")


def test_questions_take_arrays_and_lists(capsys):
    foundations.quiz("slice", np.array([20, 30, 40]))
    assert capsys.readouterr().out.startswith("Right: ")
    foundations.quiz("axis", [3])
    assert capsys.readouterr().out.startswith("Right: ")
    foundations.quiz("axis")
    assert capsys.readouterr().out.endswith("?\n")
    with pytest.raises(ValueError, match="no question 'slices'.*slice"):
        foundations.quiz("slices")


# -- pictures and counts ----------------------------------------------------


def neuron():
    w, x, b = Var(2, name="w"), Var(3, name="x"), Var(-1, name="b")
    return (w * x + b).relu()


def test_places_of_a_graph():
    """Oracle: four nodes placed by hand."""
    root = neuron()
    names = {id(v): v.name for v in foundations.topological_order(root)}
    places = foundations.graph_places(root)
    assert {names[k]: place for k, place in places.items()} == {
        "w": (0, 0),
        "x": (0, 1),
        "*": (1, 0.5),
        "b": (1, 2),
        "+": (2, 1.25),
        "relu": (3, 1.25),
    }


@pytest.mark.parametrize(("lit", "shown"), [(None, 6), (0, 0), (2, 2)])
def test_a_drawing_shows_values_and_the_adjoints_that_are_lit(lit, shown):
    root = neuron()
    root.backward()
    canvas = foundations.draw_graph(root, lit)
    texts = [t.get_text() for t in canvas.ax.texts]
    plt.close(canvas.figure)
    assert {"w", "x", "b", "*", "+", "relu", "6", "-1"} <= set(texts)
    assert len(texts) == 12 + shown
    assert len(canvas.ax.patches) == 6 + 5


def test_a_drawing_before_the_way_back_has_no_adjoints():
    canvas = foundations.draw_graph(neuron())
    assert len(canvas.ax.texts) == 12
    plt.close(canvas.figure)


def test_counted_numbers_count_as_ours_do():
    """Oracle: the counter of this file, and a product counted by hand."""
    counts = []
    for kind in (Counted, foundations.Counted):
        make = np.vectorize(kind, otypes=[object])
        w = Var(make(matrix(3, 2)))
        kind.count = 0
        ((matrix(4, 3) @ w).tanh() * 2 - 1).sum().backward()
        counts.append(kind.count)
    assert counts[0] == counts[1]
    foundations.Counted.count = 0
    a = np.vectorize(foundations.Counted, otypes=[object])(matrix(3, 2))
    matrix(4, 3) @ a
    assert foundations.Counted.count == 4 * 2 * (3 + 2)
    half = 1 / (3 - foundations.Counted(1.0))
    assert half.value == 0.5
    assert (foundations.Counted(6.0) / 3).value == 2
    assert foundations.Counted(1.0) > 0.5


@pytest.mark.parametrize("w", [-1, 0, 1, 2, 3])
def test_tape_of_the_neuron_by_hand(w):
    """Oracle: the chain rule, written out."""
    tape = foundations.neuron_tape(w)
    by_name = {var.name: var for var in tape}
    a = 3 * w - 1
    d = max(a, 0) - 4
    slope = 2 * d * (a > 0)
    assert by_name["L"].value == d**2
    assert by_name["w"].adjoint == 3 * slope
    assert by_name["x"].adjoint == w * slope
    assert by_name["b"].adjoint == slope
    assert tape[-1].name == "L"


def test_explorable_tape_shows_what_has_been_reached():
    figure = foundations.explore_backward()
    assert figure.weight < 10_000
    assert "L has the adjoint 1." in figure.sentence
    kinds = [control["kind"] for control in figure.data["controls"]]
    assert kinds == ["slider", "steps"]
    assert {"24", "−8", "−12"} <= set(figure.data["table"])
