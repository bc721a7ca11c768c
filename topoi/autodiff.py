"""Gradients on TensorFlow, JAX and PyTorch: the one place they differ.

Four functions, the same on every backend:

- `make_step(loss_fn, optimizer, trainable, state)` returns one compiled
  training step; what a GAN, an actor-critic or any other loop with more than
  one loss needs.
- `value_and_grad(f, variables)` differentiates with respect to variables.
- `input_gradient(f, x)` differentiates with respect to an input, and the
  result can be differentiated again;
- `pullback(f, x)` evaluates f once and then pulls any number of cotangents
  back to the input: rows of a Jacobian, one backward pass each.

The first three share one idea. While the reader's function runs, a scope
lends it the values of the variables and catches what it assigns to them. So
the function is pure, as JAX demands, and the same code is pure on TensorFlow
and PyTorch. The scope also notes which variables were touched: a variable
that was not declared would become a constant of the compiled step, or lose
its update, and is reported by name instead.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.src.backend.common.stateless_scope import get_stateless_scope

Array = Any  # a NumPy array or a tensor of the backend
Variables = Iterable[keras.Variable]


class UndeclaredVariableError(ValueError):
    """A step touched variables that are in neither `trainable` nor `state`."""


def make_step(
    loss_fn: Callable,
    optimizer: keras.optimizers.Optimizer,
    trainable: Variables,
    state: Variables = (),
    jit: bool = True,
) -> Callable[..., tuple[Array, Any]]:
    """Return a function that makes one optimiser step.

    Parameters
    ----------
    loss_fn : callable
        ``loss_fn(*arrays)`` calls layers as usual and returns a scalar loss,
        or a pair (loss, aux); aux is any nesting of arrays and numbers.
    optimizer : keras.optimizers.Optimizer
        Is built here for `trainable`. A `LossScaleOptimizer` scales the loss
        and the gradients as under ``model.fit``.
    trainable : iterable of keras.Variable
        What the step changes, whatever their own `trainable` flag says.
    state : iterable of keras.Variable
        Every other variable that `loss_fn` reads or writes: the opponent's
        weights, moving statistics, seed generators. What is in `trainable`
        may be listed again, so ``G.variables + D.variables`` will do.
    jit : bool
        Compile: `tf.function` or `jax.jit`; PyTorch runs eagerly either way.

    Returns
    -------
    callable
        ``step(*arrays) -> (loss, aux)``, both without gradients; aux is None
        if `loss_fn` returned the loss alone. The arrays may be nested;
        float64 is converted to ``keras.config.floatx()``. The variables are
        updated in place: first with what `loss_fn` assigned, then by the
        optimiser.

    Raises
    ------
    TypeError, ValueError
        If the arguments are no variables, if `trainable` is empty, or if the
        optimiser was built for other variables.

    Notes
    -----
    The step itself raises `UndeclaredVariableError` if `loss_fn` touches a
    variable that is not declared; ValueError if the loss is no scalar, or if
    a variable of `trainable` has no gradient; TypeError if aux holds
    anything but arrays and numbers. A variable that is read, but cut off by
    `stop_gradient`, is reported on TensorFlow and PyTorch; JAX gives it a
    gradient of zero.

    NumPy arrays that `loss_fn` finds outside its arguments are constants of
    the compiled step: pass what changes as an argument.
    """
    trainable = _variables("trainable", trainable)
    if not trainable:
        raise ValueError(
            "make_step needs at least one variable to train, but `trainable` "
            "is empty. Build the model first, for instance by calling it, "
            "and pass model.trainable_variables."
        )
    lent = {id(v): v for v in trainable}
    state = [v for v in _variables("state", state) if id(v) not in lent]
    _build_optimizer(optimizer, trainable)
    make = _make_jax_step if _backend() == "jax" else _make_direct_step
    body = make(loss_fn, optimizer, trainable, state, jit)

    def step(*arrays):
        try:
            return body(*keras.tree.map_structure(_to_tensor, arrays))
        except UndeclaredVariableError:
            # Layers built during the trace: leaving a scope of Keras' own
            # gives their variables the values that they still lack.
            with keras.StatelessScope():
                pass
            raise

    return step


def value_and_grad(
    f: Callable, variables: Variables
) -> Callable[..., tuple[Any, list[Array]]]:
    """Return a function that gives the value of `f` and its gradients.

    Parameters
    ----------
    f : callable
        Returns a scalar, or a pair (scalar, aux).
    variables : iterable of keras.Variable
        With respect to what; `f` may read others as well.

    Returns
    -------
    callable
        ``g(*arguments) -> (result, gradients)``: what `f` returned, and one
        array for each variable, of its shape. Called inside the function of
        another derivative of this module, it can be differentiated again.
        Variables that `f` assigns are assigned, as by calling `f`.

    Raises
    ------
    TypeError, ValueError
        As for `make_step`; the optimiser is the only thing missing.
    """
    variables = _variables("variables", variables)
    if not variables:
        raise ValueError(
            "value_and_grad needs at least one variable, but `variables` is "
            "empty. Build the model first, for instance by calling it."
        )

    def differentiated(*arguments):
        nested = get_stateless_scope() is not None
        written = {}

        def run(values):
            with _Scope(zip(variables, values, strict=True)) as scope:
                result = f(*arguments)
                loss, _ = _loss_and_aux(result)
            scope.check_read(variables)
            written.update(scope.written)
            return loss, (result, scope.updates())

        values = [v.value for v in variables]
        (result, updates), gradients = _differentiate(run, values, nested)
        _check_gradients(variables, gradients)
        _assign(written, updates)
        return (result if nested else _detach(result)), gradients

    return differentiated


def input_gradient(f: Callable[[Array], Array], x: Array) -> Array:
    """Return the gradient of the sum of f(x) with respect to x.

    Parameters
    ----------
    f : callable
        Maps one array to one array of any shape. If it treats the rows of
        `x` independently, row i of the result is the gradient of row i.
    x : array of floating point numbers, any shape
        Where to differentiate; float64 becomes ``keras.config.floatx()``.

    Returns
    -------
    array
        Same shape as `x`; zero where f does not depend on x. It can be
        differentiated again, by this function, by `value_and_grad` and
        inside `make_step`, as a gradient penalty needs. On PyTorch it brings
        its graph along: use ``ops.convert_to_numpy`` to take it out.

    Raises
    ------
    TypeError
        If `x` does not hold floating point numbers.
    """
    x = _floating("input_gradient", x)
    written = {}

    def run(values):
        with _Scope(()) as scope:
            total = ops.sum(f(values[0]))
        written.update(scope.written)
        return total, scope.updates()

    updates, (gradient,) = _differentiate(run, [x], again=True)
    _assign(written, updates)
    return ops.zeros_like(x) if gradient is None else gradient


def pullback(
    f: Callable[[Array], Array], x: Array
) -> tuple[Array, Callable[[Array], Array]]:
    """Return f(x), and a function that pulls cotangents back to x.

    Parameters
    ----------
    f : callable
        Maps one array to one array of any shape.
    x : array of floating point numbers, any shape
        Where to differentiate; float64 becomes ``keras.config.floatx()``.

    Returns
    -------
    y : array
        The value f(x), without a graph.
    pull : callable
        ``pull(cotangent)``, with a cotangent of the shape of y, returns the
        gradient of ``sum(cotangent * f(x))`` with respect to x, of the shape
        of x. Each call is one backward pass; f is not evaluated again.

    Raises
    ------
    TypeError
        If `x` does not hold floating point numbers.
    """
    x = _floating("pullback", x)
    return _pull(f, x)


# -- The scope that lends values --------------------------------------------


class _Scope(keras.StatelessScope):
    """Lend values to variables, and note which are read and written."""

    def __init__(self, mapping: Iterable):
        super().__init__(
            mapping, collect_losses=True, initialize_variables=False
        )
        self._lent = frozenset(self.state_mapping)
        self.read = {}
        self.written = {}

    def get_current_value(self, variable):
        """Return the lent or assigned value; called at every read."""
        self.read[id(variable)] = variable
        value = super().get_current_value(variable)
        if value is None and self.original_scope is not None:
            value = self.original_scope.get_current_value(variable)
        return value

    def add_update(self, update):
        """Keep an assigned value; called at every assignment."""
        self.written[id(update[0])] = update[0]
        super().add_update(update)

    def updates(self) -> dict[int, Array]:
        """Return the values assigned inside, by the variables' ids."""
        return {key: self.state_mapping[key] for key in self.written}

    def check_read(self, variables: Sequence[keras.Variable]) -> None:
        """Raise ValueError if one of these variables was never read."""
        _refuse_missing(v for v in variables if id(v) not in self.read)

    def check_declared(self) -> None:
        """Raise UndeclaredVariableError if other variables were touched."""
        foreign = {
            key: variable.path
            for key, variable in (self.read | self.written).items()
            if key not in self._lent
        }
        if not foreign:
            return
        written = [foreign[key] for key in foreign if key in self.written]
        lost = f" Assigned among them: {_list(written)}." if written else ""
        raise UndeclaredVariableError(
            "The loss function may use only variables declared in `trainable`"
            f" or `state`, but it also uses {_list(foreign.values())}.{lost} "
            "They would stay at their present values in a compiled step. "
            "Build every layer first, then pass state=model.variables (of "
            "every model involved, and of seed generators and metrics)."
        )


