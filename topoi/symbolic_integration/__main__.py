"""Ask the shipped network for a verified antiderivative.

python -m topoi.symbolic_integration "x**2*exp(x)"
"""

import argparse
import sys

from topoi import data, runtime
from topoi.symbolic_integration.expressions import (
    Expr,
    ExpressionError,
    X,
    has_symbol,
    mul,
    to_infix,
    to_prefix,
)
from topoi.symbolic_integration.parsing import parse

FOUND, NOT_FOUND, BAD_INPUT = 0, 1, 2
LONGEST = 48  # tokens; the network was trained on no longer problem


def main(arguments: list[str]) -> int:
    """Print an antiderivative and how it was verified; return a status.

    0: found and verified, 1: none found, 2: the input cannot be used.
    """
    parser = argparse.ArgumentParser(
        prog="python -m topoi.symbolic_integration",
        description="A network proposes antiderivatives; only one that "
        "differentiates back to the integrand is printed.",
    )
    parser.add_argument("integrand", help='such as "x*cos(x)"')
    parser.add_argument(
        "--beam", type=int, default=50, help="hypotheses to check (1 to 50)"
    )
    options = parser.parse_args(arguments)
    if not 1 <= options.beam <= 50:
        print(
            f"error: --beam must lie between 1 and 50, got {options.beam}.",
            file=sys.stderr,
        )
        return BAD_INPUT
    try:
        integrand = read(options.integrand)
        return answer(integrand, options.beam)
    except (ExpressionError, data.DataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT


def read(text: str) -> Expr:
    """Return the integrand, or raise an error that says what is wrong.

    Raises
    ------
    ExpressionError
        If the text cannot be read, or is too long for the network.
    """
    try:
        integrand = parse(text)
    except (ArithmeticError, RecursionError, ValueError) as error:
        if isinstance(error, ExpressionError):
            raise
        raise ExpressionError(
            f"The expression has no value here ({error}). Simplify it."
        ) from None
    length = len(to_prefix(integrand))
    if length > LONGEST:
        raise ExpressionError(
            f"The integrand has {length} tokens, but the network was trained "
            f"on at most {LONGEST}. Shorten it, or integrate its terms."
        )
    return integrand


def answer(integrand: Expr, beam: int) -> int:
    """Search, verify and print."""
    if not has_symbol(integrand):
        print(to_infix(mul(integrand, X)))
        print("verified: the integrand is constant")
        return FOUND
    runtime.setup("small")
    from topoi.symbolic_integration import search, shipped

    solution = search.solve(shipped.load_network(), integrand, beam)
    if solution is None:
        print(
            f"No antiderivative found among {beam} hypotheses. That is no "
            "proof that there is none."
        )
        return NOT_FOUND
    print(to_infix(solution.answer))
    verdict = solution.verdict
    points = f" ({verdict.points} points)" if verdict.points else ""
    print(
        f"verified: its derivative and {to_infix(integrand)} are equal by "
        f"{verdict.how}{points}; hypothesis {solution.rank + 1} of {beam}"
    )
    return FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
