"""The day report: what was done, by whose testimony, and whether all of them say the same.

A row has what hands have counted, what the ledger says and what the bill's file says, owner by
owner; None where that witness cannot know. The same rows are printed, checked and given as JSON.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, func, select

from app.demo import bill, figures
from app.demo.figures import Figures, Key
from wms.db import Tx
from wms.look.billing import Span
from wms.schema import counts, events, inbounds, orders, places, returns
from wms.schema import moves as moves_table

BY_REASON = {
    "received": "receive", "put away": "putaway", "replenished": "replenish", "packed": "pack",
    "put back": "put_back", "sorted": "sort",
}  # fmt: skip
OUTCOMES = {"order.cancelled": "cancelled", "order.cancel_refused": "refused"}
BILLED = {"received": "receipts", "picked": "picks"}  # in pieces


class Row(Struct, frozen=True, kw_only=True):
    """One figure of the day. `owner` "" is for everybody's goods together."""

    flow: str
    unit: str
    owner: str = ""
    hand: int | None = None
    ledger: int | None = None
    billed: int | None = None

    @property
    def agrees(self) -> bool:
        """Whether all who can know it say the same."""
        return len({self.hand, self.ledger, self.billed} - {None}) <= 1

    @property
    def words(self) -> str:
        """The row as a sentence, for a difference that has to be found."""
        told = (("by hand", self.hand), ("ledger", self.ledger), ("bill", self.billed))
        said = ", ".join(f"{who} {count}" for who, count in told if count is not None)
        return " ".join(part for part in (self.owner, self.flow, self.unit) if part) + f": {said}"


def rows_of(tx: Tx, tally: dict[str, Any], span: Span, folder: Path, *, now: int) -> list[Row]:
    """The whole report; the bill's files are in *folder*. Raises `bill.BillUnreadable`."""
    ledger = figures.billable(tx, span, now=now)
    files = {name: bill.read(folder / name) for name in bill.FILES}
    hands = {(flow, owner): qty for flow, owner, qty in tally["pieces"]}
    return [
        *_done(tx, tally), _made(tally, ledger, files["bill.xlsx"]),
        *_pieces(tx, hands, ledger, files["bill.xlsx"]),
        *_graded(hands, ledger, files["bill.xlsx"]), *_cancelled(tx, tally),
        *_lines(ledger, files),
    ]  # fmt: skip


def _done(tx: Tx, tally: dict[str, Any]) -> Iterator[Row]:
    """What happened as a whole: deliveries, counts, boxes, returns, exchanges, kits."""
    flows: Counter[str] = Counter(tally["flows"])

    def many(what: ColumnElement[bool], table: Any) -> int:
        return tx.execute(select(func.count()).select_from(table).where(what)).scalar_one()

    received = many(inbounds.c.state == "received", inbounds)
    yield Row(flow="deliveries", unit="trucks", hand=flows["deliveries"], ledger=received)
    pallet = select(places.c.code).where(places.c.kind == "pallet")
    moved = moves_table.c.container.in_(pallet) & moves_table.c.reason.like("putaway%")
    yield Row(flow="stored", unit="pallets", hand=flows["pallets stored"],
              ledger=many(moved, moves_table))  # fmt: skip
    done = counts.c.state == "done"  # a stocktake has every place counted by two people
    counted = many(done, counts) + many(done & counts.c.stocktake_id.is_not(None), counts)
    yield Row(flow="counted", unit="counts", hand=flows["counts"], ledger=counted)
    adjusted = select(func.sum(moves_table.c.qty)).where(moves_table.c.reason == "count")
    yield Row(flow="adjusted", unit="pieces", ledger=int(tx.execute(adjusted).scalar() or 0))
    gone = sum(box["shipped"] for box in tally["boxes"].values())
    shipped = select(func.count(moves_table.c.source.distinct())).where(
        moves_table.c.reason == "ship"
    )
    yield Row(flow="shipped", unit="parcels", hand=gone, ledger=tx.execute(shipped).scalar_one())
    back = many((returns.c.state == "closed") & returns.c.external_id.like("RMA-%"), returns)
    yield Row(flow="returned", unit="boxes", hand=flows["sent back"], ledger=back)
    sent = many((orders.c.kind == "exchange") & (orders.c.state == "shipped"), orders)
    yield Row(flow="exchanged", unit="orders", hand=tally["exchanged"], ledger=sent)


def _made(tally: dict[str, Any], ledger: Figures, billed: Figures) -> Row:
    """Sets that came out of the hands of whoever makes them."""
    kits = [key for key in {*ledger, *billed} if key[1:] == ("work", "kit", "pieces")]
    return Row(
        flow="made", unit="kits", hand=tally["flows"].get("kits", 0),
        ledger=sum(ledger[key] for key in kits), billed=sum(billed[key] for key in kits),
    )  # fmt: skip


def _pieces(
    tx: Tx, hands: dict[tuple[str, str], int], ledger: Figures, billed: Figures
) -> Iterator[Row]:
    owners = sorted({owner for _, owner in hands})
    booked = {flow: figures.pieces(tx, reason) for flow, reason in BY_REASON.items()}
    for flow in ("received", "put away", "replenished", "picked", "sorted", "packed", "put back"):
        for owner in owners:
            activity = BILLED.get(flow, "")
            key = Key(owner, activity, "", "pieces")
            yield Row(
                flow=flow, unit="pieces", owner=owner, hand=hands.get((flow, owner), 0),
                ledger=ledger[key] if activity else booked[flow][owner],
                billed=billed[key] if activity else None,
            )  # fmt: skip


def _graded(
    hands: dict[tuple[str, str], int], ledger: Figures, billed: Figures
) -> Iterator[Row]:  # fmt: skip
    """Pieces by grade, as the grader saw them."""
    seen = {
        Key(owner, "returns", flow.removeprefix("graded "), "units"): qty
        for (flow, owner), qty in hands.items() if flow.startswith("graded ")
    }  # fmt: skip
    booked = [key for key in {*ledger, *billed} if key.activity == "returns"]
    for key in sorted({*seen, *booked}):
        yield Row(
            flow=f"graded {key.detail}", unit="pieces", owner=key.owner, hand=seen.get(key, 0),
            ledger=ledger[key], billed=billed[key],
        )  # fmt: skip


def _cancelled(tx: Tx, tally: dict[str, Any]) -> Iterator[Row]:
    """What the shops were told, by the stage at which it reached the goods."""
    told: Counter[str] = Counter(tally["answers"])
    booked: Counter[str] = Counter()
    query = select(events.c.kind, events.c.body).where(events.c.kind.in_(OUTCOMES))
    for row in tx.execute(query):
        stage = msgspec.json.decode(row.body)["stage"]  # "" where no shop had asked for it
        if stage:
            booked[f"{OUTCOMES[row.kind]}, {stage}"] += 1
    for stage in sorted({*told, *booked}):
        yield Row(flow="cancels", unit=stage, hand=told[stage], ledger=booked[stage])


def _lines(ledger: Figures, files: dict[str, Figures]) -> Iterator[Row]:
    """Every line of the bill, from both files, against the ledger."""
    for key in sorted({*ledger, *(key for file in files.values() for key in file)}):
        for name, file in files.items():
            row = Row(
                flow=f"bill {key.activity} {key.detail}".strip(), unit=key.unit, owner=key.owner,
                ledger=ledger[key], billed=file[key],
            )  # fmt: skip
            if name == bill.FILES[-1] or not row.agrees:
                yield row
