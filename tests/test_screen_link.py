"""The link never drops a scan, never reorders, never says one twice under two ids."""

import asyncio
import time
from itertools import count

from msgspec.structs import replace

from tests.floor_prompts import samples
from tests.tiny_server import TOKEN, TinyFloor, eventually, serving
from tui.conversation import WAITING_MAX, Conversation
from tui.line import Send
from tui.link import HttpLink
from wms.rooms.prompts import Message

PROMPT = samples("ja")["pick_item"]


async def quick(_: float) -> None:
    """Wait less than a real terminal would."""
    await asyncio.sleep(0.01)


def link_to(port: int, token: str = TOKEN) -> HttpLink:
    """A link of terminal HT-01."""
    return HttpLink(
        f"http://127.0.0.1:{port}",
        terminal="HT-01",
        token=token,
        clock=time.monotonic,
        sleep=quick,
        timeout_s=2.0,
    )


async def test_the_prompt_comes_after_signing_on() -> None:
    floor = TinyFloor(PROMPT)
    async with serving(floor) as port:
        link = link_to(port)
        assert await link.prompt() == PROMPT
        assert floor.known == {"HT-01"}
        await link.close()


async def test_a_scan_is_retried_under_its_id_until_it_is_answered() -> None:
    floor = TinyFloor(PROMPT)
    floor.faults = ["drop_before", "busy", "drop_after", "drop_before"]
    async with serving(floor) as port:
        link = link_to(port)
        fate, prompt = await link.send("s1", "4901", "scan")
        assert (fate, prompt.message and prompt.message.text) == ("repeat", "took 4901")
        assert floor.journal == [("scan", "4901", "applied")]
        assert link.trouble is None
        await link.close()


async def test_scans_dropped_while_busy_arrive_in_the_order_of_their_triggers() -> None:
    floor = TinyFloor(PROMPT)
    floor.faults = ["drop_before", "drop_after"] * 10
    texts = [f"scan-{number}" for number in range(30)]
    async with serving(floor) as port:
        link = link_to(port)
        sends = [link.send(f"id-{text}", text, "scan") for text in texts]
        await asyncio.gather(*sends)
        assert floor.texts() == texts
        await link.close()


async def test_scans_made_while_the_server_is_down_arrive_when_it_is_back() -> None:
    floor = TinyFloor(PROMPT)
    async with serving(floor) as port:
        link = link_to(port)
        await link.prompt()
    waiting = [asyncio.create_task(link.send(f"s{n}", f"scan-{n}", "scan")) for n in range(3)]
    await eventually(lambda: link.trouble is not None)
    assert link.trouble is not None and link.trouble.reason == "unreachable"
    floor.known.clear()  # a restarted server may have forgotten who signed on
    async with serving(floor, port):
        await asyncio.wait_for(asyncio.gather(*waiting), 10)
        assert floor.texts() == ["scan-0", "scan-1", "scan-2"]
        assert link.trouble is None
        await link.close()


async def test_what_the_server_will_never_take_is_refused_and_said() -> None:
    floor = TinyFloor(PROMPT)
    floor.faults = ["too_long"]
    async with serving(floor) as port:
        link = link_to(port)
        fate, prompt = await link.send("s1", "x" * 5000, "scan")
        assert fate == "refused"
        assert prompt.message is not None
        assert (prompt.message.severity, prompt.message.text) == ("error", "too long")
        assert await link.prompt() == prompt, "a poll must not wipe the refusal away"
        assert (await link.send("s2", "4901", "scan"))[0] == "applied"
        await link.close()


async def test_a_wrong_token_is_told_and_the_scan_waits_until_it_is_mended() -> None:
    floor = TinyFloor(PROMPT)
    floor.tokens = set()
    async with serving(floor) as port:
        link = link_to(port)
        waiting = asyncio.create_task(link.send("s1", "4901", "scan"))
        await eventually(lambda: link.trouble is not None)
        assert link.trouble is not None and link.trouble.reason == "not_allowed"
        floor.tokens = {TOKEN}
        assert (await waiting)[0] == "applied"
        await link.close()


async def test_f7_a_full_disk_is_told_and_the_scan_waits_until_there_is_room() -> None:
    floor = TinyFloor(PROMPT)
    floor.faults = ["full"] * 1_000
    async with serving(floor) as port:
        link = link_to(port)
        waiting = asyncio.create_task(link.send("s1", "4901", "scan"))
        await eventually(lambda: link.trouble is not None)
        assert link.trouble is not None and link.trouble.reason == "disk_full"
        floor.faults = []
        assert (await waiting)[0] == "applied"
        assert floor.journal == [("scan", "4901", "applied")]
        await link.close()