def _evaluate(
    loss_fn: Callable, trainable: list, values: list, lent: list, arrays: tuple
) -> tuple[Array, Any, _Scope]:
    """Run a loss function with lent values; refuse undeclared variables."""
    with _Scope([*zip(trainable, values, strict=True), *lent]) as scope:
        try:
            loss, aux = _loss_and_aux(loss_fn(*arrays))
        except UndeclaredVariableError:
            raise
        except Exception:
            # An undeclared variable may be why: name it rather than this.
            scope.check_declared()
            raise
    scope.check_declared()
    scope.check_read(trainable)
    return loss, aux, scope


def _loss_and_aux(result: Any) -> tuple[Array, Any]:
    """Split what a loss function returned; check both parts."""
    pair = isinstance(result, tuple) and len(result) == 2
    loss, aux = result if pair else (result, None)
    try:
        loss = ops.convert_to_tensor(loss)
    except (TypeError, ValueError) as error:
        raise TypeError(
            "The loss function must return a scalar, or a pair (scalar, aux),"
            f" but it returned {type(result).__name__}."
        ) from error
    if len(loss.shape):
        raise ValueError(
            "The loss must be a scalar, but it has the shape "
            f"{tuple(loss.shape)}. Reduce it, for instance with ops.mean."
        )
    dtype = keras.backend.standardize_dtype(loss.dtype)
    if not keras.backend.is_float_dtype(dtype):
        raise ValueError(
            f"The loss must be a floating point number, but it is {dtype}. "
            "Integers have no gradient: ops.cast what it is computed from."
        )
    if dtype in ("float16", "bfloat16"):  # leave room for a loss scale
        loss = ops.cast(loss, "float32")
    return loss, keras.tree.map_structure(_check_aux, aux)


