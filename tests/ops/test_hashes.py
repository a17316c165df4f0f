"""The hashes against the published answers of their authors."""

from __future__ import annotations

import pytest

from flowc.ops.text.hashes import fingerprint64, murmur64, siphash

# The first vectors of SipHash-2-4's reference: key 00 01 .. 0f, data 00 01 .. of growing length.
SIPHASH = [0x726FDB47DD0E0E31, 0x74F839C593DC67FD, 0x0D6C8009D9A94F5A, 0x85676696D7FB7E2D]


@pytest.mark.parametrize(("size", "expected"), list(enumerate(SIPHASH)))
def test_siphash(size: int, expected: int) -> None:
    key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
    assert siphash(bytes(range(size)), key) == expected


def test_siphash_of_fifteen_bytes() -> None:
    key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
    assert siphash(bytes(range(15)), key) == 0xA129CA6149BE45E5


def test_fingerprint_of_nothing() -> None:
    assert fingerprint64(b"") == 0x9AE16A3B2F90404F


@pytest.mark.parametrize("function", [fingerprint64, murmur64])
def test_every_length_has_a_hash_of_its_own(function: object) -> None:
    assert callable(function)
    hashes = {function(b"x" * size) for size in range(300)}
    assert len(hashes) == 300
    assert all(0 <= value < 1 << 64 for value in hashes)
