"""The wire format against the examples of its specification; whole messages are compared in test_protobuf.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.exposition.wire import bytes_field, double_field, packed_field, varint, varint_field, zigzag


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "8001"),
        (150, "9601"),
        (2**64 - 1, "ffffffffffffffffff01"),
    ],
)
def test_a_varint_has_seven_bits_a_byte(value, written):
    assert varint(value).hex() == written


@pytest.mark.parametrize("value", [-1, 2**64])
def test_what_does_not_fit_into_a_varint_is_refused(value):
    with pytest.raises(OverflowError, match=f"{value} does not fit into 64 bits"):
        varint(value)


@given(st.integers(0, 2**64 - 1))
def test_a_varint_can_be_read_back(value):
    *groups, last = varint(value)
    assert last < 128 <= min(groups, default=128)
    assert sum((group & 127) << (7 * place) for place, group in enumerate([*groups, last])) == value


@pytest.mark.parametrize(
    ("value", "told"), [(0, 0), (-1, 1), (1, 2), (-2, 3), (2**63 - 1, 2**64 - 2), (-(2**63), 2**64 - 1)]
)
def test_signs_alternate(value, told):
    assert zigzag(value) == told


def test_fields_begin_with_number_and_type():
    assert varint_field(1, 150).hex() == "089601"
    assert double_field(2, 1.5).hex() == "11000000000000f83f"
    assert bytes_field(2, b"testing").hex() == "120774657374696e67"
    assert packed_field(6, [3, 270, 86942]).hex() == "3206038e029ea705"
    assert packed_field(6, []) == b""
