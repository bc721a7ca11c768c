"""Recipes: data on all cores, training with checkpoints, shipped weights.

    python -m topoi.symbolic_integration.train minute --out runs/minute
    python -m topoi.symbolic_integration.train shipped --out runs/shipped
    python -m topoi.symbolic_integration.train full --out runs/full

A run that was interrupted goes on from its last checkpoint when the same
command is given again.
"""

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from topoi import runtime
from topoi.symbolic_integration import shipped
from topoi.symbolic_integration.generators import (
    FAMILIES,
    GENERATORS,
    Pair,
    is_held_out,
    take,
)


@dataclass(frozen=True)
class Recipe:
    """Everything that determines a training run, besides its seed.

    Attributes
    ----------
    parts : tuple of (generator, family, pairs, repeats)
        The mixture; the generator "fwd" is the shipped file.
    width, layers, heads : int
        Of the network.
    batch, steps : int
    learning_rate : float
    widths : tuple of int
        Columns the problems are padded to.
    answer_width : int
        Columns of the answers, both marks included.
    chunks : int
        A checkpoint is written this many times.
    """

    parts: tuple[tuple[str, str, int, int], ...]
    width: int = 64
    layers: int = 2
    heads: int = 4
    batch: int = 64
    steps: int = 1000
    learning_rate: float = 3e-2
    widths: tuple[int, ...] = (12, 20, 32)
    answer_width: int = 22
    chunks: int = 10


RECIPES = {
    "minute": Recipe(parts=(("bwd", "small", 40_000, 1),)),
    "shipped": Recipe(
        parts=(
            ("bwd", "small", 70_000, 1),
            ("bwd", "wide", 50_000, 1),
            ("table", "wide", 70_000, 1),
            ("substitution", "wide", 20_000, 1),
            ("ibp", "small", 4_000, 2),
            ("ibp", "wide", 6_000, 2),
            ("fwd", "wide", 1_000, 12),
        ),
        width=96,
        heads=6,
        steps=2_500,
        learning_rate=2e-2,
        widths=(12, 20, 32, 48),
        answer_width=34,
        chunks=25,
    ),
    "full": Recipe(
        parts=(
            ("bwd", "paper", 4_000_000, 1),
            ("table", "wide", 1_000_000, 1),
            ("substitution", "wide", 500_000, 1),
            ("ibp", "wide", 200_000, 2),
            ("fwd", "wide", 5_000, 20),
        ),
        width=256,
        layers=4,
        heads=8,
        batch=256,
        steps=60_000,
        learning_rate=2e-3,
        widths=(16, 32, 64, 128, 256, 512),
        answer_width=80,
        chunks=60,
    ),
}
_SHARD = 5_000  # pairs that one process makes at a time


def make_pairs(
    recipe: Recipe, seed: int, processes: int | None = None
) -> list[Pair]:
    """Return the training pairs of a recipe, without held-out problems.

    The work is cut into shards with seeds of their own, which are spread
    over the cores, so the result does not depend on their number.
    """
    jobs = []
    for generator, family, count, repeats in recipe.parts:
        if generator == "fwd":
            continue
        for shard in range(0, count, _SHARD):
            size = min(_SHARD, count - shard)
            key = f"{seed}/{generator}/{family}/{shard}"
            jobs.append((generator, family, size, repeats, key))
    processes = processes or os.cpu_count()
    if processes > 1:
        context = multiprocessing.get_context("spawn")
        with context.Pool(processes) as pool:
            shards = pool.map(_shard, jobs, chunksize=1)
    else:
        shards = map(_shard, jobs)
    return _merged(recipe, list(shards))


def _shard(job: tuple) -> list[Pair]:
    generator, family, size, repeats, key = job
    pairs = GENERATORS[generator](FAMILIES[family], key)
    return take(pairs, size, held_out=False) * repeats


def _merged(recipe: Recipe, shards: list[list[Pair]]) -> list[Pair]:
    """Join the shards, drop equal problems of different shards.

    Dropped too are the problems of the independent test suites.
    """
    answers: dict = {}
    out = []
    for shard in shards:
        for problem, answer in shard:
            if answers.setdefault(problem, answer) == answer:
                out.append((problem, answer))
    repeats = {p[0]: p[3] for p in recipe.parts}.get("fwd", 0)
    if repeats:
        forward = shipped.forward_pairs()
        kept = [p for p in forward if not is_held_out(p[0])]
        out += kept * repeats
    width, answer_width = max(recipe.widths), recipe.answer_width - 2
    tested = set(shipped.independent_problems())
    return [
        (problem, answer)
        for problem, answer in out
        if problem not in tested
        and len(problem) <= width
        and len(answer) <= answer_width
    ]


