"""Checks of the ledger: moves, balances, promises, serial numbers and containers (I1-I5, I15).

A place is outside the site when its code begins with @; those have no balances. A balance is
named place/item/lot/condition/serial.
"""

from wms.audit.check import Check

MOVES_ARE_WHOLE = """
SELECT 'move ' || m.id AS place, m.source, m.target, m.qty
FROM moves m
LEFT JOIN places s ON s.code = m.source
LEFT JOIN places t ON t.code = m.target
WHERE s.code IS NULL OR t.code IS NULL OR m.source = m.target
   OR (m.container IS NULL AND (m.item_id IS NULL OR m.qty <= 0))
   OR (m.container IS NOT NULL AND (m.item_id IS NOT NULL OR m.qty <> 0))
   OR (m.serial <> '' AND m.qty <> 1)
ORDER BY m.id
"""

NOTHING_STAYS_BETWEEN_CONDITIONS = """
SELECT item_id || '/' || lot || '/' || serial AS goods,
       SUM(CASE WHEN target = '@regrade' THEN qty ELSE -qty END) AS vanished
FROM moves
WHERE item_id IS NOT NULL AND (target = '@regrade' OR source = '@regrade')
GROUP BY item_id, lot, serial
HAVING SUM(CASE WHEN target = '@regrade' THEN qty ELSE -qty END) <> 0
ORDER BY 1
"""

BALANCES_ARE_THEIR_MOVES = """
SELECT place || '/' || item_id || '/' || lot || '/' || condition || '/' || serial AS balance,
       SUM(qty) AS qty, SUM(moved) AS moves, SUM(booked) AS lines
FROM (
    SELECT place, item_id, lot, condition, serial, qty, 0 AS moved, 0 AS booked FROM stock
    UNION ALL
    SELECT target, item_id, lot, condition, serial, 0, qty, 1 FROM moves
    WHERE item_id IS NOT NULL AND target NOT LIKE '@%'
    UNION ALL
    SELECT source, item_id, lot, condition, serial, 0, -qty, 1 FROM moves
    WHERE item_id IS NOT NULL AND source NOT LIKE '@%'
) AS told
GROUP BY place, item_id, lot, condition, serial
HAVING SUM(qty) <> SUM(moved) OR SUM(booked) = 0
ORDER BY 1
"""

NO_BALANCE_IS_NEGATIVE = """
SELECT place || '/' || item_id || '/' || lot || '/' || condition || '/' || serial AS balance, qty
FROM stock
WHERE qty < 0
ORDER BY 1
"""

NO_MORE_IS_PROMISED_THAN_THERE_IS = """
SELECT place || '/' || item_id || '/' || lot || '/' || condition || '/' || serial AS balance,
       qty, allocated
FROM stock
WHERE allocated < 0 OR (qty >= 0 AND allocated > qty)
ORDER BY 1
"""

PROMISES_ARE_THEIR_ALLOCATIONS = """
SELECT place || '/' || item_id || '/' || lot || '/' || condition || '/' || serial AS balance,
       SUM(allocated) AS allocated, SUM(promised) AS allocations
FROM (
    SELECT place, item_id, lot, condition, serial, allocated, 0 AS promised FROM stock
    UNION ALL
    SELECT place, item_id, lot, condition, serial, 0, qty FROM allocations
    WHERE state IN ('open', 'picked')
) AS told
GROUP BY place, item_id, lot, condition, serial
HAVING SUM(allocated) <> SUM(promised)
ORDER BY 1
"""

A_LINE_IS_PROMISED_WHAT_IT_WANTS = """
SELECT 'line ' || l.id AS line, l.qty, l.cancelled, l.packed, SUM(a.qty) AS promised
FROM order_lines l
JOIN allocations a ON a.line_id = l.id AND a.state IN ('open', 'picked')
GROUP BY l.id, l.qty, l.cancelled, l.packed
HAVING SUM(a.qty) + l.packed + l.cancelled > l.qty
ORDER BY l.id
"""

A_SERIAL_IS_IN_ONE_PLACE = """
SELECT item_id || '/' || serial AS unit, SUM(qty) AS qty, COUNT(*) AS places
FROM stock
WHERE serial <> '' AND qty <> 0
GROUP BY item_id, serial
HAVING COUNT(*) > 1 OR SUM(qty) > 1
ORDER BY 1
"""

A_TAG_IS_ON_ONE_CONTAINER = """
SELECT 'tag ' || epc AS tag, COUNT(*) AS containers
FROM places
WHERE epc <> ''
GROUP BY epc
HAVING COUNT(*) > 1
ORDER BY 1
"""

NO_CONTAINER_STANDS_IN_ITSELF = """
WITH RECURSIVE up (container, place) AS (
    SELECT code, parent FROM places WHERE parent IS NOT NULL
    UNION
    SELECT up.container, p.parent FROM up JOIN places p ON p.code = up.place
    WHERE p.parent IS NOT NULL
)
SELECT container FROM up WHERE place = container ORDER BY 1
"""

