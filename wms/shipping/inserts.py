"""What an owner puts into boxes by rule (同梱物): leaflets, samples, cards, and what gifts ask for.

The rules are applied when a wave is released, once an order. A leaflet that ran out keeps nobody
waiting; the ribbon or the のし paper that a purchaser asked for does: it is a line like any goods.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from wms.dates import iso_date
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.promises import allocation
from wms.schema import insert_rules, order_lines, orders, owners, shops
from wms.shape import refuse_first, shape_faults
from wms.site import items
from wms.text import clean, shown

INSERT, GIFT = "insert", "gift"  # kinds of lines
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Wish = Literal["", "wrapping", "noshi", "message"]  # fields of an order's `gift`
Day = Annotated[str, Meta(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]


class NewInsert(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`qty` of `sku` go into boxes of the owner's `shop` ("" = every one) where all of this is so:

    it is the `nth_order` of its customer (0 = any), `with_sku` is in it, at least `amount_min` was
    paid, and it is released between the dates. With a `wish` they are for gifts that ask for it, in
    these `wish_words` ("" = whatever they are), and the order waits for them.
    """

    owner: Name
    sku: Name
    shop: Annotated[str, Meta(max_length=32)] = ""
    qty: Annotated[int, Meta(ge=1, le=99)] = 1
    nth_order: Annotated[int, Meta(ge=0, le=10_000)] = 0
    with_sku: Annotated[str, Meta(max_length=64)] = ""
    amount_min: Annotated[int, Meta(ge=0, le=10**9)] = 0
    from_date: Day = ""
    until_date: Day = ""
    wish: Wish = ""
    wish_words: Annotated[str, Meta(max_length=64)] = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of an owner, by item numbers; 0 and "" do not limit."""

    id: int
    owner: str
    shop: str
    item: int
    qty: int
    nth_order: int = 0
    with_item: int = 0
    amount_min: int = 0
    from_date: str = ""
    until_date: str = ""
    wish: str = ""
    wish_words: str = ""


@dataclass(frozen=True, slots=True)
class Basket:
    """An order as rules see it. `has`: items that were ordered; `given`: inserts it has already;
    `wishes` of a gift: each with its words."""

    order: int
    owner: str
    shop: str
    amount: int
    nth: int
    has: frozenset[int]
    given: frozenset[int]
    wishes: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Insert:
    """What is added to an order; `kind` is that of its line."""

    order: int
    item: int
    qty: int
    kind: str = INSERT


def chosen(
    rules: Sequence[Rule], baskets: Iterable[Basket], *, today: str, free: Mapping[int, int]
) -> list[Insert]:
    """What the rules add to *baskets*: inserts while there is some *free*, wishes always. Pure.

    Of several rules for one item the first counts; one that an order has is never added again.
    """
    left = Counter(free)
    found = []
    for basket in baskets:
        given = set(basket.given)
        for rule in rules:
            if rule.item in given or (rule.wish and rule.item in basket.has):
                continue
            if not rule.wish and left[rule.item] < rule.qty:
                continue
            if applies(rule, basket, today=today):
                given.add(rule.item)
                left[rule.item] -= rule.qty
                kind = GIFT if rule.wish else INSERT
                found.append(Insert(basket.order, rule.item, rule.qty, kind))
    return found


def applies(rule: Rule, basket: Basket, *, today: str) -> bool:
    """Whether all that *rule* asks for is so."""
    return (
        rule.owner == basket.owner
        and rule.shop in ("", basket.shop)
        and rule.nth_order in (0, basket.nth)
        and (rule.with_item == 0 or rule.with_item in basket.has)
        and basket.amount >= rule.amount_min
        and (rule.wish == "" or _is_wished(rule, basket))
        and (rule.from_date or today) <= today <= (rule.until_date or today)
    )


def _is_wished(rule: Rule, basket: Basket) -> bool:
    return any(
        wish == rule.wish and rule.wish_words in ("", words) for wish, words in basket.wishes
    )


def apply(tx: Tx, order_ids: Sequence[int], *, today: str) -> int:
    """Add what the owners' rules say to sales that are about to be released. Returns how many.

    As lines of kind `insert` or `gift`, in a few statements whatever the number of orders;
    again with the same orders adds nothing.
    """
    rules = _rules(tx, order_ids)
    if not rules:
        return 0
    baskets = _baskets(tx, order_ids, any(rule.nth_order for rule in rules))
    free = _free(tx, sorted({rule.item for rule in rules}), order_ids)
    found = chosen(rules, baskets, today=today, free=free)
    if found:
        _write(tx, found)
    return len(found)


def _rules(tx: Tx, order_ids: Sequence[int]) -> list[Rule]:
    concerned = select(orders.c.owner).where(orders.c.id.in_(order_ids))
    query = select(insert_rules).where(insert_rules.c.owner.in_(concerned))
    return [
        Rule(
            row.id, row.owner, row.shop, row.item_id, row.qty, row.nth_order,
            row.with_item_id or 0, row.amount_min, row.from_date, row.until_date, row.wish,
            row.wish_words,
        )
        for row in tx.execute(query.order_by(insert_rules.c.id))
    ]  # fmt: skip


def _baskets(tx: Tx, order_ids: Sequence[int], counted: bool) -> list[Basket]:
    sales = orders.c.id.in_(order_ids) & (orders.c.kind == "")
    rows = tx.execute(select(orders).where(sales).order_by(orders.c.id)).all()
    nth = _nth(tx, order_ids) if counted else {}
    has: dict[int, set[int]] = {row.id: set() for row in rows}
    given: dict[int, set[int]] = {row.id: set() for row in rows}
    lines = select(order_lines).where(order_lines.c.order_id.in_(has))
    for line in tx.execute(lines):
        (given if line.kind == INSERT else has)[line.order_id].add(line.item_id)
    return [_basket(row, nth.get(row.id, 0), has[row.id], given[row.id]) for row in rows]


def _basket(row: Row[Any], nth: int, has: set[int], given: set[int]) -> Basket:
    return Basket(
        row.id, row.owner, row.shop, row.amount, nth, frozenset(has), frozenset(given),
        _wishes(row.gift),
    )  # fmt: skip


def _wishes(gift: str) -> frozenset[tuple[str, str]]:
    asked = msgspec.json.decode(gift)
    return frozenset((wish, asked[wish]) for wish in get_args(Wish) if asked.get(wish))


def _nth(tx: Tx, order_ids: Sequence[int]) -> dict[int, int]:
    """Which sale of its customer each order is, the first being 1; unknown customers have none."""
    before = orders.alias("before")
    query = (
        select(orders.c.id, func.count(before.c.id).label("nth"))
        .join(
            before,
            (before.c.owner == orders.c.owner) & (before.c.customer == orders.c.customer)
            & (before.c.id <= orders.c.id),
        )
        .where(orders.c.id.in_(order_ids), orders.c.customer != "")
        .where(before.c.state != "cancelled", before.c.kind == "")
        .group_by(orders.c.id)
    )  # fmt: skip
    return {row.id: row.nth for row in tx.execute(query)}


def _free(tx: Tx, item_ids: Sequence[int], order_ids: Sequence[int]) -> Counter[int]:
    """What the shelves have of these items beyond what the same orders want of them anyway."""
    free: Counter[int] = Counter()
    for one in allocation.free_stock(tx, item_ids, lock=False):
        free[one.key.item] += one.qty
    wanted = order_lines.c.qty - order_lines.c.cancelled - order_lines.c.packed
    query = (
        select(order_lines.c.item_id, func.sum(wanted).label("wanted"))
        .where(order_lines.c.order_id.in_(order_ids), order_lines.c.item_id.in_(item_ids))
        .group_by(order_lines.c.item_id)
    )
    for row in tx.execute(query):
        free[row.item_id] -= int(row.wanted)
    return free


def _write(tx: Tx, found: Sequence[Insert]) -> None:
    numbers = {one.order for one in found}
    last = (
        select(order_lines.c.order_id, func.max(order_lines.c.line_no).label("line_no"))
        .where(order_lines.c.order_id.in_(numbers))
        .group_by(order_lines.c.order_id)
    )
    line_no = Counter({row.order_id: row.line_no for row in tx.execute(last)})
    rows, pieces = [], Counter[int]()
    for one in found:
        line_no[one.order] += 1
        pieces[one.order] += one.qty
        rows.append({
            "order_id": one.order, "line_no": line_no[one.order], "item_id": one.item,
            "qty": one.qty, "kind": one.kind,
        })  # fmt: skip
    tx.execute(insert(order_lines), rows)
    more = update(orders).where(orders.c.id == bindparam("b_order"))
    tx.execute(
        more.values(pieces=orders.c.pieces + bindparam("b_qty"), one_piece=0),
        [{"b_order": order, "b_qty": qty} for order, qty in sorted(pieces.items())],
    )


def put_rules(tx: Tx, rows: Sequence[NewInsert]) -> None:
    """The rules of every owner that *rows* name, instead of those that they had.

    Refuses `REFERENCE_UNKNOWN`, `SHOP_OF_ANOTHER_OWNER`, `DATE_WRONG`, and words without a wish.
    """
    refuse_first(shape_faults(rows))
    known = set(tx.scalars(select(owners.c.code)))
    owner_of = {row.code: row.owner for row in tx.execute(select(shops.c.code, shops.c.owner))}
    named = {(row.owner, sku) for row in rows for sku in (row.sku, row.with_sku) if sku}
    item_of = items.ids_of(tx, named)
    for row in rows:
        _refuse_unknown(row, known, owner_of, item_of)
    tx.execute(delete(insert_rules).where(insert_rules.c.owner.in_({row.owner for row in rows})))
    values = [
        {
            "owner": row.owner, "shop": row.shop, "item_id": item_of[row.owner, row.sku],
            "qty": row.qty, "nth_order": row.nth_order, "amount_min": row.amount_min,
            "with_item_id": item_of[row.owner, row.with_sku] if row.with_sku else None,
            "from_date": row.from_date, "until_date": row.until_date, "wish": row.wish,
            "wish_words": clean(row.wish_words, field="wish_words", max=64),
        }
        for row in rows
    ]  # fmt: skip
    if values:
        tx.execute(insert(insert_rules), values)


def _refuse_unknown(
    row: NewInsert, known: set[str], owner_of: Mapping[str, str],
    item_of: Mapping[tuple[str, str], int],
) -> None:  # fmt: skip
    if row.owner not in known:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="owner", value=shown(row.owner))
    if row.shop and row.shop not in owner_of:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="shop", value=shown(row.shop))
    if row.wish_words and not row.wish:
        raise Rejected(Code.FIELD_MISSING, field="wish")
    if row.shop and owner_of[row.shop] != row.owner:
        raise Rejected(Code.SHOP_OF_ANOTHER_OWNER, field="shop", value=shown(row.shop))
    for field in ("sku", "with_sku"):
        sku = getattr(row, field)
        if sku and (row.owner, sku) not in item_of:
            raise Rejected(Code.REFERENCE_UNKNOWN, field=field, value=shown(sku))
    for field in ("from_date", "until_date"):
        if getattr(row, field):
            iso_date(getattr(row, field), field=field)
