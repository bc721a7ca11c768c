"""The tables that take longer than a notebook may.

    python -m topoi.symbolic_integration.tables peers
    python -m topoi.symbolic_integration.tables transfer
    python -m topoi.symbolic_integration.tables accuracy

Each replaces its part of ``datasets/symbolic_integration/results.json``.
"""

import argparse
import json
import platform
import sys
import time
from collections import Counter
from dataclasses import replace
from random import Random

from topoi import data, runtime
from topoi.symbolic_integration import peers, shipped
from topoi.symbolic_integration.expressions import from_prefix
from topoi.symbolic_integration.generators import (
    SMALL,
    WIDE,
    Pair,
    bwd_pairs,
    ibp_pairs,
    take,
)

TEST_SEED = 1007
TIMEOUT = 10.0  # seconds of wall time
LONGEST = 48  # tokens of an independent problem
ANSWER = 34  # tokens of an answer, end mark included


def held_out_backward(count: int, family=SMALL) -> list[Pair]:
    """Return held-out BWD pairs that no run trains on."""
    return take(bwd_pairs(family, TEST_SEED), count, held_out=True)


def independent(longest: int = LONGEST) -> list[tuple[str, ...]]:
    """Return the independent problems of at most so many tokens."""
    return [t for t in shipped.independent_problems() if len(t) <= longest]


def test_sets() -> dict[str, list]:
    """Return the three sets of problems that all systems are asked."""
    return {
        "bwd small": [p for p, _ in held_out_backward(100)],
        "bwd wide": [p for p, _ in held_out_backward(60, WIDE)],
        "independent": _shuffled(independent())[:80],
    }


def peers_table() -> dict:
    """Ask every installed system for every test set; SymPy for half."""
    table: dict = {"timeout": TIMEOUT, "machine": platform.machine()}
    for system in peers.available_systems()[::-1]:
        table[system] = {}
        for name, problems in test_sets().items():
            asked = problems[:40] if system == "sympy" else problems
            outcomes, start = Counter(), time.monotonic()
            for tokens in asked:
                problem = from_prefix(tokens)
                answer = peers.cas_integrate(system, problem, TIMEOUT)
                outcomes[answer.outcome] += 1
            seconds = (time.monotonic() - start) / len(asked)
            table[system][name] = {
                "asked": len(asked),
                "seconds": round(seconds, 2),
                **outcomes,
            }
            print(system, name, table[system][name], flush=True)
    return table


def transfer_table(steps: int = 300, seed: int = 7) -> dict:
    """Train one small network a generator; test each on every generator."""
    from topoi.symbolic_integration import model, search, train

    tests = {
        "bwd": held_out_backward(200),
        "ibp": take(ibp_pairs(SMALL, TEST_SEED), 200, held_out=True),
        "fwd": _short(shipped.forward_pairs())[:200],
    }
    table: dict = {"steps": steps, "seed": seed}
    for name, parts in _TRANSFER.items():
        settings = replace(
            train.SETTINGS["minute"], parts=parts, steps=steps,
            answer_width=24,
        )  # fmt: skip
        pairs = train.make_pairs(settings, seed, processes=1)
        network = train.build_network(settings)
        batches = train.batches_of(settings, pairs, seed)
        model.train(network, batches, settings.learning_rate)
        table[name] = {"pairs": len(pairs)}
        for test, problems in tests.items():
            asked = [p for p, _ in problems]
            beams = search.beam_search(network, asked, 10, 24)
            ranks = search.solved_at(asked, beams)
            table[name][test] = {
                "asked": len(asked),
                "beam 1": round(float((ranks == 0).mean()), 4),
                "beam 10": round(float((ranks >= 0).mean()), 4),
            }
        print(name, table[name], flush=True)
    return table


_TRANSFER = {
    "bwd": (("bwd", "small", 20_000, 1),),
    "ibp": (("ibp", "small", 6_000, 1),),
    "bwd + ibp": (("bwd", "small", 14_000, 1), ("ibp", "small", 6_000, 1)),
}


def _short(pairs: list[Pair]) -> list[Pair]:
    """Return the pairs that the small network can read and write."""
    return [p for p in pairs if len(p[0]) <= 32 and len(p[1]) <= 22]


def accuracy_table() -> dict:
    """Score the shipped network on all test sets, with several beams."""
    network = shipped.load_network()
    sets = {
        "independent": (_shuffled(independent())[:200], (1, 10, 50)),
        "bwd wide": (test_sets()["bwd wide"], (1, 10)),
        "bwd small": (test_sets()["bwd small"], (1, 10, 50)),
    }
    table: dict = {}
    for name, (problems, beams) in sets.items():
        table[name] = {"asked": len(problems)}
        for beam in beams:
            score = solved_share(network, problems, beam)
            table[name][f"beam {beam}"] = round(score, 4)
            print(name, beam, score, flush=True)
    return table


def solved_share(network, problems: list, beam: int) -> float:
    """Return the share of problems with a verified answer in the beam."""
    from topoi.symbolic_integration import search

    beams = search.beam_search(
        network, problems, beam, ANSWER, problem_width=LONGEST
    )
    return float((search.solved_at(problems, beams) >= 0).mean())


def _shuffled(items: list) -> list:
    items = list(items)
    Random(TEST_SEED).shuffle(items)
    return items


TABLES = {
    "accuracy": accuracy_table,
    "peers": peers_table,
    "transfer": transfer_table,
}


def main(arguments: list[str]) -> int:
    """Make one table and store it."""
    parser = argparse.ArgumentParser(
        prog="python -m topoi.symbolic_integration.tables"
    )
    parser.add_argument("table", choices=sorted(TABLES))
    options = parser.parse_args(arguments)
    runtime.setup("small", seed=7)
    made = TABLES[options.table]()
    path = data.folder() / shipped.FOLDER / shipped.RESULTS
    stored = (
        json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    )
    stored[options.table] = made
    text = json.dumps(stored, indent=1, sort_keys=True) + "\n"
    shipped.write_whole(path, text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
