"""Hashes of strings: the functions that TensorFlow's buckets come from, and the ops.

MurmurHash64A for `StringToHashBucket`, FarmHash's Fingerprint64 for `...Fast` (Pike and Alakuijala
2014), and SipHash-2-4 for `...Strong` (Aumasson and Bernstein 2012).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import require
from flowc.ir.tensor.primitive import Array
from flowc.ops.registry import host_op
from flowc.ops.text.strings import keeps_shape
from flowc.ops.text.texts import elements

_MASK = (1 << 64) - 1


def _word(data: bytes, at: int, size: int = 8) -> int:
    return int.from_bytes(data[at : at + size], "little")


# MurmurHash64A

_MURMUR = 0xC6A4A7935BD1E995


def murmur64(data: bytes, seed: int = 0xDECAFCAFFE) -> int:
    """TensorFlow's Hash64."""
    h = seed ^ (len(data) * _MURMUR & _MASK)
    whole = len(data) & ~7
    for at in range(0, whole, 8):
        k = _word(data, at) * _MURMUR & _MASK
        k = (k ^ k >> 47) * _MURMUR & _MASK
        h = (h ^ k) * _MURMUR & _MASK
    if whole < len(data):
        h = (h ^ _word(data, whole)) * _MURMUR & _MASK
    h = (h ^ h >> 47) * _MURMUR & _MASK
    return h ^ h >> 47


# FarmHash

_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def _rotate(x: int, n: int) -> int:
    x &= _MASK
    return (x >> n | x << 64 - n) & _MASK


def _mix(x: int) -> int:
    x &= _MASK
    return x ^ x >> 47


def _of_two(u: int, v: int, factor: int) -> int:
    a = _mix((u ^ v) * factor)
    return _mix((v ^ a) * factor) * factor & _MASK


def fingerprint64(data: bytes) -> int:
    """FarmHash's Fingerprint64."""
    size = len(data)
    if size <= 16:
        return _up_to_16(data, size)
    if size <= 32:
        return _up_to_32(data, size)
    return _up_to_64(data, size) if size <= 64 else _long(data, size)


def _up_to_16(s: bytes, size: int) -> int:
    factor = _K2 + 2 * size
    if size >= 8:
        a, b = _word(s, 0) + _K2 & _MASK, _word(s, size - 8)
        c, d = _rotate(b, 37) * factor + a, (_rotate(a, 25) + b) * factor
        return _of_two(c & _MASK, d & _MASK, factor)
    if size >= 4:
        return _of_two(size + (_word(s, 0, 4) << 3), _word(s, size - 4, 4), factor)
    if size:
        y, z = s[0] + (s[size >> 1] << 8), size + (s[-1] << 2)
        return _mix(y * _K2 ^ z * _K0) * _K2 & _MASK
    return _K2


def _up_to_32(s: bytes, size: int) -> int:
    factor = _K2 + 2 * size
    a, b = _word(s, 0) * _K1, _word(s, 8)
    c, d = _word(s, size - 8) * factor, _word(s, size - 16) * _K2
    u = _rotate(a + b, 43) + _rotate(c, 30) + d
    return _of_two(u & _MASK, a + _rotate(b + _K2, 18) + c & _MASK, factor)


def _up_to_64(s: bytes, size: int) -> int:
    factor = _K2 + 2 * size
    a, b = _word(s, 0) * _K2, _word(s, 8)
    c, d = _word(s, size - 8) * factor, _word(s, size - 16) * _K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d & _MASK
    z = _of_two(y, a + _rotate(b + _K2, 18) + c & _MASK, factor)
    e, f = _word(s, 16) * factor, _word(s, 24)
    g, h = (y + _word(s, size - 32)) * factor, (z + _word(s, size - 24)) * factor
    u = _rotate(e + f, 43) + _rotate(g, 30) + h
    return _of_two(u & _MASK, e + _rotate(f + a, 18) + g & _MASK, factor)


