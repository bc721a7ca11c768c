"""Pictures from few frequencies: Haar wavelets, masks, test pictures."""

import math

import numpy as np


def haar2(image: np.ndarray, levels: int) -> np.ndarray:
    """Return the orthonormal two-dimensional Haar coefficients.

    Parameters
    ----------
    image : ndarray, shape (..., size, size)
        Real or complex; `size` is a multiple of 2**levels.
    levels : int
        How often the upper left quarter is transformed again.

    Returns
    -------
    ndarray, shape of `image`
        Block means in the upper left corner, details around it.

    Raises
    ------
    ValueError
        If the picture is not square or not divisible so often.
    """
    _check_size(image, levels)
    out = np.array(image)
    size = out.shape[-1]
    for _ in range(levels):
        block = out[..., :size, :size]  # (..., size, size)
        for axis in (-1, -2):
            even = np.take(block, np.arange(0, size, 2), axis)
            odd = np.take(block, np.arange(1, size, 2), axis)
            halves = [(even + odd) / math.sqrt(2), (even - odd) / math.sqrt(2)]
            block = np.concatenate(halves, axis)
        out[..., :size, :size] = block
        size //= 2
    return out


def ihaar2(coefficients: np.ndarray, levels: int) -> np.ndarray:
    """Return the picture with these Haar coefficients; see `haar2`."""
    _check_size(coefficients, levels)
    out = np.array(coefficients)
    for level in reversed(range(levels)):
        size = out.shape[-1] >> level
        block = out[..., :size, :size]
        for axis in (-2, -1):
            mean, detail = np.split(block, 2, axis)
            pair = [mean + detail, mean - detail]  # two neighbours
            shape = [*block.shape]
            block = np.stack(pair, axis % block.ndim + 1).reshape(shape)
            block = block / math.sqrt(2)
        out[..., :size, :size] = block
    return out


def haar_levels(size: int, levels: int) -> np.ndarray:
    """Return the level of each Haar coefficient, (size, size) of integers.

    0 is the block of means; level k holds the details of blocks whose side
    is 2**(levels - k + 1) pixels.
    """
    out = np.full((size, size), levels)
    for level in reversed(range(levels)):
        corner = size >> (levels - level)
        out[:corner, :corner] = level
    return out


def level_weights(reference: np.ndarray, levels: int) -> np.ndarray:
    """Return weights for the l1 norm from the sparsity of one picture.

    Parameters
    ----------
    reference : ndarray, shape (size, size)
        A picture of the kind that will be measured, but not one of those.
    levels : int
        Levels of the Haar transform.

    Returns
    -------
    ndarray, shape (size, size)
        sqrt(s / s_k) on level k, where s_k of the level's coefficients, and
        s in all, are needed for 99.99 % of the energy.

    Notes
    -----
    Source: Colbrook, Antun and Hansen (2022), section on sparsity in levels.
    """
    coefficients = np.abs(haar2(np.asarray(reference, float), levels))
    order = np.sort(coefficients.ravel())[::-1]
    energy = np.cumsum(order**2)
    needed = np.searchsorted(energy, 0.9999 * energy[-1])
    large = coefficients >= order[min(needed, order.size - 1)]
    level = haar_levels(reference.shape[0], levels)
    counts = np.bincount(level[large], minlength=levels + 1).clip(1)
    return np.sqrt(counts.sum() / counts)[level]


class FourierHaar:
    """Haar coefficients of a picture -> its Fourier coefficients on a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (size, size)
        Which frequencies are measured, in the order of ``np.fft.fft2``.
    levels : int
        Levels of the Haar transform.

    Attributes
    ----------
    norm : float
        1: all transforms are orthonormal, and the mask drops entries.

    Raises
    ------
    ValueError
        If the mask is empty, or no square of booleans.
    """

    norm = 1.0

    def __init__(self, mask: np.ndarray, levels: int):
        mask = np.asarray(mask)
        if mask.dtype != bool or not mask.any():
            raise ValueError(
                "FourierHaar needs a mask of booleans with at least one "
                f"True, got dtype {mask.dtype} with {int(mask.sum())} "
                "frequencies."
            )
        _check_size(mask, levels)
        self.mask, self.levels = mask, levels

    def measure(self, image: np.ndarray) -> np.ndarray:
        """Return the measurements of a picture, (size, size) -> (m,)."""
        return np.fft.fft2(image, norm="ortho")[self.mask]

    def A(self, x: np.ndarray) -> np.ndarray:
        """Return the measurements for coefficients, (size**2,) -> (m,)."""
        return self.measure(self.image(x))

    def At(self, u: np.ndarray) -> np.ndarray:
        """Return the adjoint, (m,) -> (size**2,): zeros, then Haar."""
        full = np.zeros(self.mask.shape, complex)
        full[self.mask] = u
        image = np.fft.ifft2(full, norm="ortho")
        return haar2(image, self.levels).ravel()

    def image(self, x: np.ndarray) -> np.ndarray:
        """Return the picture with these coefficients."""
        return ihaar2(x.reshape(self.mask.shape), self.levels)


