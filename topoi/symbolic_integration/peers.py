"""Computer algebra systems as peers, each under a time limit.

SymPy always runs, in a process of its own; Maxima, Giac and FriCAS run
where their programs are found on the PATH. No answer is trusted: each is
read back and verified by differentiation.
"""

import multiprocessing
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from topoi.symbolic_integration.expressions import (
    Expr,
    ExpressionError,
    has_symbol,
    to_infix,
    to_prefix,
)
from topoi.symbolic_integration.generators import (
    Family,
    Pair,
    random_integrand,
    without_constant,
)
from topoi.symbolic_integration.parsing import parse
from topoi.symbolic_integration.verification import as_expression, verify

SYSTEMS = ("sympy", "maxima", "giac", "fricas")
OUTCOMES = (
    "verified",
    "not verified",
    "not elementary",
    "no answer",
    "timeout",
)
_COMMANDS = {
    "maxima": ["maxima", "--very-quiet"],
    "giac": ["giac"],
    "fricas": ["fricas", "-nosman"],
}
_ABSOLUTE = re.compile(r"\b([aA]bs|signum|sign)\(")
_SPECIAL = re.compile(
    r"\b(erfc?i?|Ei|[eE]xpintegral\w*|Si|Ci|Shi|Chi|li|polylog|dilog|fresnel"
    r"\w*|gamma\w*|uppergamma|lowergamma|hyper|meijerg|elliptic\w*|LambertW"
    r"|Beta|igamma|RootOf|rootof|rootOf|RootSum)\b"
)


@dataclass(frozen=True)
class PeerAnswer:
    """What a computer algebra system made of an integral.

    Attributes
    ----------
    outcome : str
        One of `OUTCOMES`; "not verified" is an answer in elementary
        functions that does not differentiate back at all our points.
    text : str
        The answer as the system wrote it, "" where there is none.
    """

    outcome: str
    text: str = ""


def available_systems() -> tuple[str, ...]:
    """Return the names of the systems that can be asked here."""
    found = [n for n, c in _COMMANDS.items() if shutil.which(c[0])]
    return ("sympy", *found)


def cas_integrate(
    system: str, f: Expr | str, timeout: float = 10.0
) -> PeerAnswer:
    """Ask a computer algebra system for an antiderivative and verify it.

    Parameters
    ----------
    system : str
        One of `SYSTEMS`.
    f : Expr or str
        The integrand, as for `verify`.
    timeout : float
        Seconds of wall time; the process and its children are ended then.

    Raises
    ------
    ValueError
        If the system is unknown.
    RuntimeError
        If its program is not installed.
    """
    if system not in SYSTEMS:
        raise ValueError(
            f"Unknown system {system!r}: ask one of {', '.join(SYSTEMS)}."
        )
    if system not in available_systems():
        raise RuntimeError(
            f"{system} is not installed: its program "
            f"{_COMMANDS[system][0]!r} is not on the PATH. Install it, or "
            f"ask one of {', '.join(available_systems())}."
        )
    integrand = as_expression(f)
    ask = _ask_sympy if system == "sympy" else _ask_program
    text = ask(system, to_infix(integrand), timeout)
    if text is None:
        return PeerAnswer("timeout")
    return judge_answer(integrand, text)


def judge_answer(f: Expr, text: str) -> PeerAnswer:
    """Classify the answer of a system, verifying it where it is elementary.

    Each branch of a Piecewise answer counts. An absolute value |u| is read
    as the root of u^2, and the sign of u as u / |u|.
    """
    if not text or re.search(
        r"\b([iI]ntegra\w*|undef|failed|Done|Unable|Error|Bad)\b", text
    ):
        return PeerAnswer("no answer", text)
    if _SPECIAL.search(text):
        return PeerAnswer("not elementary", text)
    for candidate in _branches(text):
        if verify(f, read_absolute(_normal(candidate))):
            return PeerAnswer("verified", text)
    return PeerAnswer("not verified", text)


def _normal(text: str) -> str:
    return text.replace("%pi", "pi").replace("%e", "E").replace("%i", "I")


def read_absolute(text: str) -> str:
    """Write |u| as ``sqrt((u)**2)`` and sign(u) as ``((u)/sqrt((u)**2))``.

    Both are elementary on either side of 0, which is all that is compared.
    A text whose brackets do not close is returned as it is.
    """
    while match := _ABSOLUTE.search(text):
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += (text[end] == "(") - (text[end] == ")")
            end += 1
        if depth:
            return text
        u = text[match.end() : end - 1]
        absolute = f"sqrt(({u})**2)"
        is_sign = match[1] in ("sign", "signum")
        new = f"(({u})/{absolute})" if is_sign else absolute
        text = text[: match.start()] + new + text[end:]
    return text