def _check_aux(leaf: Any) -> Any:
    if isinstance(leaf, keras.Variable):
        return leaf.value
    number = isinstance(leaf, (bool, int, float, np.ndarray, np.generic))
    if leaf is None or number or keras.ops.is_tensor(leaf):
        return leaf
    raise TypeError(
        "aux may hold arrays and numbers, in tuples, lists and dicts, but it "
        f"holds {leaf!r} of type {type(leaf).__name__}. Return an array, or "
        "keep it outside the loss function."
    )


# -- Steps ------------------------------------------------------------------


def _make_direct_step(loss_fn, optimizer, trainable, state, jit):
    """Return a step that writes to the variables itself (not on JAX)."""

    def step(*arrays):
        scale = optimizer.scale_loss(ops.ones(()))
        lent = [(v, v.value) for v in state]
        written = {}

        def run(values):
            loss, aux, scope = _evaluate(
                loss_fn, trainable, values, lent, arrays
            )
            written.update(scope.written)
            return loss * scale, (loss, aux, scope.updates())

        values = [v.value for v in trainable]
        (loss, aux, updates), gradients = _differentiate(run, values)
        _check_gradients(trainable, gradients)
        result = _detach((loss, aux))  # before the weights move
        _assign(written, updates)
        optimizer.apply(gradients, trainable)
        return result

    if jit and _backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(step, autograph=False, reduce_retracing=True)
    return _without_gradients(step)