A_CONTAINER_LEAVES_FROM_WHERE_IT_CAME = """
SELECT container, id AS move, before, source
FROM (
    SELECT container, id, source,
           LAG(target) OVER (PARTITION BY container ORDER BY id) AS before
    FROM moves WHERE container IS NOT NULL
) AS way
WHERE before <> source
ORDER BY container, id
"""

A_CONTAINER_STANDS_WHERE_IT_WENT = """
SELECT m.container, m.target AS last_move, COALESCE(p.parent, '-') AS stands
FROM moves m
JOIN (
    SELECT container, MAX(id) AS id FROM moves WHERE container IS NOT NULL GROUP BY container
) AS last ON last.id = m.id
LEFT JOIN places p ON p.code = m.container
WHERE p.parent IS NULL OR p.parent <> m.target
ORDER BY m.container
"""

ONLY_SOUND_STOCK_IS_PROMISED = """
SELECT 'allocation ' || a.id AS allocation, a.condition, l.held, a.state, p.kind
FROM allocations a
JOIN lots l ON l.item_id = a.item_id AND l.lot = a.lot
JOIN places p ON p.code = a.place
WHERE a.state IN ('open', 'picked') AND a.override = '' AND a.task_id IS NULL
  AND (a.condition <> 'available' OR l.held <> 0 OR (a.state = 'open' AND p.kind <> 'bin'))
ORDER BY a.id
"""

NOTHING_EXPIRED_IS_PROMISED = """
SELECT 'allocation ' || told.id AS allocation, told.expiry, MIN(told.ship_date) AS ship_date
FROM (
    SELECT a.id, t.expiry, o.ship_date
    FROM allocations a
    JOIN lots t ON t.item_id = a.item_id AND t.lot = a.lot
    JOIN order_lines l ON l.id = a.line_id
    JOIN orders o ON o.id = l.order_id
    WHERE a.state IN ('open', 'picked') AND a.override = '' AND t.expiry <> ''
    UNION ALL
    SELECT a.id, t.expiry, o.ship_date
    FROM allocations a
    JOIN lots t ON t.item_id = a.item_id AND t.lot = a.lot
    JOIN orders o ON o.wave_id = a.wave_id AND o.one_piece = 1
    JOIN order_lines l ON l.order_id = o.id AND l.item_id = a.item_id
    WHERE a.state IN ('open', 'picked') AND a.override = '' AND t.expiry <> ''
      AND a.line_id IS NULL
) AS told
GROUP BY told.id, told.expiry
HAVING told.expiry < MIN(told.ship_date)
ORDER BY told.id
"""

THE_RIGHT_GOODS_ARE_PROMISED = """
SELECT 'allocation ' || a.id AS allocation, a.item_id AS item, l.item_id AS wanted
FROM allocations a
JOIN order_lines l ON l.id = a.line_id
WHERE a.state <> 'released' AND a.item_id <> l.item_id
ORDER BY a.id
"""

TASKS_END_WITH_THEIR_PROMISES = """
SELECT 'allocation ' || a.id AS allocation, a.task_id AS task, COALESCE(t.state, '-') AS task_state
FROM allocations a
LEFT JOIN tasks t ON t.id = a.task_id
WHERE a.state IN ('open', 'picked') AND a.task_id IS NOT NULL
  AND (t.state IS NULL OR t.state NOT IN ('open', 'claimed')
       OR a.line_id IS NOT NULL OR a.wave_id IS NOT NULL)
ORDER BY a.id
"""

CHECKS = (
    Check("I1", "audit.moves_whole", MOVES_ARE_WHOLE),
    Check("I1", "audit.regraded", NOTHING_STAYS_BETWEEN_CONDITIONS),
    Check("I2", "audit.fold", BALANCES_ARE_THEIR_MOVES),
    Check("I3", "audit.negative", NO_BALANCE_IS_NEGATIVE),
    Check("I4", "audit.promised_within", NO_MORE_IS_PROMISED_THAN_THERE_IS),
    Check("I4", "audit.promised", PROMISES_ARE_THEIR_ALLOCATIONS),
    Check("I4", "audit.line_promised", A_LINE_IS_PROMISED_WHAT_IT_WANTS),
    Check("I4", "audit.task_promised", TASKS_END_WITH_THEIR_PROMISES),
    Check("I5", "audit.serial", A_SERIAL_IS_IN_ONE_PLACE),
    Check("I5", "audit.tag", A_TAG_IS_ON_ONE_CONTAINER),
    Check("I5", "audit.cycle", NO_CONTAINER_STANDS_IN_ITSELF),
    Check("I5", "audit.way", A_CONTAINER_LEAVES_FROM_WHERE_IT_CAME),
    Check("I5", "audit.stands", A_CONTAINER_STANDS_WHERE_IT_WENT),
    Check("I15", "audit.sound", ONLY_SOUND_STOCK_IS_PROMISED),
    Check("I15", "audit.expired", NOTHING_EXPIRED_IS_PROMISED),
    Check("I15", "audit.right_goods", THE_RIGHT_GOODS_ARE_PROMISED),
)
