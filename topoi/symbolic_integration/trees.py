"""Counting and sampling expression trees.

A tree is the tuple of its arities in prefix order: ``(2, 0, 1, 0)`` is a
binary root whose left child is a leaf and whose right child is unary. The
internal nodes are the operators, the zeros are the leaves.
"""

from bisect import bisect_right
from fractions import Fraction
from itertools import accumulate
from math import comb
from random import Random

Tree = tuple[int, ...]


def _check_size(n: int, name: str = "n") -> None:
    if not isinstance(n, int) or isinstance(n, bool) or n < 0:
        raise ValueError(
            f"{name} counts internal nodes and must be an int >= 0, but got "
            f"{n!r}. Use 0 for a single leaf."
        )


def catalan_numbers(n: int) -> list[int]:
    """Return the numbers of binary trees with 0, ..., n internal nodes."""
    _check_size(n)
    return [comb(2 * k, k) // (k + 1) for k in range(n + 1)]


def tree_counts(n: int) -> list[int]:
    """Return the numbers of unary-binary trees with 0, ..., n operators.

    These are the large Schroeder numbers 1, 2, 6, 22, 90, ...; O(n) exact
    integer operations with the three-term recurrence
    (k + 1) S_k = 3 (2 k - 1) S_(k-1) - (k - 2) S_(k-2).

    Raises
    ------
    ValueError
        If `n` is not an integer >= 0.
    """
    return expression_counts(n, unary=1, binary=1, leaves=1)


def expression_counts(
    n: int, unary: int, binary: int, leaves: int
) -> list[int]:
    """Return the numbers of expressions with 0, ..., n operators.

    Parameters
    ----------
    n : int
        Largest number of operators.
    unary, binary, leaves : int
        How many operators of arity 1 and 2, and how many leaves, there are.

    Returns
    -------
    list of int
        E_0, ..., E_n, exact.

    Notes
    -----
    (k + 1) E_k = (p1 + 2 L p2)(2 k - 1) E_(k-1) - p1^2 (k - 2) E_(k-2).
    Source: Lample and Charton (2020), appendix C, where the last term is
    printed with p1 instead of its square; see `printed_expression_counts`.
    """
    _check_size(n)
    counts = [leaves, (unary + leaves * binary) * leaves]
    for k in range(2, n + 1):
        ahead = (unary + 2 * leaves * binary) * (2 * k - 1) * counts[-1]
        behind = unary**2 * (k - 2) * counts[-2]
        counts.append((ahead - behind) // (k + 1))
    return counts[: n + 1]


def printed_expression_counts(
    n: int, unary: int, binary: int, leaves: int
) -> list[Fraction]:
    """Return what the recurrence gives as it is printed, with p1 unsquared.

    Kept to show the misprint: from E_3 on the values are wrong, and not even
    whole, unless p1 is 0 or 1.
    """
    _check_size(n)
    counts = [Fraction(leaves), Fraction((unary + leaves * binary) * leaves)]
    for k in range(2, n + 1):
        ahead = (unary + 2 * leaves * binary) * (2 * k - 1) * counts[-1]
        counts.append((ahead - unary * (k - 2) * counts[-2]) / (k + 1))
    return counts[: n + 1]


def completion_table(
    n: int, unary: int = 1, binary: int = 1, leaves: int = 1
) -> list[list[int]]:
    """Return D, where D[n][e] counts the ways to finish a partial tree.

    Parameters
    ----------
    n : int
        Largest number of operators still to be placed.
    unary, binary, leaves : int
        With ones, trees are counted; otherwise expressions.

    Returns
    -------
    list of lists of int
        D[m][e] for m <= n operators left and e <= n + 1 - m open places:
        D[m][0] = 0 for m > 0, D[0][e] = leaves**e and
        D[m][e] = leaves D[m][e-1] + unary D[m-1][e] + binary D[m-1][e+1].
    """
    _check_size(n)
    table = [[leaves**e for e in range(n + 2)]]
    for m in range(1, n + 1):
        row, above = [0], table[-1]
        for e in range(1, n + 2 - m):
            row.append(
                leaves * row[e - 1] + unary * above[e] + binary * above[e + 1]
            )
        table.append(row)
    return table


class TreeSampler:
    """Draws unary-binary trees with a given number of operators.

    Parameters
    ----------
    max_operators : int
        Largest tree that will be asked for.
    unary, binary, leaves : int
        With ones, every *tree* has the same probability. With the sizes of
        an alphabet, every *expression* has, once the labels are drawn
        uniformly as well.

    Notes
    -----
    Source: Lample and Charton (2020), appendix C. The weights of the second
    form are leaves**k * unary * D(e-k, n-1) and leaves**k * binary *
    D(e-k+1, n-1); the paper prints leaves**e and omits the two factors.
    """

    def __init__(
        self,
        max_operators: int,
        unary: int = 1,
        binary: int = 1,
        leaves: int = 1,
    ):
        self.max_operators = max_operators
        self.sizes = unary, binary, leaves
        self.table = completion_table(max_operators, *self.sizes)
        self._cumulated: dict[tuple[int, int], list[int]] = {}

    def weights(self, open_places: int, n: int) -> list[int]:
        """Return the weights of (k, arity): k = 0 unary, 0 binary, 1 ...

        Their sum is the entry D[n][open_places] of the table.
        """
        unary, binary, leaves = self.sizes
        row = self.table[n - 1]
        out = []
        for k in range(open_places):
            out.append(leaves**k * unary * row[open_places - k])
            out.append(leaves**k * binary * row[open_places - k + 1])
        return out

    def sample(self, n: int, rng: Random) -> Tree:
        """Return a random tree with `n` internal nodes.

        Parameters
        ----------
        n : int
            0 <= n <= max_operators.
        rng : random.Random
            Its `randrange` on exact integers makes the draw exactly uniform.
        """
        _check_size(n)
        if n > self.max_operators:
            raise ValueError(
                f"This sampler was built for {self.max_operators} operators, "
                f"but {n} were asked for. Build TreeSampler({n})."
            )
        arities: list[int] = []
        open_places = 1
        for left in range(n, 0, -1):
            skipped, arity = self._next_node(open_places, left, rng)
            arities += [0] * skipped + [arity]
            open_places += arity - skipped - 1
        return (*arities, *[0] * open_places)

    def _next_node(self, open_places: int, n: int, rng: Random) -> tuple:
        """Draw how many open places stay leaves, and the next arity."""
        key = open_places, n
        if key not in self._cumulated:
            self._cumulated[key] = list(accumulate(self.weights(*key)))
        sums = self._cumulated[key]
        choice = bisect_right(sums, rng.randrange(sums[-1]))
        return choice // 2, choice % 2 + 1


def random_tree(n: int, rng: Random) -> Tree:
    """Return a tree drawn uniformly from all with `n` internal nodes."""
    return TreeSampler(n).sample(n, rng)


def naive_tree(n: int, rng: Random) -> Tree:
    """Return a tree from the sampler that one would write first.

    It picks the arity of the root with a fair coin and splits the remaining
    operators evenly at random between the children. Deep and broad trees
    then get very different probabilities.
    """
    _check_size(n)
    if n == 0:
        return (0,)
    if rng.random() < 0.5:
        return (1, *naive_tree(n - 1, rng))
    left = rng.randrange(n)
    return (2, *naive_tree(left, rng), *naive_tree(n - 1 - left, rng))


def naive_probability(tree: Tree) -> Fraction:
    """Return the probability with which `naive_tree` draws a tree."""
    return _naive(tree, 0)[0]


def _naive(tree: Tree, start: int) -> tuple[Fraction, int, int]:
    """Return probability, operators and end of the subtree at `start`."""
    arity = tree[start]
    if arity == 0:
        return Fraction(1), 0, start + 1
    first, n1, end = _naive(tree, start + 1)
    if arity == 1:
        return first / 2, n1 + 1, end
    second, n2, end = _naive(tree, end)
    n = n1 + n2 + 1
    return first * second / (2 * n), n, end