def _make_jax_step(loss_fn, optimizer, trainable, state, jit):
    """Return a step made of a pure function and of writing back (JAX)."""
    import jax

    declared = {id(v): v for v in [*trainable, *state]}

    def pure(values, state_values, slots, arrays):
        with keras.StatelessScope(
            zip(optimizer.variables, slots, strict=True)
        ):
            scale = optimizer.scale_loss(ops.ones(()))
        lent = list(zip(state, state_values, strict=True))

        def run(values):
            loss, aux, scope = _evaluate(
                loss_fn, trainable, values, lent, arrays
            )
            return loss * scale, (loss, aux, scope.updates())

        (loss, aux, updates), gradients = _differentiate(run, values)
        values = [
            updates.pop(id(v), value)
            for v, value in zip(trainable, values, strict=True)
        ]
        values, slots = optimizer.stateless_apply(slots, gradients, values)
        return loss, aux, values, slots, updates

    if jit:
        pure = jax.jit(pure)

    def step(*arrays):
        loss, aux, values, slots, updates = pure(
            [v.value for v in trainable],
            [v.value for v in state],
            [v.value for v in optimizer.variables],
            arrays,
        )
        _assign(dict(enumerate(trainable)), dict(enumerate(values)))
        _assign(dict(enumerate(optimizer.variables)), dict(enumerate(slots)))
        _assign(declared, updates)
        return loss, aux

    return step


def _assign(variables: dict, values: dict) -> None:
    for key, value in values.items():
        variables[key].assign(value)


# -- What the backends call differently -------------------------------------


def _backend() -> str:
    return keras.backend.backend()


def _differentiate(
    run: Callable, values: list[Array], again: bool = False
) -> tuple[Any, list[Array | None]]:
    """Return the extra result of ``run(values)`` and its gradients.

    `run` returns (scalar, extra). A gradient is None where the scalar does
    not depend on a value (zeros on JAX). With `again` the gradients can be
    differentiated themselves; only PyTorch has to know that beforehand.
    """
    if _backend() == "tensorflow":
        import tensorflow as tf

        values = [tf.convert_to_tensor(value) for value in values]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            scalar, extra = run(values)
        return extra, tape.gradient(scalar, values)
    if _backend() == "jax":
        import jax

        (_, extra), gradients = jax.value_and_grad(run, has_aux=True)(values)
        return extra, gradients
    return _differentiate_torch(run, values, again)


def _differentiate_torch(run, values, again):
    """Do the work of `_differentiate` on PyTorch.

    `torch.autograd.grad` rather than `backward`: nothing is left behind in
    the `grad` of other variables.
    """
    import torch

    with torch.enable_grad():
        values = [
            value if value.requires_grad else value.detach().requires_grad_()
            for value in values
        ]
        scalar, extra = run(values)
        if not scalar.requires_grad:
            return extra, [None] * len(values)
        gradients = torch.autograd.grad(
            scalar, values, create_graph=again, allow_unused=True
        )
    return extra, list(gradients)


def _pull(f: Callable, x: Array) -> tuple[Array, Callable]:
    """Do the work of `pullback` on the backend that is in use."""
    if _backend() == "jax":
        import jax

        y, pull = jax.vjp(f, x)
        return y, lambda cotangent: pull(_to_tensor(cotangent))[0]
    if _backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape(
            persistent=True, watch_accessed_variables=False
        ) as tape:
            tape.watch(x)
            y = f(x)
        zero = tf.UnconnectedGradients.ZERO
        return y, lambda cotangent: tape.gradient(
            y, x, _to_tensor(cotangent), zero
        )
    return _pull_torch(f, x)


def _pull_torch(f, x):
    """Do the work of `pullback` on PyTorch."""
    import torch

    with torch.enable_grad():
        x = x.detach().requires_grad_()
        y = f(x)

    def pull(cotangent):
        if not y.requires_grad:
            return torch.zeros_like(x)
        (gradient,) = torch.autograd.grad(
            y, x, _to_tensor(cotangent), retain_graph=True, allow_unused=True
        )
        return torch.zeros_like(x) if gradient is None else gradient

    return y.detach(), pull


