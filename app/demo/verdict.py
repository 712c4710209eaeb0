"""PASS or FAIL: tallies that know nothing of one another must tell the same story.

The book; the shops' inbox; the labels that came out of the printers; what the robots moved; the
boxes as packed by hand; and the audit.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from app.demo.report import Row
from app.demo.site import vehicles
from app.demo.trouble import KINDS
from wms import audit
from wms.audit import auditor
from wms.db import Tx
from wms.promises.shortfalls import lacking
from wms.schema import items, missions, moves, order_lines, orders, parcel_lines, parcels

# These name a number; the last one says that it is void, of a box that was stopped.
TRACKED = ("order.shipped", "parcel.inspected", "parcel.voided")


@dataclass(slots=True)
class Verdict:
    """What was compared and what did not agree. `lines` are the summary's figures, `report` the
    day's: what was done, by hand, in the ledger and on the bill."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    report: list[Row] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.faults

    def claim(self, holds: bool, otherwise: str) -> None:
        """Note a fault unless *holds*."""
        if not holds:
            self.faults.append(otherwise)


def judge(tx: Tx, tally: dict[str, Any], *, trouble: bool) -> Verdict:
    """Compare the book in one snapshot with what the world testifies."""
    verdict = Verdict()
    shipped = _orders(tx, tally, verdict)
    _labels(tx, tally, verdict)
    _boxes(tx, tally, verdict)
    _robots(tx, tally, verdict)
    judge_vehicles(tx, tally, verdict)
    verdict.lines.append(("shipped", f"{len(shipped)} / {len(tally['posted'])}"))
    if trouble:
        _trouble(tally, verdict)
    findings = [*(str(finding) for finding in audit.audit(tx)), *auditor.agree(tx)]
    verdict.lines.append(("audit", "clean" if not findings else f"{len(findings)} findings"))
    verdict.faults += [f"audit: {finding}" for finding in findings[:10]]
    return verdict


def _orders(tx: Tx, tally: dict[str, Any], verdict: Verdict) -> set[str]:
    """Every posted order is in the book; shipped unless nothing was left on any shelf; and the
    shops heard `order.shipped` once, under one webhook-id, with the number told after proof."""
    states = {
        row.external_id: row
        for row in tx.execute(
            select(orders.c.external_id, orders.c.id, orders.c.state).where(orders.c.kind == "")
        )
    }
    verdict.claim(set(states) == set(tally["posted"]), "the book and the shops differ on orders")
    shipped = {name for name, row in states.items() if row.state == "shipped"}
    waiting = sorted(set(states) - shipped)
    waiting = [name for name in waiting if name not in tally["cancelled"]]
    had_stock = [name for name in waiting if not _is_lacking(tx, states[name].id, tally)]
    verdict.claim(not had_stock, f"not shipped though there is stock: {had_stock[:5]}")
    verdict.lines.append(("waiting for stock", str(len(waiting))))
    inbox, heard = tally["inbox"], tally["heard"]
    for name in sorted(shipped):
        told = [identity for kind, identity in heard.get(name, []) if kind == "order.shipped"]
        verdict.claim(len(told) == 1, f"{name}: order.shipped under {len(told)} webhook-ids")
        seqs = [inbox[identity]["data"]["seq"] for _, identity in heard.get(name, [])]
        verdict.claim(seqs == sorted(seqs), f"{name}: events out of order: {seqs}")
    early = [
        event["subject"] for event in inbox.values()
        if event["type"] not in TRACKED
        and event["data"].get("tracking")
    ]  # fmt: skip
    verdict.claim(not early, f"a tracking number left too early: {early[:5]}")
    verdict.claim(tally["forged"] == 0, "the shops saw a signature that does not fit")
    verdict.lines.append((
        "webhooks",
        f"{len(inbox)} events, {tally['webhook_deliveries']} deliveries, "
        f"{tally['webhook_failures']} failed on purpose",
    ))  # fmt: skip
    return shipped


def _is_lacking(tx: Tx, order: int, tally: dict[str, Any]) -> bool:
    """Whether the shelves really do not hold what the order still wants."""
    return any(tally["shelves"].get(sku, 0) < qty for sku, qty in lacking(tx, order).items())


def _labels(tx: Tx, tally: dict[str, Any], verdict: Verdict) -> None:
    """Every parcel's number came out on a label that names this parcel, and none other did. The
    label of one that was cancelled at once need not have come out."""
    out: dict[str, set[str]] = {}
    for labels in tally["labels"].values():
        for fields in labels:
            texts = [_plain(text) for text in fields]
            numbers = [text for text in texts if text.isdigit() and len(text) == 12]
            parcel = next((text for text in texts if text.startswith("P") and "-" in text), "")
            out.setdefault(parcel, set()).update(numbers)
    columns = parcels.c.code, parcels.c.tracking, parcels.c.state, parcels.c.verified_ms
    booked = {
        row.code: row.tracking
        for row in tx.execute(select(*columns))
        if row.tracking and (row.code in out or row.state != "void" or row.verified_ms is not None)
    }
    wrong = [code for code, number in booked.items() if out.get(code) != {number}]
    verdict.claim(not wrong, f"label and book differ: {wrong[:5]}")
    strangers = sorted(set(out) - set(booked) - {""})
    verdict.claim(not strangers, f"labels of unknown parcels: {strangers[:5]}")
    count = sum(len(labels) for labels in tally["labels"].values())
    verdict.lines.append(("labels", f"{count} for {len(booked)} parcels"))


