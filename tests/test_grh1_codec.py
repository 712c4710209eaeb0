"""Profile GRH-1 on the wire: golden frames from an independent source, and every field's place."""

import csv
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs.grh1 import (
    Cmd,
    Command,
    Finished,
    Load,
    MissionType,
    Mode,
    State,
    Torn,
    WrongProfile,
    command_frame,
    crc16,
    heartbeat_frame,
    load_id,
    newer,
    next_after,
    parse_command,
    parse_journal,
    parse_status,
)

GOLDEN = list(csv.DictReader((Path(__file__).parent / "fixtures" / "grh1.csv").open()))
number = st.integers(1, 65_535)


def golden(row: dict[str, str]) -> tuple[Command, list[int]]:
    command = Command(
        seq=int(row["seq"]),
        cmd=Cmd(int(row["cmd"])),
        mission=int(row["mission_id"]),
        mission_type=MissionType(int(row["mission_type"])),
        source=int(row["source"]),
        target=int(row["target"]),
        priority=int(row["priority"]),
        load_id=int(row["load_id"]),
        boot_id=int(row["boot_id"]),
        fence=int(row["fence"]),
    )
    return command, [int(word, 16) for word in row["registers_1000_to_1023_hex"].split()]


def status_registers() -> list[int]:
    """Every register of STATUS, typed in by hand from the table of the profile."""
    registers = [0] * 48
    registers[0] = registers[47] = 0xBEEF
    registers[1], registers[2] = 1, 777
    registers[3], registers[4] = 0x0001, 0x0002  # BOOT_ID 65538
    registers[5], registers[6], registers[7] = 2, 4711, 15
    registers[8:12] = [0x0102, 0x0304, 0x0506, 0x0708]
    registers[12], registers[13], registers[14] = 4, 3, 1
    registers[15], registers[16] = 0xDEAD, 0xBEEF
    registers[17], registers[18], registers[19] = 12, 873, 5
    registers[20], registers[21] = 0x1234, 0x5678
    registers[22], registers[23] = struct.unpack(">2H", struct.pack(">f", 1.5))
    registers[24], registers[25] = 1, 900
    return registers


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: f"{row['cmd']}-{row['crc16']}")
def test_a_golden_frame_is_built_and_read_back(row: dict[str, str]) -> None:
    command, registers = golden(row)
    frame = command_frame(command)
    assert frame == registers
    assert frame[22] == int(row["crc16"])
    assert parse_command(registers) == command


@pytest.mark.parametrize("row", [row for row in GOLDEN if row["container_code"]])
def test_the_load_id_is_that_of_the_golden_container(row: dict[str, str]) -> None:
    assert load_id(row["container_code"]) == int(row["load_id"])


def test_the_crc_is_the_published_one() -> None:
    assert crc16(b"123456789") == 0x4B37  # the check value of CRC-16/MODBUS


@given(st.integers(0, 23), st.integers(1, 0xFFFF))
def test_a_frame_with_any_register_changed_is_torn(at: int, change: int) -> None:
    registers = golden(GOLDEN[1])[1]
    registers[at] ^= change
    with pytest.raises(Torn):
        parse_command(registers)


def test_every_field_of_status_is_read_from_its_register() -> None:
    status = parse_status(status_registers())
    assert status.heartbeat == 777
    assert status.boot_id == 65_538
    assert (status.mode, status.ack_seq, status.answer) == (Mode.AUTO, 4711, 15)
    assert status.mission == 0x0102030405060708
    assert (status.state, status.error, status.load) == (State.TO_TARGET, 3, Load.LOADED)
    assert status.load_id == 0xDEADBEEF
    assert (status.location, status.battery, status.fault_seq) == (12, 873, 5)
    assert status.floor_alive
    assert status.fence_seen == 900


def test_a_torn_status_is_not_read() -> None:
    registers = status_registers()
    registers[47] += 1
    with pytest.raises(Torn):
        parse_status(registers)


@pytest.mark.parametrize(
    ("at", "value"),
    [(1, 2), (20, 0x5678), (21, 0x1234), (22, 0), (5, 6), (12, 9), (14, 3)],
)
def test_another_protocol_word_order_or_vocabulary_is_refused(at: int, value: int) -> None:
    registers = status_registers()
    registers[at] = value
    with pytest.raises(WrongProfile):
        parse_status(registers)


def test_the_journal_has_the_used_slots() -> None:
    registers = [0] * 48
    registers[6:12] = [0, 0, 0, 9, 6, 0]
    registers[42:48] = [0x8000, 0, 0, 1, 8, 3]
    assert parse_journal(registers) == (
        Finished(9, State.DONE, 0),
        Finished(2**63 + 1, State.FAILED, 3),
    )
    registers[10] = 77
    with pytest.raises(WrongProfile):
        parse_journal(registers)


def test_the_heartbeat_wraps() -> None:
    assert heartbeat_frame(65_536 + 3, 9) == [3, 9]


@given(number, number)
def test_of_two_numbers_at_most_one_is_newer(a: int, b: int) -> None:
    assert not (newer(a, b) and newer(b, a))
    assert newer(a, b) == (1 <= (a - b) % 65_536 <= 32_767)


@given(st.lists(st.integers(0, 65_535), max_size=3))
def test_the_next_number_is_never_zero_and_newer_than_each_near_one(numbers: list[int]) -> None:
    following = next_after(*numbers)
    assert 1 <= following <= 65_535
    near = [n for n in numbers if n and all(n == m or newer(n, m) for m in numbers if m)]
    assert all(newer(following, n) for n in near)


def test_numbers_go_on_after_the_wrap() -> None:
    assert next_after(65_535) == 1
    assert next_after(65_535, 1) == 2
    assert next_after(0, 0) == 1
