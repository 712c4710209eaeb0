"""Checks of keys, events, webhooks, versions and the audit chain (I10-I13)."""

from wms.audit.check import Check

A_KEY_HAS_ONE_EFFECT = """
SELECT 'move ' || key AS key, COUNT(*) AS times FROM moves GROUP BY key HAVING COUNT(*) > 1
UNION ALL
SELECT 'print job ' || key, COUNT(*) FROM print_jobs GROUP BY key HAVING COUNT(*) > 1
UNION ALL
SELECT 'task ' || key, COUNT(*) FROM tasks GROUP BY key HAVING COUNT(*) > 1
UNION ALL
SELECT 'request ' || scope || ' ' || key, COUNT(*) FROM requests
GROUP BY scope, key HAVING COUNT(*) > 1
UNION ALL
SELECT 'order ' || owner || ' ' || external_id, COUNT(*) FROM orders
GROUP BY owner, external_id HAVING COUNT(*) > 1
ORDER BY 1
"""

AN_INPUT_IS_ONE_COMMAND = """
SELECT 'scan ' || key AS scan, SUM(journaled) AS journaled, SUM(commanded) AS commands
FROM (
    SELECT terminal_id || ':' || scan_id AS key, 1 AS journaled, 0 AS commanded FROM scans
    UNION ALL
    SELECT key, 0, 1 FROM commands WHERE name = 'scan'
) AS told
GROUP BY key
HAVING SUM(journaled) <> 1 OR SUM(commanded) <> 1
ORDER BY 1
"""

EVENTS_ARE_NUMBERED_WITHOUT_A_GAP = """
SELECT aggregate, SUM(told) AS told, MAX(seq) AS last, MAX(reserved) AS reserved
FROM (
    SELECT aggregate, 1 AS told, seq, 0 AS reserved FROM events
    UNION ALL
    SELECT aggregate, 0, 0, seq FROM event_seqs
) AS numbers
GROUP BY aggregate
HAVING SUM(told) <> MAX(seq) OR MAX(seq) <> MAX(reserved)
ORDER BY aggregate
"""

NO_NUMBER_IS_GIVEN_TWICE = """
SELECT aggregate, seq, COUNT(*) AS times
FROM events
GROUP BY aggregate, seq
HAVING COUNT(*) > 1 OR seq < 1
ORDER BY aggregate, seq
"""

EVERY_MOVE_IS_TOLD = """
SELECT 'item ' || item_id AS item, SUM(moved) AS moves, SUM(told) AS events
FROM (
    SELECT CAST(item_id AS TEXT) AS item_id, 1 AS moved, 0 AS told FROM moves
    WHERE item_id IS NOT NULL
    UNION ALL
    SELECT SUBSTR(aggregate, 6), 0, 1 FROM events WHERE kind = 'stock.moved'
) AS told
GROUP BY item_id
HAVING SUM(moved) <> SUM(told)
ORDER BY 1
"""

WEBHOOKS_ARE_ABOUT_THEIR_EVENTS = """
SELECT 'delivery ' || d.id AS delivery, d.aggregate, COALESCE(e.aggregate, '-') AS of_event
FROM deliveries d
LEFT JOIN events e ON e.id = d.event_id
WHERE e.id IS NULL OR e.aggregate <> d.aggregate
ORDER BY d.id
"""

WEBHOOKS_LEAVE_IN_ORDER = """
SELECT 'delivery ' || d.id AS delivery, d.aggregate, waiting.event_id AS not_delivered
FROM deliveries d
JOIN (
    SELECT endpoint_id, aggregate, MIN(event_id) AS event_id
    FROM deliveries WHERE state <> 'delivered' GROUP BY endpoint_id, aggregate
) AS waiting ON waiting.endpoint_id = d.endpoint_id AND waiting.aggregate = d.aggregate
WHERE d.state = 'delivered' AND d.event_id > waiting.event_id
ORDER BY d.id
"""

WEBHOOKS_FOLLOW_THEIR_CURSOR = """
SELECT 'delivery ' || d.id AS delivery, e.id AS event, COALESCE(c.position, 0) AS read_up_to
FROM deliveries d
JOIN events e ON e.id = d.event_id
LEFT JOIN cursors c ON c.name = 'feeds'
WHERE c.name IS NULL OR e.xid > c.xid OR (e.xid = c.xid AND e.id > c.position)
ORDER BY d.id
"""

