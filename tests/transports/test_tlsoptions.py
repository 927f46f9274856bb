"""What a TLS connection is made with."""

from __future__ import annotations

import ssl

import pytest

import eagerloop
from eagerloop.transports import tlsoptions


def test_one_scratch_buffer_per_loop(loop: eagerloop.EventLoop) -> None:
    other = eagerloop.new_event_loop()
    try:
        assert tlsoptions.scratch_of(loop) is tlsoptions.scratch_of(loop)
        assert tlsoptions.scratch_of(loop) is not tlsoptions.scratch_of(other)
    finally:
        other.close()


def test_the_default_context_checks_what_it_can() -> None:
    assert tlsoptions.client_context(False, "somewhere").check_hostname
    nameless = tlsoptions.client_context(False, None)
    assert not nameless.check_hostname
    assert nameless.verify_mode == ssl.CERT_REQUIRED
    with pytest.raises(ValueError, match="Server side SSL needs a valid SSLContext"):
        tlsoptions.client_context(True, None)


@pytest.mark.parametrize("timeout", [0, -1.5])
def test_timeouts_are_positive(timeout: float) -> None:
    assert tlsoptions.checked_timeout("patience", None, 5.0) == 5.0
    assert tlsoptions.checked_timeout("patience", 0.1, 5.0) == 0.1
    with pytest.raises(ValueError, match="patience should be a positive number, got"):
        tlsoptions.checked_timeout("patience", timeout, 5.0)


def test_water_marks() -> None:
    assert tlsoptions.water_marks(None, None, 64) == (65536, 16384)
    assert tlsoptions.water_marks(100, None, 64) == (100, 25)
    assert tlsoptions.water_marks(None, 100, 64) == (400, 100)
    assert tlsoptions.water_marks(0, 0, 64) == (0, 0)
    for high, low in [(1, 2), (5, -1)]:
        with pytest.raises(ValueError, match="must be >= low"):
            tlsoptions.water_marks(high, low, 64)