def _branches(text: str) -> list[str]:
    """Return the expressions of a Piecewise, or the text itself."""
    if not text.startswith("Piecewise("):
        return [text]
    body, depth, start, out = text[len("Piecewise(") : -1], 0, 0, []
    for i, character in enumerate(body):
        depth += (character == "(") - (character == ")")
        if character == "(" and depth == 1:
            start = i + 1
        if character == "," and depth == 1 and start is not None:
            out.append(body[start:i])
            start = None
    return out


def _sympy_worker(text: str, pipe) -> None:
    """Integrate in a child process and send the text of the answer."""
    import sympy

    try:
        expression = sympy.sympify(text)
        answer = sympy.integrate(expression, sympy.Symbol("x"))
        pipe.send(str(answer))
    except Exception:  # noqa: BLE001 - any failure is "no answer"
        pipe.send("")


def _ask_sympy(_: str, text: str, timeout: float) -> str | None:
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_sympy_worker, args=(text, sender))
    process.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(timeout) else None
    except EOFError:
        return ""
    finally:
        process.kill()
        process.join()


def _program_input(system: str, texts: list[str]) -> str:
    texts = [t.replace("**", "^") for t in texts]
    if system == "giac":
        return "".join(f"integrate({t},x);\n" for t in texts)
    if system == "maxima":
        head = "display2d:false$ linel:100000$ assume(x>0)$\n"
        lines = "".join(
            f"print(errcatch(integrate({t.replace('E', '%e')},x)))$\n"
            for t in texts
        )
        return head + lines
    lines = [f"unparse((integrate({t},x))::InputForm)" for t in texts]
    head = [")set messages type off", ")set messages time off"]
    return "\n".join([*head, *lines, ")quit", ""])


def _ask_program(system: str, text: str, timeout: float) -> str | None:
    output = _run(system, _program_input(system, [text]), timeout)
    if output is None:
        return None
    answers = _read(system, output)
    return answers[-1] if answers else ""


def _run(
    system: str, text: str, timeout: float, partial: bool = False
) -> str | None:
    """Run a program on standard input; None when the time is over.

    The program gets a process group of its own, so that what it started
    ends with it. With `partial`, what it wrote in time is returned.
    """
    process = subprocess.Popen(
        _COMMANDS[system],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        return process.communicate(text, timeout=timeout)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output = process.communicate()[0]
        return output if partial else None


def _read(system: str, output: str) -> list[str]:
    """Return the answers among the lines a program printed."""
    if system == "giac":
        # every prompt is followed by the printed value
        return re.findall(r">> integrate\(.*\n([^\n]+)\n", output)
    if system == "maxima":
        return [
            line.strip()[1:-1] if line.strip() != "[]" else ""
            for line in output.splitlines()
            if line.strip().startswith("[")
        ]
    joined = re.sub(r"\n\s+", "", output)
    found = re.findall(r'\(\d+\)\s*"([^"]*)"', joined)
    return [answer.removeprefix("[").split(",")[0] for answer in found]


def forward_pairs(
    family: Family, seed: int, chunk: int = 20, timeout: float = 1.0
) -> Iterator[Pair]:
    """Yield distinct (integrand, antiderivative) pairs that Giac found.

    This is the one generator that needs an integrator (FWD); its pairs are
    made ahead and shipped. Every answer is verified before it is kept; an
    integral that takes Giac longer than `timeout` seconds is skipped.
    """
    rng = Random(seed)
    seen: set = set()
    while True:
        waiting = _draw(rng, chunk)
        while waiting:
            texts = [to_infix(f) for f in waiting]
            question = _program_input("giac", texts)
            output = _run("giac", question, timeout, partial=True)
            answers = _read("giac", output or "")
            for f, answer in zip(waiting, answers, strict=False):
                pair = _forward_pair(f, answer, family)
                if pair is not None and pair[0] not in seen:
                    seen.add(pair[0])
                    yield pair
            waiting = waiting[len(answers) + 1 :]


def _draw(rng: Random, count: int) -> list[Expr]:
    found = []
    while len(found) < count:
        try:
            f = random_integrand(rng)
        except (ExpressionError, ArithmeticError):
            continue
        if has_symbol(f):
            found.append(f)
    return found


def _forward_pair(f: Expr, text: str, family: Family) -> Pair | None:
    try:
        # our answers hold on one side of 0: log(abs(x)) becomes log(x)
        text = re.sub(r"\b[aA]bs\(", "(", _normal(text))
        answer = without_constant(parse(text))
        pair = to_prefix(f), to_prefix(answer)
        fits = (
            len(pair[0]) <= family.max_input
            and len(pair[1]) <= family.max_output
        )
        return pair if fits and verify(f, answer) else None
    except (ExpressionError, ArithmeticError, RecursionError):
        return None