def build(recipe: Recipe):
    """Return the untrained network of a recipe."""
    from topoi.symbolic_integration import model

    network = model.Seq2Seq(recipe.width, recipe.layers, recipe.heads)
    network.build()
    return network


def batches_of(recipe: Recipe, pairs: Sequence[Pair], seed: int):
    """Return the batches of a recipe."""
    from topoi.symbolic_integration import model

    return model.Batches(
        pairs,
        recipe.batch,
        seed,
        recipe.steps,
        recipe.widths,
        recipe.answer_width,
    )


def run(
    recipe: Recipe,
    seed: int,
    folder: Path | None = None,
    pairs: Sequence[Pair] | None = None,
    verbose: bool = True,
):
    """Train a recipe; return the network and the loss of each step.

    Parameters
    ----------
    recipe : Recipe
    seed : int
    folder : Path, optional
        Gets ``checkpoint.keras``, ``state.json`` and, at the end,
        ``weights.npz``; a run that was interrupted goes on from there.
        Without a folder nothing is written.
    pairs : sequence of pairs, optional
        Training pairs, if they are made already.
    verbose : bool
        Whether a progress bar is shown.
    """
    import keras

    from topoi.symbolic_integration import model

    keras.utils.set_random_seed(seed)
    if pairs is None:
        pairs = _stored_pairs(recipe, folder, seed)
    batches = batches_of(recipe, pairs, seed)
    network, done, losses = _restored(recipe, folder)
    size = -(-recipe.steps // recipe.chunks)
    while done < recipe.steps:
        part = batches.cut(done, min(done + size, recipe.steps))
        losses += model.train_on(network, part, verbose)
        done += len(part)
        if folder:
            state = {"done": done, "losses": losses, "seed": seed}
            _store(network, folder, state)
    if folder:
        path = folder / "weights.npz"
        shipped.save_weights(network, path, recipe, seed)
    return network, losses


def _store(network, folder: Path, state: dict) -> None:
    """Write a checkpoint; the state last, because it vouches for the rest."""
    folder.mkdir(parents=True, exist_ok=True)
    network.save(folder / "checkpoint.keras")
    (folder / "state.json").write_text(json.dumps(state))


def _stored_pairs(
    recipe: Recipe, folder: Path | None, seed: int
) -> list[Pair]:
    """Return the pairs of a run, made at its start and kept beside it."""
    if folder is None:
        return make_pairs(recipe, seed, processes=1)
    path = folder / "pairs.txt"
    if not path.exists():
        made = make_pairs(recipe, seed)
        lines = (" ".join(a) + "|" + " ".join(b) for a, b in made)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines))
    return shipped.read_pairs(path.read_text())


def _restored(recipe: Recipe, folder: Path | None) -> tuple:
    """Return network, steps done and losses, from a checkpoint if any."""
    import keras

    from topoi.symbolic_integration import model

    state = folder / "state.json" if folder else None
    if state and state.exists():
        stored = json.loads(state.read_text())
        network = keras.models.load_model(folder / "checkpoint.keras")
        return network, stored["done"], stored["losses"]
    network = build(recipe)
    network.compile(
        optimizer=model.make_optimizer(recipe.learning_rate, recipe.steps),
        loss=model.token_loss,
    )
    return network, 0, []


def main(arguments: list[str]) -> int:
    """Run one recipe from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m topoi.symbolic_integration.train",
        description="Train an integrator; interrupted runs are resumed.",
    )
    parser.add_argument("recipe", choices=sorted(RECIPES))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--steps", type=int, help="instead of the recipe's")
    options = parser.parse_args(arguments)
    recipe = RECIPES[options.recipe]
    if options.steps:
        recipe = replace(recipe, steps=options.steps)
    scale = "full" if options.recipe == "full" else "small"
    runtime.setup(scale, seed=options.seed)
    _, losses = run(recipe, options.seed, options.out)
    print(f"mean loss of the last 100 steps: {np.mean(losses[-100:]):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