def _weak(s: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """Two sums of 32 bytes, with seeds."""
    w, x, y, z = (_word(s, at + 8 * i) for i in range(4))
    a = a + w & _MASK
    b = _rotate(b + a + z, 21)
    total = a + x + y & _MASK
    return total + z & _MASK, b + _rotate(total, 44) + a & _MASK


def _long(s: bytes, size: int) -> int:
    x, y = 81, 81 * _K1 + 113 & _MASK
    z = _mix(y * _K2 + 113) * _K2 & _MASK
    v, w = (0, 0), (0, 0)
    x = x * _K2 + _word(s, 0) & _MASK
    end = (size - 1) // 64 * 64
    for at in range(0, end, 64):
        x = _rotate(x + y + v[0] + _word(s, at + 8), 37) * _K1
        y = _rotate(y + v[1] + _word(s, at + 48), 42) * _K1
        x = (x ^ w[1]) & _MASK
        y = y + v[0] + _word(s, at + 40) & _MASK
        z = _rotate(z + w[0], 33) * _K1 & _MASK
        v = _weak(s, at, v[1] * _K1, x + w[0])
        w = _weak(s, at + 32, z + w[1], y + _word(s, at + 16))
        x, z = z, x
    return _last_64(s, size, x, y, z, v, w)


def _last_64(
    s: bytes, size: int, x: int, y: int, z: int, v: tuple[int, int], w: tuple[int, int]
) -> int:
    factor = _K1 + ((z & 0xFF) << 1) & _MASK
    at = size - 64
    w0 = w[0] + (size - 1 & 63)
    v0 = v[0] + w0
    w0 += v0
    x = _rotate(x + y + v0 + _word(s, at + 8), 37) * factor
    y = _rotate(y + v[1] + _word(s, at + 48), 42) * factor
    x = (x ^ w[1] * 9) & _MASK
    y = y + v0 * 9 + _word(s, at + 40) & _MASK
    z = _rotate(z + w0, 33) * factor & _MASK
    v = _weak(s, at, v[1] * factor, x + w0)
    w = _weak(s, at + 32, z + w[1], y + _word(s, at + 16))
    first = _of_two(v[0], w[0], factor) + _mix(y) * _K0 + x
    return _of_two(first & _MASK, _of_two(v[1], w[1], factor) + z & _MASK, factor)


# SipHash


def _sip_round(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    v0, v2 = v0 + v1 & _MASK, v2 + v3 & _MASK
    v1, v3 = _rotate(v1, 51) ^ v0, _rotate(v3, 48) ^ v2
    v0, v2 = _rotate(v0, 32) + v3 & _MASK, v2 + v1 & _MASK
    v1, v3 = _rotate(v1, 47) ^ v2, _rotate(v3, 43) ^ v0
    return v0, v1, _rotate(v2, 32), v3


def siphash(data: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4."""
    k0, k1 = (word & _MASK for word in key)
    v = (
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    )
    whole = len(data) & ~7
    words = [_word(data, at) for at in range(0, whole, 8)]
    words.append(_word(data, whole) | (len(data) & 0xFF) << 56)
    for word in words:
        v = _sip_round(*_sip_round(v[0], v[1], v[2], v[3] ^ word))
        v = (v[0] ^ word, v[1], v[2], v[3])
    v = (v[0], v[1], v[2] ^ 0xFF, v[3])
    for _ in range(4):
        v = _sip_round(*v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


# Ops


def _buckets(strings: Array, count: int, hash_of: Callable[[bytes], int]) -> Array:
    found = [hash_of(text) % count for text in elements(strings)]
    return np.array(found, np.int64).reshape(np.shape(strings))


@host_op("StringToHashBucket(string_tensor: string; num_buckets: int >= 1) -> output: int64")
def string_to_hash_bucket(string_tensor: Array, *, num_buckets: int) -> Array:
    """The bucket of each string, by a hash that may be attacked."""
    return _buckets(string_tensor, num_buckets, murmur64)


@host_op("StringToHashBucketFast(input: string; num_buckets: int >= 1) -> output: int64")
def string_to_hash_bucket_fast(input: Array, *, num_buckets: int) -> Array:
    """The bucket of each string, by FarmHash."""
    return _buckets(input, num_buckets, fingerprint64)


@host_op(
    "StringToHashBucketStrong(input: string; num_buckets: int >= 1, key: list(int))"
    " -> output: int64"
)
def string_to_hash_bucket_strong(input: Array, *, num_buckets: int, key: tuple[int, ...]) -> Array:
    """The bucket of each string, by a hash with a secret key."""
    require(len(key) == 2, f"Key must have 2 elements, not {len(key)}")
    return _buckets(input, num_buckets, lambda text: siphash(text, (key[0], key[1])))


for _definition in (
    string_to_hash_bucket,
    string_to_hash_bucket_fast,
    string_to_hash_bucket_strong,
):
    keeps_shape(_definition, dtypes.int64)
