"""Settings, data on all cores, training with checkpoints, shipped weights.

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
from dataclasses import asdict, dataclass, replace
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
class Settings:
    """Everything that determines a training run, besides its seed.

    Attributes
    ----------
    parts : tuple of (generator, family, pairs, repeats)
        The mixture; the generator "fwd" is the shipped file.
    width, layers, heads : int
        Of the network.
    batch_size, steps : int
    learning_rate : float
    widths : tuple of int
        Columns the problems are padded to.
    answer_width : int
        Columns of the answers, both marks included.
    chunks : int
        A checkpoint is written this many times.

    Raises
    ------
    ValueError
        If a run with these numbers would train nothing.
    """

    parts: tuple[tuple[str, str, int, int], ...]
    width: int = 64
    layers: int = 2
    heads: int = 4
    batch_size: int = 64
    steps: int = 1000
    learning_rate: float = 3e-2
    widths: tuple[int, ...] = (12, 20, 32)
    answer_width: int = 22
    chunks: int = 10

    def __post_init__(self):
        for name in ("batch_size", "steps", "learning_rate", "chunks"):
            value = getattr(self, name)
            if not value > 0:
                raise ValueError(
                    f"Settings needs {name} above 0, but got {value}: a run "
                    "would train nothing."
                )
        if not self.parts:
            raise ValueError("Settings needs parts to train on, got none.")


SETTINGS = {
    "minute": Settings(parts=(("bwd", "small", 40_000, 1),)),
    "shipped": Settings(
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
    "full": Settings(
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
        batch_size=256,
        steps=60_000,
        learning_rate=2e-3,
        widths=(16, 32, 64, 128, 256, 512),
        answer_width=80,
        chunks=60,
    ),
}
PAIRS = "pairs.txt"
_SHARD = 5_000  # pairs that one process makes at a time


def make_pairs(
    settings: Settings, seed: int, processes: int | None = None
) -> list[Pair]:
    """Return the training pairs of a run, without held-out problems.

    The work is cut into shards with seeds of their own, which are spread
    over the cores, so the result does not depend on their number.
    """
    jobs = []
    for generator, family, count, repeats in settings.parts:
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
    return _merged(settings, list(shards))


def _shard(job: tuple) -> list[Pair]:
    generator, family, size, repeats, key = job
    pairs = GENERATORS[generator](FAMILIES[family], key)
    return take(pairs, size, held_out=False) * repeats


def _merged(settings: Settings, shards: list[list[Pair]]) -> list[Pair]:
    """Join the shards; drop problems that an earlier shard holds already.

    Within a shard a problem may stand several times: its part of the
    mixture is repeated. Dropped too are the problems of the independent
    test suites, and what is too long for the columns.
    """
    seen: set = set()
    out = []
    for shard in shards:
        out += [pair for pair in shard if pair[0] not in seen]
        seen.update(problem for problem, _ in shard)
    repeats = {p[0]: p[3] for p in settings.parts}.get("fwd", 0)
    if repeats:
        forward = shipped.forward_pairs()
        kept = [p for p in forward if not is_held_out(p[0])]
        out += kept * repeats
    width, answer_width = max(settings.widths), settings.answer_width - 2
    tested = set(shipped.independent_problems())
    return [
        (problem, answer)
        for problem, answer in out
        if problem not in tested
        and len(problem) <= width
        and len(answer) <= answer_width
    ]


def build_network(settings: Settings):
    """Return the untrained network of a run."""
    from topoi.symbolic_integration import model

    network = model.Seq2Seq(settings.width, settings.layers, settings.heads)
    network.build()
    return network


def batches_of(settings: Settings, pairs: Sequence[Pair], seed: int):
    """Return the batches of a run."""
    from topoi.symbolic_integration import model

    return model.Batches(
        pairs,
        settings.batch_size,
        seed,
        settings.steps,
        settings.widths,
        settings.answer_width,
    )


def run(
    settings: Settings,
    seed: int,
    folder: Path | None = None,
    pairs: Sequence[Pair] | None = None,
    verbose: bool = True,
):
    """Train a network; return the network and the loss of each step.

    Parameters
    ----------
    settings : Settings
    seed : int
    folder : Path, optional
        Gets ``run.json`` (seed and settings), ``pairs.txt``, a checkpoint
        with ``state.json`` and, at the end, ``weights.npz``. Each file is
        written whole or not at all, so a run that was killed at any time
        goes on from there. Without a folder nothing is written.
    pairs : sequence of pairs, optional
        Training pairs, if they are made already.
    verbose : bool
        Whether a progress bar is shown.

    Raises
    ------
    ValueError
        If the folder holds a run with another seed or other settings.
    FloatingPointError
        If the loss becomes NaN or infinite.
    """
    import keras

    from topoi.symbolic_integration import model

    keras.utils.set_random_seed(seed)
    if folder:
        _claim(folder, settings, seed)
    if pairs is None:
        pairs = _stored_pairs(settings, folder, seed)
    batches = batches_of(settings, pairs, seed)
    network, done, losses = _restored(settings, folder)
    size = -(-settings.steps // settings.chunks)
    while done < settings.steps:
        part = batches.cut(done, min(done + size, settings.steps))
        losses += model.train_on(network, part, verbose)
        done += len(part)
        if folder:
            _store(network, folder, done, losses)
    if folder:
        path = folder / "weights.npz"
        shipped.save_weights(network, path, settings, seed)
    return network, losses


def _claim(folder: Path, settings: Settings, seed: int) -> None:
    """Note in ``run.json`` what a folder is for, or compare with the note."""
    path = folder / "run.json"
    mine = {"seed": seed, **json.loads(json.dumps(asdict(settings)))}
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if any((folder / name).exists() for name in ("state.json", PAIRS)):
            raise ValueError(
                f"{folder} holds a run, but not run.json, which says with "
                "what seed and settings. Choose another folder."
            )
        shipped.write_whole(path, json.dumps(mine, indent=1).encode())
        return
    theirs = json.loads(path.read_text(encoding="utf-8"))
    other = sorted(k for k in mine if mine[k] != theirs.get(k))
    if other:
        changes = ", ".join(
            f"{k} = {theirs.get(k)!r} instead of {mine[k]!r}" for k in other
        )
        raise ValueError(
            f"{folder} holds a run with {changes}. To go on with it, give the "
            "same seed and settings; for a new run, choose another folder."
        )


def _store(network, folder: Path, done: int, losses: list[float]) -> None:
    """Write a checkpoint; the state last, because it vouches for the rest.

    The checkpoint carries the number of steps in its name, so that a state
    never meets the weights of another moment, whenever the run is killed.
    """
    name = f"checkpoint-{done}.keras"
    temporary = folder / f"new-{name}"
    network.save(temporary)
    temporary.replace(folder / name)
    state = {"done": done, "losses": losses, "checkpoint": name}
    shipped.write_whole(folder / "state.json", json.dumps(state).encode())
    for old in folder.glob("*checkpoint-*.keras"):
        if old.name != name:
            old.unlink()


def _stored_pairs(
    settings: Settings, folder: Path | None, seed: int
) -> list[Pair]:
    """Return the pairs of a run, made at its start and kept beside it."""
    if folder is None:
        return make_pairs(settings, seed, processes=1)
    path = folder / PAIRS
    if not path.exists():
        made = make_pairs(settings, seed)
        lines = (" ".join(a) + "|" + " ".join(b) for a, b in made)
        shipped.write_whole(path, "\n".join(lines).encode())
    return shipped.read_pairs(path.read_text(encoding="utf-8"))


def _restored(settings: Settings, folder: Path | None) -> tuple:
    """Return network, steps done and losses, from a checkpoint if any."""
    import keras

    from topoi.symbolic_integration import model

    state = folder / "state.json" if folder else None
    if state and state.exists():
        stored = json.loads(state.read_text(encoding="utf-8"))
        network = keras.models.load_model(folder / stored["checkpoint"])
        return network, stored["done"], stored["losses"]
    network = build_network(settings)
    network.compile(
        optimizer=model.make_optimizer(settings.learning_rate, settings.steps),
        loss=model.token_loss,
    )
    return network, 0, []


def main(arguments: list[str]) -> int:
    """Run one training from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m topoi.symbolic_integration.train",
        description="Train an integrator; interrupted runs are resumed.",
    )
    parser.add_argument("settings", choices=sorted(SETTINGS))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--steps", type=int, help="instead of those of the settings"
    )
    options = parser.parse_args(arguments)
    settings = SETTINGS[options.settings]
    if options.steps:
        settings = replace(settings, steps=options.steps)
    scale = "full" if options.settings == "full" else "small"
    runtime.setup(scale, seed=options.seed)
    _, losses = run(settings, options.seed, options.out)
    print(f"mean loss of the last 100 steps: {np.mean(losses[-100:]):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
