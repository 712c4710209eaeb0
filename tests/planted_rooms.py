"""Bugs in the rooms around the book: labels, terminals, devices, sync, and the front door."""

from tests.planted import Bug, only

BODIES = only("test_hostile_bodies", "twice or deep")
HANDHELD = only("test_screen_link", "old_prompt or queue_is_bounded")
DECISIONS = ("tests/test_robot_decide.py",)
OUTBOX = ("tests/test_outbox.py", "-k", "poison or owners_and_kinds or rests_after")
SIGNED = ("tests/test_webhooks.py",)
PRESSED = ("tests/test_labels_press.py", "-k", "(voided_while or oldest_are) and not postgresql")

LABELS = (
    Bug(
        what="a caret in a name is a command to the printer",
        file="labels/zpl.py",
        right='and byte not in b"^~\\\\_" else',
        wrong='and byte not in b"~\\\\_" else',
        tests=("labels/zpl.py",),  # the examples in it
    ),
    Bug(
        what="bars are printed too thin to be read",
        file="labels/zpl.py",
        right="        if module < self._dots(MODULE_MM_MIN):\n",
        wrong="        if module < 1:\n",
        tests=("tests/test_labels_zpl.py", "-k", "longer_code or never_runs_off"),
    ),
    Bug(
        what="a label that was made void while it was made is printed all the same",
        file="labels/press.py",
        right='(print_jobs.c.id == result.job) & (print_jobs.c.state == "requested")',
        wrong="print_jobs.c.id == result.job",
        tests=PRESSED,
    ),
    Bug(
        what="whoever asks last gets a label first",
        file="labels/press.py",
        right='.where(print_jobs.c.state == "requested").order_by(print_jobs.c.id)',
        wrong='.where(print_jobs.c.state == "requested").order_by(print_jobs.c.id.desc())',
        tests=PRESSED,
    ),
    Bug(
        what="what hides in a name is left away without a mark",
        file="labels/glyphs.py",
        right="        return GETA\n",
        wrong='        return ""\n',
        tests=("tests/test_labels_fonts.py", "-k", "hide_or_steer"),
    ),
    Bug(
        what="a lot runs into the serial number behind it",
        file="labels/symbols.py",
        right='("" if _FIXED_LENGTH.match(identifier) else FNC1)',
        wrong='("" if identifier else FNC1)',
        tests=("tests/test_labels_zpl.py", "-k", "gs1_128_separates"),
    ),
    Bug(
        what="a gift tells what it cost",
        file="labels/packing_slip.py",
        right="    if data.gift:\n",
        wrong="    if not data.lines:\n",
        tests=("tests/test_labels_pdf.py", "-k", "gift_shows_no_price"),
    ),
)

TERMINALS = (
    Bug(
        what="a PIN is shown while it is typed",
        file="tui/layout.py",
        right='        return "*" * len(view.typed)\n',
        wrong="        return view.typed\n",
        tests=("tests/test_screen_safety.py", "-k", "secret"),
    ),
    Bug(
        what="an error differs by its colour alone",
        file="tui/layout.py",
        right='"error": "!! "}',
        wrong='"error": "! "}',
        tests=("tests/test_screen_safety.py", "-k", "carries_a_mark"),
    ),
    Bug(
        what="an old prompt covers a newer one",
        file="tui/conversation.py",
        right="        if answers != self._answers:\n",
        wrong="        if answers < 0:\n",
        tests=HANDHELD,
    ),
    Bug(
        what="a terminal collects scans without end",
        file="tui/conversation.py",
        right="        if self.waiting >= WAITING_MAX:\n",
        wrong="        if self.waiting < 0:\n",
        tests=HANDHELD,
    ),
    Bug(
        what="the line feed of a scan acknowledges the error that it made",
        file="tui/line.py",
        right="if prompt.locked and not echo else None",
        wrong="if prompt.locked else None",
        tests=("tests/test_screen_input.py", "-k", "line_feed"),
    ),
    Bug(
        what="separators inside a code are lost where a scanner types",
        file="tui/line.py",
        right="character.isprintable() or character in _DATA_CONTROLS",
        wrong="character.isprintable()",
        tests=("tests/test_screen_input.py", "-k", "keeps_its_separators"),
    ),
    Bug(
        what="a character of doubtful width shifts the row",
        file="tui/text.py",
        right='        and unicodedata.east_asian_width(char) != "A"\n',
        wrong="",
        tests=("tests/test_screen_safety.py", "-k", "no_escape"),
    ),
)

