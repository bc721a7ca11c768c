"""Sizes: how many places a kernel takes, and what padding adds."""

import numpy as np

Padding = str | int | tuple[int, int]


def out_size(
    n: int,
    k: int,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
) -> int:
    """Return how many positions a kernel takes along one axis.

    Parameters
    ----------
    n, k : int
        Length of the axis, length of the kernel.
    stride, dilation : int
        Step between positions; distance between neighbouring taps.
    padding : {"valid", "same", "circular"}, int or (before, after)
        Nothing; as much as Keras adds; wrapped around; zeros on each side.

    Returns
    -------
    int
        ``floor((n + pad - dilation * (k - 1) - 1) / stride) + 1``.

    Raises
    ------
    ValueError
        If a number is below 1, the padding is unknown, or the kernel does
        not fit.

    Notes
    -----
    Source: Dumoulin and Visin (2016), relationships 1 to 6.
    """
    before, after = pads_of(n, k, stride, padding, dilation)
    room = n + before + after - dilation * (k - 1) - 1
    if room < 0:
        raise ValueError(
            f"The kernel must fit into the padded input: it covers "
            f"{dilation * (k - 1) + 1} pixels, but only "
            f"{n + before + after} are there (n={n}, k={k}, "
            f"dilation={dilation}, padding={padding!r}). Pad more, or take "
            "a smaller kernel."
        )
    return room // stride + 1


def same_padding(
    n: int, k: int, stride: int = 1, dilation: int = 1
) -> tuple[int, int]:
    """Return the zeros (before, after) that give ``ceil(n / stride)``.

    An odd total leaves its extra zero at the end, as in Keras; frameworks
    that pad both sides alike compute other values for even `n`.

    Raises
    ------
    ValueError
        If an argument is below 1.
    """
    check_counts(n=n, k=k, stride=stride, dilation=dilation)
    reach = (-(-n // stride) - 1) * stride + dilation * (k - 1) + 1
    total = max(reach - n, 0)
    return total // 2, total - total // 2


def pads_of(
    n: int, k: int, stride: int, padding: Padding, dilation: int
) -> tuple[int, int]:
    """Return the pixels added before and after one axis."""
    check_counts(n=n, k=k, stride=stride, dilation=dilation)
    if isinstance(padding, (int, np.integer)) and padding >= 0:
        return int(padding), int(padding)
    if isinstance(padding, tuple) and len(padding) == 2 and min(padding) >= 0:
        return padding
    if padding == "valid":
        return 0, 0
    if padding == "same":
        return same_padding(n, k, stride, dilation)
    if padding == "circular":  # every pixel is a centre, whatever the stride
        return same_padding(n, k, 1, dilation)
    raise ValueError(
        'padding is "valid", "same", "circular", a number of zeros or a '
        f"pair (before, after), none negative, but got {padding!r}."
    )


def check_counts(**counts: int) -> None:
    """Raise ValueError unless every number is whole and at least 1."""
    for name, value in counts.items():
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(
                f"{name} must be a whole number of at least 1, but got "
                f"{name}={value!r}."
            )
