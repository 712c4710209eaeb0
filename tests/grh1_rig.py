"""A robot's PLC on the bench: one tote, a clock in the hand, and a floor that beats or does not."""

import random

from devices.codecs import grh1
from devices.codecs.grh1 import Cmd, Command, MissionType, State, Status
from devices.twins.grh1 import Stations
from devices.twins.grh1_body import Body, DeliveryLog
from devices.twins.grh1_plc import Pace, Plc

TOTE = "T-000123"
SOURCE, TARGET, PARKING = 3, 7, 1
ASSIGN_COMMAND, BEAT, STATUS, JOURNAL = 1000, 1030, 2000, 2100


class Rig:
    """A robot's PLC on the bench, with a clock in the hand and a floor that beats."""

    def __init__(self, *, remembers: bool = True) -> None:
        self.world = Stations({SOURCE: [TOTE]})
        self.body = Body(self.world, station=PARKING)
        self.log = DeliveryLog()
        self.plc = Plc(
            self.body,
            stations=range(1, 10),
            log=self.log,
            pace=Pace(travel_s=4, hand_off_s=1),
            chance=random.Random(1),
            remembers=remembers,
        )
        self.now_s = 100.0
        self.seq = self.beat = 0
        self.fence, self.beats = 5, True
        self.scan()

    def scan(self) -> None:
        """One scan, a tenth of a second later."""
        self.now_s += 0.1
        if self.beats:
            self.beat += 1
            self.plc.write(BEAT, grh1.heartbeat_frame(self.beat, self.fence))
        self.plc.scan(self.now_s)

    @property
    def status(self) -> Status:
        return grh1.parse_status(self.plc.read(STATUS, grh1.STATUS_COUNT))

    @property
    def journal(self) -> dict[int, tuple[State, int]]:
        entries = grh1.parse_journal(self.plc.read(JOURNAL, grh1.JOURNAL_COUNT))
        return {entry.mission: (entry.state, entry.error) for entry in entries}

    def frame(
        self,
        cmd: Cmd,
        mission: int,
        *,
        kind: MissionType = MissionType.CARRY,
        source: int = SOURCE,
        target: int = TARGET,
        boot_id: int | None = None,
        fence: int | None = None,
        seq: int | None = None,
    ) -> list[int]:
        if seq is None:
            self.seq = seq = grh1.next_after(self.seq, self.status.ack_seq)
        return grh1.command_frame(
            Command(
                seq=seq,
                cmd=cmd,
                mission=mission,
                mission_type=kind if cmd is Cmd.ASSIGN else MissionType.NONE,
                source=source,
                target=target,
                load_id=grh1.load_id(TOTE),
                boot_id=self.status.boot_id if boot_id is None else boot_id,
                fence=self.fence if fence is None else fence,
            )
        )

    def write(self, frame: list[int]) -> int:
        """Write a frame and scan once; the answer on display."""
        self.plc.write(ASSIGN_COMMAND, frame)
        self.scan()
        return self.status.answer

    def send(self, cmd: Cmd, mission: int, **fields: int | MissionType) -> int:
        answer = self.write(self.frame(cmd, mission, **fields))  # type: ignore[arg-type]
        assert self.status.ack_seq == self.seq
        return answer

    def until(self, state: State) -> None:
        for _ in range(500):
            if self.status.state is state:
                return
            self.scan()
        raise AssertionError(f"{self.status.state.name}, not {state.name}")
