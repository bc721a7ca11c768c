"""Surveys of polynomial networks: activations, products, repeated filters.

All rates were chosen on seed 100 from grids with a factor of two; where the
optimum lay at an edge, the grid was extended.
"""

from functools import cache

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from topoi import audio, data, polynomial
from topoi.survey import paired, survey