def frequency_mask(
    size: int, share: float, rng: np.random.Generator, full: float = 0.12
) -> np.ndarray:
    """Return a random set of frequencies, denser near zero.

    Parameters
    ----------
    size : int
        Side of the pictures.
    share : float
        About which part of all frequencies is measured.
    rng : numpy.random.Generator
        Draws the outer frequencies.
    full : float
        All frequencies up to ``full * size`` are taken.

    Returns
    -------
    ndarray of bool, shape (size, size)
        Symmetric: with k also -k, so that measuring a real picture costs
        one real number a frequency.

    Raises
    ------
    ValueError
        If `share` is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share lies in (0, 1], got {share}.")
    k = np.fft.fftfreq(size, 1 / size)
    radius = np.hypot(*np.meshgrid(k, k, indexing="ij"))
    inner = np.maximum(*np.abs(np.meshgrid(k, k))) <= full * size
    # The largest keys are a sample without replacement; see Efraimidis.
    noise = rng.gumbel(size=(size, size))
    key = np.where(inner, np.inf, noise - 2 * np.log(np.maximum(radius, 1)))
    key = np.maximum(key, np.roll(key[::-1, ::-1], 1, (0, 1)))  # k and -k
    count = round(share * size * size)
    return key >= np.sort(key.ravel())[-count]


def real_matrix(mask: np.ndarray) -> np.ndarray:
    """Return the measurements of real pictures as a matrix of real rows.

    Parameters
    ----------
    mask : ndarray of bool, shape (size, size)
        Symmetric, as `frequency_mask` makes it.

    Returns
    -------
    ndarray, shape (mask.sum(), size * size)
        Orthonormal rows: cosine and sine of each pair of frequencies. It
        holds the same information as ``FourierHaar.measure``.

    Raises
    ------
    ValueError
        If the mask is not symmetric.
    """
    size = mask.shape[0]
    mirrored = np.roll(mask[::-1, ::-1], 1, (0, 1))
    if not np.array_equal(mask, mirrored):
        raise ValueError(
            "real_matrix needs a mask that contains -k with each k: take "
            "mask | np.roll(mask[::-1, ::-1], 1, (0, 1))."
        )
    grid = np.arange(size)
    rows = []
    for k, l in np.argwhere(mask):
        phase = 2 * np.pi * (k * grid[:, None] + l * grid[None, :]) / size
        opposite = (-k % size, -l % size)
        if (k, l) == opposite:
            rows.append(np.cos(phase) / size)
        else:  # one of the pair gives the cosine, the other the sine
            wave = np.cos if (k, l) < opposite else np.sin
            rows.append(math.sqrt(2) * wave(phase) / size)
    return np.stack(rows).reshape(len(rows), -1)


def haar_matrix(size: int, levels: int) -> np.ndarray:
    """Return the matrix that makes pictures of coefficients.

    Returns
    -------
    ndarray, shape (size**2, size**2)
        Orthogonal; column i is the picture of the i-th coefficient.
    """
    basis = np.eye(size * size).reshape(-1, size, size)
    return ihaar2(basis, levels).reshape(size * size, -1).T


# Value, half axes, centre and angle of Shepp and Logan's ellipses, with the
# contrasts that are usual today.
_HEAD = (
    (1.0, 0.69, 0.92, 0.0, 0.0, 0.0),
    (-0.8, 0.6624, 0.874, 0.0, -0.0184, 0.0),
    (-0.2, 0.11, 0.31, 0.22, 0.0, -18.0),
    (-0.2, 0.16, 0.41, -0.22, 0.0, 18.0),
    (0.1, 0.21, 0.25, 0.0, 0.35, 0.0),
    (0.1, 0.046, 0.046, 0.0, 0.1, 0.0),
    (0.1, 0.046, 0.046, 0.0, -0.1, 0.0),
    (0.1, 0.046, 0.023, -0.08, -0.605, 0.0),
    (0.1, 0.023, 0.023, 0.0, -0.606, 0.0),
    (0.1, 0.023, 0.046, 0.06, -0.605, 0.0),
)


def phantom(size: int) -> np.ndarray:
    """Return the Shepp-Logan picture of a head, (size, size) in [0, 1]."""
    picture = sum(_ellipse(size, *ellipse) for ellipse in _HEAD)
    return np.clip(picture, 0.0, 1.0)


def ellipse_images(
    count: int, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Return random pictures of ellipses on black.

    Parameters
    ----------
    count, size : int
        How many, and their side.
    rng : numpy.random.Generator
        Draws numbers, sizes, places and values.

    Returns
    -------
    ndarray of float64, shape (count, size, size)
        Two to five ellipses each, their values between 0.2 and 1; where
        ellipses overlap the largest value counts.
    """
    images = np.zeros((count, size, size))
    for image in images:
        for _ in range(rng.integers(2, 6)):
            value = rng.uniform(0.2, 1)
            axes, centre = rng.uniform(0.1, 0.5, 2), rng.uniform(-0.6, 0.6, 2)
            angle = rng.uniform(0, 180)
            ellipse = _ellipse(size, value, *axes, *centre, angle)
            np.maximum(image, ellipse, out=image)
    return images


