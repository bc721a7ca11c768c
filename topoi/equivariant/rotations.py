"""Spherical harmonics, Wigner matrices and Clebsch-Gordan coefficients.

Everything is real. Degree l has the basis m = -l, ..., l, and a function on
the sphere of degree at most L is a vector of ``(L + 1)**2`` coefficients,
that of (l, m) at place ``l * l + l + m``. Angles are those of
``R_z(alpha) R_y(beta) R_z(gamma)``.
"""

import math
from fractions import Fraction
from functools import cache

import numpy as np

from topoi.equivariant.groups import check_count


def rotation_matrix(alpha, beta, gamma) -> np.ndarray:
    """Return R_z(alpha) R_y(beta) R_z(gamma), shape (..., 3, 3), float64.

    Parameters
    ----------
    alpha, beta, gamma : float or ndarray
        Euler angles in radians; they broadcast.
    """
    alpha, beta, gamma = np.broadcast_arrays(alpha, beta, gamma)
    zero, one = np.zeros(beta.shape), np.ones(beta.shape)
    c, s = np.cos(beta), np.sin(beta)
    tilt = np.array([[c, zero, s], [zero, one, zero], [-s, zero, c]])
    tilt = np.moveaxis(tilt, (0, 1), (-2, -1))
    return _about_z(alpha) @ tilt @ _about_z(gamma)


def _about_z(angle: np.ndarray) -> np.ndarray:
    c, s, zero = np.cos(angle), np.sin(angle), np.zeros(angle.shape)
    turn = np.array([[c, -s, zero], [s, c, zero], [zero, zero, zero + 1]])
    return np.moveaxis(turn, (0, 1), (-2, -1))


def wigner_small_d(l: int, beta) -> np.ndarray:
    """Return d^l(beta) in the basis of J_z, without factorials.

    Parameters
    ----------
    l : int
        Degree, from 0.
    beta : float or ndarray
        Angle about the y axis in radians.

    Returns
    -------
    ndarray of float64, shape (..., 2 l + 1, 2 l + 1)
        Rows m, columns m', from -l to l; Condon-Shortley phase.

    Raises
    ------
    ValueError
        If `l` is no whole number from 0.

    Notes
    -----
    d = V exp(-i beta Lambda) V^H, where J_y = V Lambda V^H: orthogonal to
    rounding (tested up to degree 100), while the factorial sum has lost all
    digits at l = 60. O(l^3) an angle.
    """
    check_count("l", l, least=0)
    vectors = _eigenvectors(l)
    phases = np.exp(-1j * np.multiply.outer(beta, np.arange(-l, l + 1)))
    return ((vectors * phases[..., None, :]) @ vectors.conj().T).real


def wigner_d(l: int, alpha, beta, gamma) -> np.ndarray:
    """Return the real Wigner matrix D^l of a rotation.

    Coefficients of degree l of the rotated function f(R^-1 x) are
    ``D @ f_l``; so D^l is a representation, and D^1 is the rotation matrix
    itself in the order (y, z, x).

    Parameters
    ----------
    l : int
        Degree, from 0.
    alpha, beta, gamma : float or ndarray
        Euler angles (z, y, z) in radians; they broadcast.

    Returns
    -------
    ndarray of float64, shape (..., 2 l + 1, 2 l + 1)

    Raises
    ------
    ValueError
        If `l` is no whole number from 0, or an angle is not finite.
    """
    check_count("l", l, least=0)
    angles = np.broadcast_arrays(alpha, beta, gamma)
    if not all(np.isfinite(angle).all() for angle in angles):
        raise ValueError(
            "wigner_d needs finite angles in radians, but got "
            f"alpha={alpha}, beta={beta}, gamma={gamma}. Remove the NaN or "
            "infinite entries."
        )
    alpha, beta, gamma = angles
    vectors = to_real(l).conj() @ _eigenvectors(l)
    phases = np.exp(-1j * np.multiply.outer(beta, np.arange(-l, l + 1)))
    tilt = ((vectors * phases[..., None, :]) @ vectors.conj().T).real
    left = _turn_rows(tilt, alpha)
    turned = _turn_rows(np.swapaxes(left, -1, -2), -gamma)
    return np.swapaxes(turned, -1, -2)