async def test_refusals_are_counted_while_the_screen_is_locked() -> None:
    floor = TinyFloor(PROMPT)
    async with serving(floor) as port:
        link = link_to(port)
        talk = Conversation(
            link, ids=map(str, count()).__next__, changed=lambda _: None, sleep=quick
        )
        running = asyncio.create_task(talk.run())
        for text in ("NG", "4901", "4902"):
            talk.say(Send(text, "scan"))
        await eventually(lambda: talk.waiting == 0 and talk.prompt.locked)
        assert talk.prompt.refused == 2
        assert [fate for *_, fate in floor.journal] == ["refused"] * 3
        talk.say(Send("ok", "command"))
        await eventually(lambda: not talk.prompt.locked)
        talk.leave()
        await running
        await link.close()


async def test_an_old_prompt_that_comes_late_does_not_cover_a_newer_one() -> None:
    floor = TinyFloor(PROMPT)
    async with serving(floor) as port:
        link = link_to(port)
        seen: list[str] = []

        def changed(_: Message | None) -> None:
            seen.append(talk.prompt.message.text if talk.prompt.message else "")

        talk = Conversation(link, ids=map(str, count()).__next__, changed=changed, sleep=quick)
        running = asyncio.create_task(talk.run())
        await eventually(lambda: seen == [""])
        floor.reads_held = held = asyncio.Event()
        reads = floor.reads
        await eventually(lambda: floor.reads > reads)
        floor.prompt = replace(floor.prompt, done=1)  # the read that is under way has seen 0
        talk.say(Send("4901", "scan"))
        await eventually(lambda: seen == ["", "took 4901"])
        floor.reads_held = None
        held.set()
        reads = floor.reads
        await eventually(lambda: floor.reads > reads + 1)
        assert seen == ["", "took 4901"]
        talk.leave()
        await running
        await link.close()


async def test_leaving_waits_for_every_answer() -> None:
    floor = TinyFloor(PROMPT)
    floor.faults = ["drop_before"] * 3
    async with serving(floor) as port:
        link = link_to(port)
        talk = Conversation(
            link, ids=map(str, count()).__next__, changed=lambda _: None, sleep=quick
        )
        talk.say(Send("4901", "scan"))
        talk.leave()
        await talk.run()
        assert floor.texts() == ["4901"]
        await link.close()


async def test_an_input_that_had_to_wait_says_how_long() -> None:
    floor, now_s = TinyFloor(PROMPT), [100.0]
    async with serving(floor) as port:
        link = HttpLink(
            f"http://127.0.0.1:{port}", terminal="HT-1", token=TOKEN, clock=lambda: now_s[0]
        )
        talk = Conversation(
            link, ids=map(str, count()).__next__, changed=lambda _: None, sleep=quick
        )
        talk.say(Send("4901", "scan"), 99.5)
        talk.say(Send("4902", "scan"), 100.0)
        talk.say(Send("4903", "scan"))
        talk.leave()
        await talk.run()
        assert floor.ages_ms == [500, 0, 0]
        await link.close()


async def test_an_input_says_which_prompt_it_answers() -> None:
    """The one that was shown when it was said, and not when it leaves."""
    floor = TinyFloor(PROMPT)
    async with serving(floor) as port:
        link = link_to(port)
        talk = Conversation(
            link, ids=map(str, count()).__next__, changed=lambda _: None, sleep=quick
        )
        talk.say(Send("4900", "scan"))  # nothing was shown yet
        running = asyncio.create_task(talk.run())
        await eventually(lambda: talk.waiting == 0)
        for text in ("4901", "4902"):
            talk.say(Send(text, "scan"))
        await eventually(lambda: talk.waiting == 0)
        floor.version += 3  # a cable; what is shown stays the same
        reads = floor.reads
        await eventually(lambda: floor.reads > reads + 1)
        talk.say(Send("4903", "scan"))
        await eventually(lambda: talk.waiting == 0)
        assert floor.answered == [None, 2, 2, 7]
        talk.leave()
        await running
        await link.close()


async def test_the_queue_is_bounded_and_says_so() -> None:
    link = link_to(1)
    talk = Conversation(link, ids=map(str, count()).__next__, changed=lambda _: None)
    taken = [talk.say(Send(str(n), "scan")) for n in range(WAITING_MAX + 1)]
    assert taken == [True] * WAITING_MAX + [False]
    await link.close()