def _plain(text: str) -> str:
    for switch in (">:", ">;", ">5", ">6"):
        text = text.replace(switch, "")
    return text


def _boxes(tx: Tx, tally: dict[str, Any], verdict: Verdict) -> None:
    """What was put into each box by hand is what the book says is in it."""
    booked: dict[str, Counter[tuple[str, str]]] = {}
    query = (
        select(parcels.c.code, items.c.sku, parcel_lines.c.lot, parcel_lines.c.qty)
        .join(parcel_lines, parcel_lines.c.parcel_id == parcels.c.id)
        .join(order_lines, order_lines.c.id == parcel_lines.c.line_id)
        .join(items, items.c.id == order_lines.c.item_id)
        .where(parcels.c.state != "void")
    )
    for row in tx.execute(query):
        booked.setdefault(row.code, Counter())[row.sku, row.lot] += row.qty
    real = {
        code: Counter({(sku, lot): qty for sku, lot, qty in box["units"]})
        for code, box in tally["boxes"].items()
    }
    differ = [code for code in booked if real.get(code) != booked[code]]
    verdict.claim(not differ, f"box and book differ: {_difference(differ, real, booked)}")
    verdict.lines.append(("boxes", f"{len(real)} packed, {len(booked)} booked"))


def _difference(codes: list[str], real: Any, booked: Any) -> str:
    return "; ".join(
        f"{code} holds {dict(real.get(code, {}))}, booked {dict(booked[code])}"
        for code in codes[:3]
    )  # fmt: skip


def _robots(tx: Tx, tally: dict[str, Any], verdict: Verdict) -> None:
    """Every mission that is done moved its tote once, and the ledger moved it once."""
    moved = Counter(
        mission for deliveries in tally["deliveries"].values() for mission, *_ in deliveries
    )
    twice = [mission for mission, count in moved.items() if count > 1]
    verdict.claim(not twice, f"carried twice: {twice[:5]}")
    rows = tx.execute(select(missions.c.id, missions.c.job, missions.c.state)).all()
    done = {row.id for row in rows if row.state == "done"}
    verdict.claim(done <= set(moved), f"done without a delivery: {sorted(done - set(moved))[:5]}")
    settled = {row.id for row in rows if row.state == "settled"}  # a person saw where it stands
    other = set(moved) - done - settled
    verdict.claim(
        not other, f"carried what was not asked for, or was given up: {sorted(other)[:5]}"
    )
    live = [row.id for row in rows if row.state not in ("done", "settled", "voided", "failed")]
    verdict.claim(not live, f"missions without an end: {live[:5]}")
    jobs = Counter(key for key in tx.scalars(select(moves.c.key).where(moves.c.key.like("job:%"))))
    verdict.claim(len(jobs) <= len({row.job for row in rows}), "more moves than jobs")
    verdict.lines.append((
        "robots", f"{len(moved)} deliveries, {len(done)} missions done, "
        f"{len(settled)} settled by a person",
    ))  # fmt: skip


def judge_vehicles(tx: Tx, tally: dict[str, Any], verdict: Verdict) -> None:
    """The word of a vehicle moves nothing in the ledger: a person's scan has settled each of its
    deliveries, at the bench or on a handheld."""
    carried = {name: tally["deliveries"].get(name, []) for name in vehicles()}
    brought = {mission for deliveries in carried.values() for mission, *_ in deliveries}
    query = select(missions.c.id).where(missions.c.robot.in_(carried))
    settled = set(tx.scalars(query.where(missions.c.state == "settled")))
    unproven = sorted(brought - settled)
    verdict.claim(not unproven, f"brought by a vehicle, and nobody has scanned it: {unproven[:5]}")
    by_word = moves.c.actor.in_([f"robot:{name}" for name in carried])
    told = list(tx.scalars(select(moves.c.ref).where(by_word, moves.c.key.like("job:%"))))
    verdict.claim(not told, f"moved by a vehicle's word alone: {told[:5]}")
    verdict.lines.append((
        "vehicles", f"{len(brought)} deliveries of these, {len(brought & settled)} confirmed by a "
        f"scan; {tally['flows'].get('confirmed', 0)} scans on handhelds",
    ))  # fmt: skip


def _trouble(tally: dict[str, Any], verdict: Verdict) -> None:
    for kind in KINDS:
        happened, coped = tally["happened"].get(kind, 0), tally["coped"].get(kind, 0)
        verdict.claim(happened > 0, f"{kind}: did not happen")
        verdict.claim(coped > 0, f"{kind}: was not handled")
        verdict.lines.append((kind, f"{happened} happened, {coped} handled"))