def _turn_rows(matrix: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Apply D^l of a turn about z: row m mixes with row -m only."""
    l = matrix.shape[-2] // 2
    phase = np.multiply.outer(angle, np.arange(-l, l + 1))[..., None]
    return np.cos(phase) * matrix - np.sin(phase) * matrix[..., ::-1, :]


@cache
def _eigenvectors(l: int) -> np.ndarray:
    """Return the eigenvectors of J_y, eigenvalues -l to l."""
    m = np.arange(-l, l)
    raising = np.diag(np.sqrt(l * (l + 1.0) - m * (m + 1)), -1)
    return np.linalg.eigh((raising - raising.T) / 2j)[1]


@cache
def to_real(l: int) -> np.ndarray:
    """Return the unitary U with Y_real = U Y_complex at degree l.

    Row m > 0 is sqrt(2) (-1)^m Re Y_m, row -m is sqrt(2) (-1)^m Im Y_m.
    """
    matrix = np.zeros((2 * l + 1, 2 * l + 1), complex)
    matrix[l, l] = 1
    for m in range(1, l + 1):
        sign = (-1) ** m
        matrix[l + m, [l + m, l - m]] = [sign, 1]
        matrix[l - m, [l - m, l + m]] = [1j, -1j * sign]
    return matrix / np.where(np.arange(-l, l + 1) == 0, 1, 2**0.5)[:, None]


@cache
def clebsch_gordan(l1: int, l2: int, l: int) -> np.ndarray:
    """Return the real Clebsch-Gordan coefficients of three degrees.

    Parameters
    ----------
    l1, l2, l : int
        Degrees of the factors and of the product, from 0.

    Returns
    -------
    ndarray of float64, shape (2 l1 + 1, 2 l2 + 1, 2 l + 1)
        C with ``(D1 kron D2) C = C D`` for the matrices of `wigner_d`, and
        orthonormal columns. Zero if the triangle inequality fails.
        Read-only.

    Raises
    ------
    ValueError
        If a degree is no whole number from 0.

    Notes
    -----
    Racah's sum in integers and one square root an entry, so that no digits
    cancel. In the real basis the coefficients of an odd l1 + l2 + l are
    imaginary; they are multiplied by i.
    """
    for name, degree in (("l1", l1), ("l2", l2), ("l", l)):
        check_count(name, degree, least=0)
    table = np.zeros((2 * l1 + 1, 2 * l2 + 1, 2 * l + 1), complex)
    if abs(l1 - l2) <= l <= l1 + l2:
        for m1 in range(-l1, l1 + 1):
            for m2 in range(max(-l2, -l - m1), min(l2, l - m1) + 1):
                place = (m1 + l1, m2 + l2, m1 + m2 + l)
                table[place] = _racah(l1, m1, l2, m2, l)
    u1, u2, u = to_real(l1), to_real(l2), to_real(l)
    table = np.einsum("am,bn,mnk->abk", u1, u2, table) @ u.conj().T
    real = np.ascontiguousarray((1j ** ((l1 + l2 + l) % 2) * table).real)
    real.flags.writeable = False
    return real


def _racah(l1: int, m1: int, l2: int, m2: int, l: int) -> float:
    """Return <l1 m1 l2 m2 | l m1 + m2>, correctly rounded up to a root."""
    a, b, c = l1 + l2 - l, l + l1 - l2, l + l2 - l1
    m, f = m1 + m2, math.factorial
    terms = range(
        max(0, l1 - m1 - b, l2 + m2 - c), min(a, l1 - m1, l2 + m2) + 1
    )
    total = sum(
        (-1) ** k
        * math.comb(a, k)
        * math.comb(b, l1 - m1 - k)
        * math.comb(c, l2 + m2 - k)
        for k in terms
    )
    above = (2 * l + 1) * f(l + m) * f(l - m) * f(l1 - m1) * f(l1 + m1)
    above *= f(l2 - m2) * f(l2 + m2)
    below = f(l1 + l2 + l + 1) * f(a) * f(b) * f(c)
    root = math.sqrt(Fraction(total * total * above, below))
    return math.copysign(root, total)


def sph_harm_real(degree: int, theta, phi) -> np.ndarray:
    """Return all real spherical harmonics up to a degree.

    Parameters
    ----------
    degree : int
        Largest l, from 0.
    theta, phi : float or ndarray
        Angle from the z axis, and about it, in radians; they broadcast.

    Returns
    -------
    ndarray of float64, shape (..., (degree + 1)**2)
        Orthonormal on the sphere; (l, m) at place l * l + l + m.

    Raises
    ------
    ValueError
        If `degree` is no whole number from 0.

    Notes
    -----
    Recurrence of Legendre functions that are normalised at every step, so
    that nothing overflows. O(degree**2) a point.
    """
    check_count("degree", degree, least=0)
    theta, phi = np.broadcast_arrays(theta, phi)
    values = np.empty((*theta.shape, (degree + 1) ** 2))
    legendre = _legendre(degree, np.cos(theta), np.sin(theta))
    for (l, m), p in legendre.items():
        centre = l * l + l
        if m == 0:
            values[..., centre] = p
        else:
            values[..., centre + m] = math.sqrt(2) * p * np.cos(m * phi)
            values[..., centre - m] = math.sqrt(2) * p * np.sin(m * phi)
    return values


def _legendre(degree: int, c: np.ndarray, s: np.ndarray) -> dict:
    """Return orthonormal Legendre functions by (l, m), m from 0.

    Without the phase (-1)^m, which real harmonics would cancel again.
    """
    p = {(0, 0): np.full(c.shape, math.sqrt(0.25 / math.pi))}
    for m in range(degree + 1):
        if m:
            p[m, m] = math.sqrt(1 + 0.5 / m) * s * p[m - 1, m - 1]
        if m < degree:
            p[m + 1, m] = math.sqrt(2 * m + 3) * c * p[m, m]
        for l in range(m + 2, degree + 1):
            a = math.sqrt((4 * l * l - 1) / (l * l - m * m))
            k = l - 1
            b = math.sqrt((k * k - m * m) / (4 * k * k - 1))
            p[l, m] = a * (c * p[l - 1, m] - b * p[l - 2, m])
    return p


def rotate_coefficients(f: np.ndarray, alpha, beta, gamma) -> np.ndarray:
    """Return the coefficients of f(R^-1 x).

    Parameters
    ----------
    f : ndarray, shape (batch, (L + 1)**2, channels)
        Coefficients of functions on the sphere.
    alpha, beta, gamma : float
        One rotation.

    Raises
    ------
    ValueError
        If axis 1 is not of the length of a square.
    """
    degree = degree_of(f.shape[1])
    blocks = [
        wigner_d(l, alpha, beta, gamma) @ f[:, l * l : (l + 1) ** 2]
        for l in range(degree + 1)
    ]
    return np.concatenate(blocks, axis=1)


def degree_of(length: int) -> int:
    """Return L from the number (L + 1)**2 of coefficients.

    Raises
    ------
    ValueError
        If the number is no positive square.
    """
    degree = math.isqrt(length) - 1 if length and length > 0 else -1
    if degree < 0 or (degree + 1) ** 2 != length:
        raise ValueError(
            "A function on the sphere has (L + 1)**2 coefficients in axis "
            f"1, but got {length}. Pad the missing degrees with zeros."
        )
    return degree
