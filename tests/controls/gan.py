"""Controls of the chapter on adversarial networks."""

import numpy as np

from controls import control
from topoi import gan


@control("gan/dirac-simultaneous", "the generator sees the critic's new slope")
def alternating_steps():
    growth = []
    for rate in (0.05, 0.2, 1.0):
        path = gan.dirac_path(rate, 40, alternating=True)
        norms = np.linalg.norm(path, axis=1)
        growth.append(norms[1:] / norms[:-1] - abs(1 + 1j * rate))
    return np.abs(growth).max()
