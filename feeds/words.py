"""Eight bytes at a time: how the kernels load, fold and hash spans of text."""

from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

Bytes = npt.NDArray[np.uint8]
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
njit: "Callable[..., Any]" = numba.njit(**_OPTIONS)
"""Kernels under this allocate nothing: without numba's reference counts, atomic steps at each call
that passes an array, they take two thirds of the time."""
_njit_inline: "Callable[..., Any]" = numba.njit(**_OPTIONS, inline="always")

_EIGHT = np.uint64(8)


@_njit_inline
def word_at(data: Bytes, p: int) -> np.uint64:
    """Return eight bytes as one number, the first lowest.

    Compiled to one load, but only because the index is unsigned: a signed one might be negative,
    and then count from the end, at each of the eight.
    """
    at = np.uint64(p)
    word = np.uint64(data[at])
    for i in range(1, 8):
        word |= np.uint64(data[at + np.uint64(i)]) << (np.uint64(i) * _EIGHT)
    return word


@_njit_inline
def tail_of(data: Bytes, low: int, p: int, high: int) -> np.uint64:
    """Return the fewer than eight bytes `p:high` that are left of `low:high` as one number."""
    rest = np.uint64(high - p)
    if rest == 0:
        return np.uint64(0)
    if high - low >= 8:
        return word_at(data, high - 8) >> (np.uint64(64) - rest * _EIGHT)
    word = np.uint64(0)
    for i in range(rest):
        word |= np.uint64(data[np.uint64(p) + np.uint64(i)]) << (np.uint64(i) * _EIGHT)
    return word


@njit
def xor_of(data: Bytes, low: int, high: int) -> np.uint8:
    """Return the exclusive or of the bytes `low:high`: the checksum of NMEA 0183.

    `data` has to go on for eight bytes behind `high`.
    """
    words = np.uint64(0)
    p = low
    while p + 8 <= high:
        words ^= word_at(data, p)
        p += 8
    rest = np.uint64(high - p) * _EIGHT
    words ^= word_at(data, p) & ((np.uint64(1) << rest) - np.uint64(1))
    words ^= words >> np.uint64(32)
    words ^= words >> np.uint64(16)
    return np.uint8((words ^ words >> _EIGHT) & np.uint64(255))


@njit
def hash_of(data: Bytes, low: int, high: int) -> np.uint64:
    """Return a hash of the bytes `low:high`: FNV-1a over words of eight bytes, then mixed."""
    value = np.uint64(0xCBF29CE484222325) ^ np.uint64(high - low)
    p = low
    while p + 8 <= high:
        value = (value ^ word_at(data, p)) * np.uint64(0x9E3779B97F4A7C15)
        value ^= value >> np.uint64(29)
        p += 8
    value = (value ^ tail_of(data, low, p, high)) * np.uint64(0x9E3779B97F4A7C15)
    return value ^ (value >> np.uint64(32))
