"""Exact margins of formulas beside rtamt, a monitor of the field.

``make bench TOPIC=temporal_logic`` runs it; `harness` says how. Both programs
read the same sentence and return the margin at every step at which the whole
window exists. rtamt decides one signal a call, ours a batch.
"""

import numpy as np

from benchmarks import harness

bench = harness.Bench("temporal_logic")

import rtamt  # noqa: E402

from topoi import temporal_logic as tl  # noqa: E402

SENTENCES = (
    "always[0:15](x >= 0.5)",
    "eventually[0:15](x >= 0.5 and y <= 1)",
    "always[0:7](eventually[0:7](x >= 0.5) or y <= 0)",
)


def monitor(sentence: str):
    """Return a specification of rtamt for two channels."""
    spec = rtamt.StlDiscreteTimeSpecification()
    spec.declare_var("x", "float")
    spec.declare_var("y", "float")
    spec.spec = sentence
    spec.parse()
    return spec


def on_signal(sentence: str, length: int) -> None:
    """Compare the margins of one signal of this length."""
    rng = np.random.default_rng(length)
    signal = rng.normal(size=(length, 2))
    formula = tl.parse_formula(sentence, ("x", "y"))
    spec, steps = monitor(sentence), length - tl.horizon(formula)
    columns = {
        "time": list(range(length)),
        "x": signal[:, 0].tolist(),
        "y": signal[:, 1].tolist(),
    }

    def peer() -> np.ndarray:
        return np.array([v for _, v in spec.evaluate(columns)])[:steps]

    bench.compare(
        f"{sentence}, {length} steps",
        {
            "topoi.temporal_logic.stl_robustness": lambda: tl.stl_robustness(
                formula, signal
            ),
            "rtamt, discrete time, offline": peer,
        },
        np.allclose,
    )


if __name__ == "__main__":
    for text in SENTENCES:
        on_signal(text, 1000)
    bench.store()
