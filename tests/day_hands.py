"""The hands of the whole day: whoever is at a terminal answers what its screen asks, mostly.

An answer names what a good worker would scan or key, as far as the screen and the shelf tell. Now
and then it is something else that the screen offers, anything at all, or the same trigger pull once
more; screens may be read a while ago. Nothing but an answer may come back.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import select

from picking.floor import Answer, Via
from tests.day_checks import Watch
from tests.day_site import BAR, CASE, DIALOGUES, TERMINALS, WORKERS, DaySite
from tests.floor_site import PIN, Hand
from wms.rooms.prompts import Prompt
from wms.schema import items, parcels, places, stock

Input = tuple[str, Via]
Answering = Callable[["Day", Hand, Prompt], Input]
COMMANDS = ("ok", "back", "short", "later", "full", "undo", "list", "reprint", "language", "help",
            "assist", "1", "2", "3", "9", "0", "pick", "receive", "sign_off")  # fmt: skip
CODES = (
    "", "nonsense", "]C1017", "A-01", "B-02", "T-01", "T-05", "PL-1", "DOCK", "RS-1", "BX-S",
    "BENCH-1", "W-1", "CAGE-1", "QUARANTINE", "4999999999996", "\x1d", "x" * 600, "L1", "R-1",
    "BADGE:carol", "BADGE:nobody", "IN0000001", "P0000001-1", "M-YAMATO-261122-1700", "DROP",
)  # fmt: skip
# Steps at which a worker has nothing in hand, and may as well do something else.
AT_REST = frozenset({
    "pick.get", "task.get", "replenish.get", "count.get", "work.get", "approve_short.none",
    "putaway.source", "move.source", "receive.choose", "returns.arrive", "ship.manifest",
    "sort.item", "look.ask", "look.shown", "pack.tote",
})  # fmt: skip


# How often somebody at the menu takes up a trade.
OFTEN = {"pick": 9, "task": 6, "pack": 9, "ship": 9, "receive": 7, "returns": 7, "sort": 4,
         "putaway": 4, "replenish": 3, "work": 4, "count": 6, "move": 3, "look": 1}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sent:
    """The last input of a terminal, and what came back."""

    text: str
    via: Via
    scan_id: str
    answer: Answer


class Day:
    """A site in which anything may happen next. `tally` counts what was really done."""

    def __init__(self, site: DaySite, chance: Random, answers: dict[str, Answering]) -> None:
        self.site, self.chance, self.answers = site, chance, answers
        self.watch = Watch(site.book)
        self.tally: Counter[str] = Counter()
        self.said: deque[str] = deque(maxlen=30)
        self.shown: dict[str, Prompt] = {}
        self.sent: dict[str, Sent] = {}
        self.memo: dict[str, Any] = {}
        self.idle: Counter[str] = Counter()  # inputs in a row that led to no work
        self.stuck: Counter[str] = Counter()  # refusals in a row, each acknowledged
        self.why: defaultdict[str, str] = defaultdict(str)  # the code of the last of them

    # What shelves and papers tell

    def maybe(self, probability: float) -> bool:
        return self.chance.random() < probability

    def some(self, query: Any, otherwise: Any = "") -> Any:
        """The first column of a row of *query*, whichever; *otherwise* when there is none."""
        rows = self.site.rows(query)
        return self.chance.choice(rows)[0] if rows else otherwise

    def here(self, place: str, *, sku: str = "", free: bool = False) -> list[Any]:
        """What lies at *place*: rows of stock with their SKU."""
        query = (
            select(stock, items.c.sku, items.c.serial_tracked)
            .join(items, items.c.id == stock.c.item_id)
            .where(stock.c.place == place, stock.c.qty > 0)
        )
        if free:
            query = query.where(stock.c.qty > stock.c.allocated)
        return [row for row in self.site.rows(query) if sku in ("", row.sku)]

    def free_tote(self) -> str:
        waiting = select(places.c.code).where(places.c.parent == "TOTES", places.c.kind == "tote")
        return str(self.some(waiting, "T-01"))

    # One input

    def input(self) -> None:
        """Somebody does something."""
        names = list(TERMINALS)
        often = [TERMINALS[name][2] / (1 + self.idle[name]) for name in names]
        terminal = self.chance.choices(names, often)[0]
        hand = self.site.at(terminal)
        before = self.sent.get(terminal)
        if before is not None and self.maybe(0.02):
            again = hand.send(before.text, before.via, after_ms=50, scan_id=before.scan_id)
            self.said.append(f"{terminal} sends {before.scan_id} again")
            assert again == before.answer, "the same bytes come back"
            self.tally["the same input again"] += 1
            return
        prompt = self.shown.get(terminal)
        if prompt is None or self.maybe(0.15):
            prompt = hand.prompt
        self._send(hand, prompt, *self.choose(hand, prompt))

    def choose(self, hand: Hand, prompt: Prompt) -> Input:
        """What is sent now: something fitting, mostly."""
        dice = self.chance.random()
        if prompt.locked and dice < 0.95:
            return "ok", "command"
        if dice < 0.03:
            if self.maybe(0.5):
                return self.chance.choice(COMMANDS), "command"
            return self.chance.choice((*CODES, *BAR.values(), CASE)), self.chance.choice(
                ("scan", "scan", "key", "device")
            )
        if dice < 0.08 and prompt.options:
            option = self.chance.choice(prompt.options)
            if option.command != "sign_off":
                return option.command, "command"
        name = f"{prompt.dialogue}.{prompt.step}"
        if name in AT_REST and self.maybe(0.12):
            return "back", "command"
        if self.stuck[hand.terminal] > 1 and self.maybe(0.4):
            return "back", "command"
        if prompt.step in ("approval_badge", "approval_pin"):
            return self.approve(hand, prompt)
        if prompt.step == "list":
            return "back", "command"
        return self.answers.get(name, what_is_offered)(self, hand, prompt)

    def approve(self, hand: Hand, prompt: Prompt) -> Input:
        """Somebody comes over and says yes, with their PIN."""
        if self.stuck[hand.terminal] > 1:
            self.memo[f"enough {hand.terminal}"] = True
            return "back", "command"
        if self.maybe(0.05):
            return "back", "command"
        if prompt.step == "approval_pin":
            return ("000000" if self.maybe(0.03) else PIN), "key"
        return f"BADGE:{self.chance.choice(('lea', 'otto'))}", "scan"

    def _send(self, hand: Hand, prompt: Prompt, text: str, via: Via) -> None:
        scan_id = self.site.key("scan")
        pause_ms = self.chance.choice((400, 1_500, 2_000))
        if self.maybe(0.01):
            pause_ms = 100
        at = f"{prompt.dialogue}.{prompt.step}"
        self.said.append(f"{hand.terminal} {prompt.person} {at} {via} {text[:40]!r}")
        answer = hand.send(text, via, after_ms=pause_ms, scan_id=scan_id)
        message = answer.prompt.message
        code = message.code if message is not None else ""
        after = f"{answer.prompt.dialogue}.{answer.prompt.step}"
        self.said[-1] += f" -> {answer.fate} {code} {after}"
        is_sane(answer, text)
        self.shown[hand.terminal] = answer.prompt
        self.sent[hand.terminal] = Sent(text, via, scan_id, answer)
        rests = after in AT_REST or answer.prompt.dialogue in ("look", "menu", "sign_in")
        self.idle[hand.terminal] = min(3, self.idle[hand.terminal] + 1) if rests else 0
        self.tally[f"{answer.fate}"] += 1
        if answer.fate == "refused":
            self.stuck[hand.terminal] += 1
            self.why[hand.terminal] = code
        elif text != "ok":
            self.stuck[hand.terminal] = 0
            self.why[hand.terminal] = ""
        if answer.fate == "applied":
            self.tally[f"step {at}"] += 1
            self.tally[f"way {at} -> {after}"] += 1
            if at == "sign_in.badge" and answer.prompt.dialogue not in ("sign_in", "menu"):
                self.tally["work taken up at another terminal"] += 1
        elif code:
            self.tally[f"refusal {at} {code}"] += 1


def is_sane(answer: Answer, text: str) -> None:
    """A refusal says why; every screen says what to do."""
    prompt, message = answer.prompt, answer.prompt.message
    assert prompt.title, text
    assert prompt.ask, text
    assert answer.fate in ("applied", "refused", "repeat")
    if answer.fate == "refused":
        assert message is not None, text
        assert message.severity == "error", message
        assert message.text, message


# Codes as they are printed on goods


def code_of(sku: str, lot: str = "", serial: str = "") -> str:
    """What the trigger reads from a unit: its JAN, or a GS1 code where it carries more."""
    jan = BAR.get(sku, sku)
    if not lot and not serial:
        return f"]E0{jan}"
    parts = [f"01{jan:0>14}"]
    if lot:
        parts.append(f"10{lot}" + ("\x1d" if serial else ""))
    if serial:
        parts.append(f"21{serial}")
    return "]C1" + "".join(parts)


def what_is_offered(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    """At a step that nobody here knows: a digit that the screen shows, else its place."""
    digits = [option.key for option in prompt.options if option.key.isdigit()]
    if digits and day.maybe(0.8):
        return day.chance.choice(digits), "key"
    return (prompt.focus.place or prompt.focus.tote or "back"), "scan"


# Before any work


def badge(day: Day, hand: Hand, _prompt: Prompt) -> Input:
    """Whoever is mostly here, or somebody else, who may be at work at another terminal."""
    usual = TERMINALS[hand.terminal][1]
    name = usual[0]
    if day.maybe(0.12):
        name = day.chance.choice(usual if day.maybe(0.7) else list(WORKERS))
    return f"BADGE:{name}", "scan"


def pin(_day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return PIN, "key"


def menu(day: Day, hand: Hand, prompt: Prompt) -> Input:
    """A trade of theirs, what the terminal is for first; or they ask what a code is."""
    if day.maybe(0.08):
        return look_at(day), "scan"
    person = prompt.person.lower()
    if person not in TERMINALS[hand.terminal][1] and day.maybe(0.3):
        return "sign_off", "command"
    trades = [one for one in WORKERS.get(person, ("look",)) if one in DIALOGUES]
    station = TERMINALS[hand.terminal][0]
    own = {"PACK-1": "pack", "PACK-2": "pack", "WALL-1": "sort", "RECV-1": "receive",
           "RET-1": "returns", "SHIP-1": "ship", "KIT-1": "work"}.get(station, "")  # fmt: skip
    if own in trades and day.maybe(0.7 if own == "work" else 0.85):
        return own, "command"
    trades = [one for one in trades if one not in ("pack", "sort") or one == own]
    often = [OFTEN.get(one, 2) for one in trades]
    return day.chance.choices(trades or ["look"], often or [1])[0], "command"


def look_at(day: Day) -> str:
    """Any code that is on something here."""
    dice = day.chance.random()
    if dice < 0.3:
        return str(day.some(select(parcels.c.code), "A-01"))
    if dice < 0.7:
        return str(day.some(select(places.c.code).where(places.c.kind != "outside")))
    return f"]E0{day.chance.choice(list(BAR.values()))}"


def ask(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return ("back", "command") if day.maybe(0.6) else (look_at(day), "scan")


def shown(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    if day.maybe(0.8):
        return day.chance.choice(("back", "back", "back", "list")), "command"
    return look_at(day), "scan"


ANSWERS: dict[str, Answering] = {
    "sign_in.badge": badge, "sign_in.pin": pin, "menu.menu": menu, "look.ask": ask,
    "look.shown": shown,
}  # fmt: skip
