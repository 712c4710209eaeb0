"""EPC on tags: SGTIN-96 and SSCC-96, as plain integers.

Source: GS1 EPC Tag Data Standard, sections 14.5.1 (header 0x30, filter 3, partition 3, company
prefix and item reference 44, serial 38 bits) and 14.5.2 (header 0x31, filter 3, partition 3,
company prefix and serial reference 58, nothing 24). A serial with a leading zero does not fit
SGTIN-96.
"""

from wms.site.items import check_digit, normal_barcode

HEADER, SSCC_HEADER = 0x30, 0x31
SSCC_BITS, NOTHING_BITS = 58, 24
UNIT_LOAD = 6  # the filter of a pallet
SERIAL_BITS = 38
# partition: bits and digits of the company prefix, bits of the item reference with its indicator
PARTITIONS = ((40, 12, 4), (37, 11, 7), (34, 10, 10), (30, 9, 14), (27, 8, 17), (24, 7, 20),
              (20, 6, 24))  # fmt: skip


def sgtin96(gtin: str, serial: int, *, prefix_digits: int, tag_filter: int = 1) -> str:
    """The EPC of one unit as 24 hex digits. *gtin* has 13 or 14 digits; *prefix_digits* 6 to 12
    is the length of the owner's GS1 company prefix. Raises `ValueError` when it does not fit.

    >>> sgtin96("0037000302414", 1041970, prefix_digits=7, tag_filter=3)
    '30740242201d8840000fe632'
    """
    digits = gtin.zfill(14)
    if not (digits.isascii() and digits.isdigit() and len(digits) == 14):
        raise ValueError(f"not a GTIN: {gtin}")
    if not 6 <= prefix_digits <= 12:
        raise ValueError(f"a company prefix has 6 to 12 digits, not {prefix_digits}")
    if not 0 <= serial < 1 << SERIAL_BITS:
        raise ValueError(f"the serial {serial} does not fit {SERIAL_BITS} bits")
    partition = 12 - prefix_digits
    prefix_bits, _, item_bits = PARTITIONS[partition]
    prefix = int(digits[1 : 1 + prefix_digits])
    item = int(digits[0] + digits[1 + prefix_digits : 13])
    value = HEADER
    for number, bits in (
        (tag_filter, 3), (partition, 3), (prefix, prefix_bits), (item, item_bits),
        (serial, SERIAL_BITS),
    ):  # fmt: skip
        value = value << bits | number
    return f"{value:024x}"


def sscc96(sscc: str, *, prefix_digits: int, tag_filter: int = UNIT_LOAD) -> str:
    """The EPC of a pallet or carton as 24 hex digits. *sscc* has 18 digits; *prefix_digits* as in
    `sgtin96`. Raises `ValueError` when it does not fit.

    >>> sscc96("106141412345678908", prefix_digits=7, tag_filter=2)
    '3154257bf4499602d2000000'
    """
    if not (sscc.isascii() and sscc.isdigit() and len(sscc) == 18):
        raise ValueError(f"not an SSCC: {sscc}")
    if not 6 <= prefix_digits <= 12:
        raise ValueError(f"a company prefix has 6 to 12 digits, not {prefix_digits}")
    partition = 12 - prefix_digits
    prefix_bits = PARTITIONS[partition][0]
    value = SSCC_HEADER
    for number, bits in (
        (tag_filter, 3), (partition, 3), (int(sscc[1 : 1 + prefix_digits]), prefix_bits),
        (int(sscc[0] + sscc[1 + prefix_digits : 17]), SSCC_BITS - prefix_bits), (0, NOTHING_BITS),
    ):  # fmt: skip
        value = value << bits | number
    return f"{value:024x}"


def gtin_of(epc: str) -> str | None:
    """The GTIN (as barcodes are kept) of an SGTIN-96 in hex; None for any other tag.

    >>> gtin_of("30740242201d8840000fe632")
    '0037000302414'
    """
    if len(epc) != 24:
        return None
    try:
        value = int(epc, 16)
    except ValueError:
        return None
    partition = value >> 82 & 0b111
    if value >> 88 != HEADER or partition >= len(PARTITIONS):
        return None
    prefix_bits, digits, item_bits = PARTITIONS[partition]
    item = value >> SERIAL_BITS & (1 << item_bits) - 1
    prefix = value >> (SERIAL_BITS + item_bits) & (1 << prefix_bits) - 1
    if prefix >= 10**digits or item >= 10 ** (13 - digits):
        return None
    reference = f"{item:0{13 - digits}d}"
    body = f"{reference[0]}{prefix:0{digits}d}{reference[1:]}"
    return normal_barcode(body + check_digit(body))


def serial_of(epc: str) -> str:
    """The serial number in an SGTIN-96 in hex, as digits.

    >>> serial_of("30740242201d8840000fe632")
    '1041970'
    """
    return str(int(epc, 16) & (1 << SERIAL_BITS) - 1)
