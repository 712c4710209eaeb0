"""`docs/proof.md`: the figures of `docs/proof.json` as a page for people, and nothing else."""

from collections.abc import Iterator

from tests.prove.ledger import Figures, Summary

NOTHING = "Nothing."
MEANINGS = {
    "ledger operations": "a line given to `wms.stock.post` (a move with its key): booked, known"
    " already, or refused with its whole batch as it must be, and every balance compared after the"
    " batch; one in some hundred is a step or a move of a whole day",
    "injected faults": "a named trouble that has struck something, or a single message that was"
    " delayed, lost, cut or doubled; what changed nothing is not counted",
    "robot hand-offs": "a container that a robot's twin really moved",
    "power cuts": "one moment of the disk, with some part of what was not synced lost or torn",
}  # fmt: skip


def page(found: Summary) -> str:
    """The whole page."""
    lines = [
        "# What was proven, and how often", "",
        "Written by `genba prove`; [proof.json](proof.json) says the same to programs, and",
        "[proving.md](proving.md) how it is done. Figures are those of one state of the product's",
        "code and of the tests that prove it.", "",
        *_head(found), "",
        "| part | what | done | wanted | |", "|---|---|--:|--:|--:|",
        *(line for part in found.parts for line in _goals(part)), "",
        "## What was promised, and when it was tried", "",
        "| part | promise | seeds | from | to (UTC) | minutes |", "|---|---|---|---|---|--:|",
        *(_tried(part) for part in found.parts if part.slices), "",
        "## What broke", "",
        *([line for part in found.parts for line in _broke(part)] or [NOTHING]), "",
        "## What did not reach its number", "",
        *([_short(part) for part in found.parts if part.share < 1] or [NOTHING]), "",
        "## What was inflicted", "",
        *([line for part in found.parts for line in _further(part)] or [NOTHING]), "",
        "## What the words mean", "",
        *(f"* {word}: {meaning}." for word, meaning in _meant(found)),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _head(found: Summary) -> Iterator[str]:
    yield f"Code `{found.code}`, at commit {', '.join(found.commits) or 'none yet'}."
    ran = [part for part in found.parts if part.slices]
    if ran:
        hours = sum(part.seconds for part in ran) / 3600
        first, last = min(part.began[0] for part in ran), max(part.began[1] for part in ran)
        yield f"{hours:.2f} hours of one core between {first} and {last} (UTC)."
    yield f"{found.machine}."


def _goals(part: Figures) -> Iterator[str]:
    for what, many in part.wanted.items():
        done = part.done.get(what, 0)
        yield f"| {part.name} | {what} | {done:,} | {many:,} | {_percent(done, many)} |"


def _percent(done: int, many: int) -> str:
    """Never rounded up: 100 % is all of it."""
    return f"{min(100 * done // many, 100)}%"


def _tried(part: Figures) -> str:
    first, last = part.seeds
    seeds = f"{first}" if first == last else f"{first} to {last}"
    return (
        f"| {part.name} | {part.promise} | {seeds} | {part.began[0]} | {part.began[1]} |"
        f" {part.seconds / 60:,.1f} |"
    )


def _broke(part: Figures) -> Iterator[str]:
    for one in part.broken:
        yield f"* {part.name}, seed {one.seed}, {one.began}:"
        yield from ("", "  ```", *(f"  {line}" for line in one.why.splitlines()), "  ```", "")


def _short(part: Figures) -> str:
    if not part.slices:
        return f"* {part.name}: did not run."
    return f"* {part.name}: {int(part.share * 1_000) / 10}%."


def _further(part: Figures) -> Iterator[str]:
    """What is counted beside the goals."""
    more = {what: many for what, many in sorted(part.done.items()) if what not in part.wanted}
    if more:
        told = ", ".join(f"{what} {many:,}" for what, many in more.items())
        yield f"* {part.name}: {told}."


def _meant(found: Summary) -> Iterator[tuple[str, str]]:
    for part in found.parts:
        for what in part.wanted:
            if what in MEANINGS:
                yield what, MEANINGS[what]