def conv2d_of_views(
    x: Array,
    kernel: Array,
    bias: Array | None,
    strides: int,
    pads: Sequence[tuple[int, int]],
) -> Array:
    """Convolve on PyTorch without copying pictures; see `topoi.convolution`.

    Parameters
    ----------
    x, kernel, bias, strides
        As in `topoi.convolution.convolve`.
    pads : pair of (int, int)
        Zeros before and after the rows, and the columns.

    Returns
    -------
    torch.Tensor, shape (batch, rows', columns', filters)
    """
    import torch

    x, kernel = ops.convert_to_tensor(x), ops.convert_to_tensor(kernel)
    bias = None if bias is None else ops.convert_to_tensor(bias)
    (top, bottom), (left, right) = pads
    if bottom > top or right > left:  # one more zero at the end
        ends = (0, 0, 0, right - left, 0, bottom - top)
        x = torch.nn.functional.pad(x, ends)
    y = torch.nn.functional.conv2d(
        x.permute(0, 3, 1, 2),  # (batch, channels, rows, columns)
        kernel.permute(3, 2, 0, 1),  # (filters, channels, k_rows, k_columns)
        bias,
        strides,
        (top, left),
    )
    return y.permute(0, 2, 3, 1)  # (batch, rows', columns', filters)


def _without_gradients(step: Callable) -> Callable:
    """Switch off PyTorch's recording, but for the differentiation itself."""
    if _backend() != "torch":
        return step
    import torch

    return torch.no_grad()(step)


def _detach(result: Any) -> Any:
    """Copy tensors, without the graph that made them (PyTorch)."""
    if _backend() != "torch":
        return result

    def copy(leaf):
        return leaf.detach().clone() if ops.is_tensor(leaf) else leaf

    return keras.tree.map_structure(copy, result)


# -- Checks -----------------------------------------------------------------


def _floating(caller: str, x: Any) -> Array:
    """Convert the input of a derivative; refuse what is not floating."""
    x = _to_tensor(x)
    dtype = keras.backend.standardize_dtype(x.dtype)
    if not keras.backend.is_float_dtype(dtype):
        raise TypeError(
            f"{caller} needs an array of floating point numbers, got "
            f"{dtype} of shape {tuple(x.shape)}. Convert it first: "
            "ops.cast(x, 'float32')."
        )
    return x


def _to_tensor(array: Any) -> Array:
    """Convert an argument; float64 becomes the float type of Keras."""
    if isinstance(array, (np.ndarray, np.generic)):
        if array.dtype == np.float64:
            array = array.astype(keras.config.floatx())
        elif not array.flags.writeable:
            array = array.copy()  # PyTorch warns of tensors over such arrays
    return ops.convert_to_tensor(array)


def _variables(name: str, given: Variables) -> list[keras.Variable]:
    """Return an argument as a list of distinct variables."""
    given = list(given)
    for variable in given:
        if not isinstance(variable, keras.Variable):
            raise TypeError(
                f"`{name}` must list keras.Variable objects, but it holds "
                f"{type(variable).__name__}. Of a layer or model, pass "
                "layer.trainable_variables or layer.variables."
            )
    return list({id(variable): variable for variable in given}.values())


def _build_optimizer(optimizer, trainable) -> None:
    """Build an optimiser; refuse one that was built for other variables."""
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            "make_step needs an optimiser such as keras.optimizers.Adam(), "
            f"got {optimizer!r}."
        )
    if not optimizer.built:
        optimizer.build(trainable)
        return
    known = [id(v) for v in optimizer._trainable_variables]
    if known != [id(v) for v in trainable]:
        raise ValueError(
            f"The optimiser {optimizer.name!r} was built for "
            f"{len(known)} variables that are not the {len(trainable)} of "
            "`trainable`. Give each step an optimiser of its own."
        )


def _check_gradients(variables, gradients) -> None:
    pairs = zip(variables, gradients, strict=True)
    _refuse_missing(v for v, gradient in pairs if gradient is None)


def _refuse_missing(variables: Variables) -> None:
    """Raise ValueError if there is any variable without a gradient."""
    missing = [variable.path for variable in variables]
    if missing:
        raise ValueError(
            "The loss must depend on every variable to differentiate, but it "
            f"has no gradient with respect to {_list(missing)}. Leave them "
            "out, or look for a stop_gradient, a cast to integers, or a "
            "conversion to NumPy on the way."
        )


def _list(paths: Iterable[str]) -> str:
    """Return up to eight paths as a text."""
    paths = sorted(paths)
    more = f" and {len(paths) - 8} more" if len(paths) > 8 else ""
    return ", ".join(paths[:8]) + more