DEVICES = (
    Bug(
        what="a weight that still moves is taken for one that stands",
        file="devices/codecs/mt_sics.py",
        right='Reading(grams, stable=stability == "S")',
        wrong="Reading(grams, stable=True)",
        tests=("tests/test_scale.py",),
    ),
    Bug(
        what="a scan that was cut off passes for a whole one",
        file="devices/codecs/lines.py",
        right='self._end(DAMAGED if self._too_long else "")',
        wrong='self._end("")',
        tests=("tests/test_scanner.py",),
    ),
    Bug(
        what="a robot that still has something on its fork has delivered",
        file="devices/robot_rules.py",
        right="Done(ours.id) if empty else Quarantine(ours.id, Why.NOT_EMPTY)",
        wrong="Done(ours.id) if status else Quarantine(ours.id, Why.NOT_EMPTY)",
        tests=DECISIONS,
    ),
    Bug(
        what="what another process commands is commanded by us as well",
        file="devices/robot_rules.py",
        right="            return Superseded()\n",
        wrong="            pass\n",
        tests=DECISIONS,
    ),
    Bug(
        what="a device that is away is asked more and more seldom, without end",
        file="devices/patience.py",
        right="self._wait_s = min(wait_s * 2, most)",
        wrong="self._wait_s = wait_s * 2",
        tests=("tests/test_supervisor.py", "-k", "waits_grow"),
    ),
    Bug(
        what="the scan that came last is answered first",
        file="devices/signal_queue.py",
        right="fact = self._facts.popleft()",
        wrong="fact = self._facts.pop()",
        tests=("tests/test_signal_queue.py",),
    ),
    Bug(
        what="a weight is written down before it stands",
        file="devices/intake.py",
        right="            if not signal.stable or not moved:\n",
        wrong="            if not moved:\n",
        tests=("tests/test_device_facts.py", "-k", "weight_is_news"),
    ),
)

OUTSIDE = (
    Bug(
        what="a webhook's 410 is tried again",
        file="sync/webhooks.py",
        right="    if status == GONE:\n",
        wrong="    if status < 0:\n",
        tests=SIGNED,
    ),
    Bug(
        what="while a secret changes, the new one does not sign yet",
        file="sync/webhooks.py",
        right="for signer in signers\n",
        wrong="for signer in signers[:1]\n",
        tests=SIGNED,
    ),
    Bug(
        what="an order's news overtakes what could not be delivered",
        file="sync/outbox.py",
        right="        .where(earlier.c.state.in_(UNDELIVERED), earlier",
        wrong='        .where(earlier.c.state == "pending", earlier',
        tests=OUTBOX,
    ),
    Bug(
        what="an owner hears of another's orders",
        file="sync/outbox.py",
        right="        if self.owner and self.owner != owner:\n",
        wrong="        if self.owner and not owner:\n",
        tests=OUTBOX,
    ),
    Bug(
        what="an endpoint that rested is stormed at once",
        file="sync/outbox.py",
        right="(1 if row.failures >= FAILURES_MAX else concurrency)",
        wrong="concurrency",
        tests=OUTBOX,
    ),
    Bug(
        what="a webhook's name leads into the house",
        file="sync/addresses.py",
        right="    return address.is_global or host in private_hosts\n",
        wrong="    return address.is_global or bool(host)\n",
        tests=SIGNED,
    ),
)

FRONT = (
    Bug(
        what="of two values for one key the last one counts",
        file="app/body.py",
        right="    if len(value) != len(pairs):\n",
        wrong="    if len(value) > len(pairs):\n",
        tests=BODIES,
    ),
    Bug(
        what="a body may be as deep as the parser's stack",
        file="app/body.py",
        right="        if depth > DEPTH_MAX:\n",
        wrong="        if depth < -DEPTH_MAX:\n",
        tests=BODIES,
    ),
    Bug(
        what="a caller may ask as often as they like",
        file="app/limits.py",
        right="        bucket.left -= 1\n",
        wrong="",
        tests=only("test_api", "caller_in_a_hurry"),
    ),
    Bug(
        what="a pickup is forecast as if the ones before it made no work",
        file="app/board/forecast.py",
        right="        upto = before + len(left)\n",
        wrong="        upto = len(left)\n",
        tests=only("test_board_book", "pickup"),
    ),
    Bug(
        what="people are moved away from where they are needed themselves",
        file="app/board/forecast.py",
        right='from_work: Work | Literal[""] = other if spare >= people else ""',
        wrong='from_work: Work | Literal[""] = other if people else ""',
        tests=("tests/test_rescue.py",),
    ),
)

ROOMS = (*LABELS, *TERMINALS, *DEVICES, *OUTSIDE, *FRONT)