def grid_detail(
    size: int, centre: tuple[float, float], width: float
) -> np.ndarray:
    """Return a fine grid of black and white pixels with a soft border.

    Parameters
    ----------
    size : int
        Side of the picture.
    centre : (float, float)
        Row and column of the middle.
    width : float
        Standard deviation of the Gaussian border, in pixels.

    Returns
    -------
    ndarray, shape (size, size)
        Values in [-1, 1]. Its frequencies are the highest that the picture
        has, so a mask that is dense near zero hardly sees it.
    """
    i, j = np.arange(size)[:, None], np.arange(size)[None, :]
    squared = (i - centre[0]) ** 2 + (j - centre[1]) ** 2
    return np.exp(-squared / (2 * width**2)) * (-1.0) ** (i + j)


def hide_detail(detail: np.ndarray, A: np.ndarray, share: float) -> np.ndarray:
    """Return a detail of which only a given share is measured.

    Parameters
    ----------
    detail : ndarray, shape (N,)
        What is to be hidden.
    A : ndarray, shape (m, N)
        Measurements with orthonormal rows.
    share : float
        Between 0 and 1, excluded.

    Returns
    -------
    ndarray, shape (N,)
        d with norm(A d) = share * norm(d): the measured part of the detail
        is scaled, the rest stays.

    Raises
    ------
    ValueError
        If the detail is measured wholly or not at all, so that nothing can
        be scaled.
    """
    seen = A.T @ (A @ detail)
    unseen = detail - seen
    sizes = np.linalg.norm(seen), np.linalg.norm(unseen)
    if not 0 < share < 1 or min(sizes) < 1e-9 * np.linalg.norm(detail):
        raise ValueError(
            "hide_detail needs 0 < share < 1 and a detail with a measured "
            f"and an unmeasured part, got share = {share} and parts of norm "
            f"{sizes[0]:.2g} and {sizes[1]:.2g}."
        )
    wanted = sizes[1] * share / math.sqrt(1 - share**2)
    return unseen + seen * (wanted / sizes[0])


def _ellipse(size, value, a, b, x0, y0, degrees) -> np.ndarray:
    """Return `value` on the pixels whose centres lie in an ellipse."""
    line = (2 * np.arange(size) + 1 - size) / size
    x, y = line[None, :] - x0, -line[:, None] - y0
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    inside = ((x * cos + y * sin) / a) ** 2 + ((y * cos - x * sin) / b) ** 2
    return np.where(inside <= 1, value, 0.0)


def _check_size(image: np.ndarray, levels: int) -> None:
    rows, columns = image.shape[-2:]
    if rows != columns or rows % 2**levels or levels < 0:
        raise ValueError(
            f"{levels} Haar levels need a square picture whose side is a "
            f"multiple of {2**levels}, got shape {image.shape}."
        )