AN_ENDED_WEBHOOK_SAYS_WHEN = """
SELECT 'delivery ' || id AS delivery, state, attempts
FROM deliveries
WHERE (state = 'pending') <> (done_ms IS NULL)
ORDER BY id
"""

VERSIONS_ONLY_GROW = """
SELECT 'order ' || owner || ' ' || external_id AS of_order, version
FROM versions
WHERE version < 0
ORDER BY 1
"""

A_CANCEL_THAT_CAME_FIRST_HOLDS = """
SELECT 'order ' || o.code AS of_order, o.state
FROM versions v
JOIN orders o ON o.owner = v.owner AND o.external_id = v.external_id
WHERE v.cancelled <> 0 AND o.state <> 'cancelled'
ORDER BY o.code
"""

SEALS_ARE_NUMBERED_WITHOUT_A_GAP = """
SELECT 'seals' AS chain, COUNT(*) AS seals, MIN(seq) AS first, MAX(seq) AS last
FROM seals
HAVING COUNT(*) > 0 AND (MIN(seq) <> 1 OR MAX(seq) <> COUNT(*))
"""

SEALED_ROWS_ARE_THERE = """
SELECT s.kind || ' ' || s.row_id AS row_of, s.seq AS seal
FROM seals s
LEFT JOIN commands c ON s.kind = 'command' AND c.id = s.row_id
LEFT JOIN moves m ON s.kind = 'move' AND m.id = s.row_id
WHERE c.id IS NULL AND m.id IS NULL
ORDER BY s.seq
"""

ROWS_ARE_SEALED_UP_TO_THE_CURSOR = """
SELECT t.kind || ' ' || t.id AS row_of, COALESCE(s.seq, 0) AS seal
FROM (
    SELECT 'command' AS kind, id, xid FROM commands
    UNION ALL
    SELECT 'move', id, xid FROM moves
) AS t
LEFT JOIN cursors c ON c.name = 'seal.' || t.kind
LEFT JOIN seals s ON s.kind = t.kind AND s.row_id = t.id
WHERE (s.seq IS NOT NULL)
   <> (c.name IS NOT NULL AND (t.xid < c.xid OR (t.xid = c.xid AND t.id <= c.position)))
ORDER BY t.kind, t.id
"""

SEALS_FOLLOW_THE_COMMITS = """
SELECT kind || ' ' || id AS row_of, seq AS seal, before
FROM (
    SELECT t.kind, t.id, s.seq,
           LAG(s.seq) OVER (PARTITION BY t.kind ORDER BY t.xid, t.id) AS before
    FROM (
        SELECT 'command' AS kind, id, xid FROM commands
        UNION ALL
        SELECT 'move', id, xid FROM moves
    ) AS t
    JOIN seals s ON s.kind = t.kind AND s.row_id = t.id
) AS way
WHERE before > seq
ORDER BY seq
"""

CHECKS = (
    Check("I10", "audit.key", A_KEY_HAS_ONE_EFFECT),
    Check("I10", "audit.input", AN_INPUT_IS_ONE_COMMAND),
    Check("I11", "audit.events", EVENTS_ARE_NUMBERED_WITHOUT_A_GAP),
    Check("I11", "audit.event_twice", NO_NUMBER_IS_GIVEN_TWICE),
    Check("I11", "audit.moves_told", EVERY_MOVE_IS_TOLD),
    Check("I11", "audit.delivery", WEBHOOKS_ARE_ABOUT_THEIR_EVENTS),
    Check("I11", "audit.delivery_order", WEBHOOKS_LEAVE_IN_ORDER),
    Check("I11", "audit.delivery_cursor", WEBHOOKS_FOLLOW_THEIR_CURSOR),
    Check("I11", "audit.delivery_done", AN_ENDED_WEBHOOK_SAYS_WHEN),
    Check("I12", "audit.version", VERSIONS_ONLY_GROW),
    Check("I12", "audit.cancelled_first", A_CANCEL_THAT_CAME_FIRST_HOLDS),
    Check("I13", "audit.seals", SEALS_ARE_NUMBERED_WITHOUT_A_GAP),
    Check("I13", "audit.sealed_there", SEALED_ROWS_ARE_THERE),
    Check("I13", "audit.sealed", ROWS_ARE_SEALED_UP_TO_THE_CURSOR),
    Check("I13", "audit.sealed_order", SEALS_FOLLOW_THE_COMMITS),
)
