"""Checks of returns (I7): nothing comes back twice, and what a return leads to leaves once."""

from wms.audit.check import Check

# An unopened parcel counts all that was in it; what it turned out not to hold counts no more.
WHAT_CAME_BACK_WAS_GRADED = """
SELECT 'line ' || l.id AS line, l.shipped, l.returned, COALESCE(SUM(told.qty), 0) AS graded
FROM order_lines l
LEFT JOIN (
    SELECT u.order_line_id AS line_id, u.qty
    FROM return_units u
    JOIN returns r ON r.id = u.return_id
    WHERE u.undone = 0 AND r.place = '' AND u.grade <> 'missing'
    UNION ALL
    SELECT u.order_line_id, -u.qty
    FROM return_units u
    JOIN returns r ON r.id = u.return_id
    WHERE u.undone = 0 AND r.place <> '' AND u.grade = 'missing'
    UNION ALL
    SELECT c.line_id, c.qty
    FROM parcel_lines c
    JOIN returns r ON r.parcel_id = c.parcel_id
    WHERE r.place <> ''
) AS told ON told.line_id = l.id
GROUP BY l.id, l.shipped, l.returned
HAVING l.returned <> COALESCE(SUM(told.qty), 0) OR l.returned > l.shipped
ORDER BY l.id
"""

A_LINE_COUNTS_ITS_UNITS = """
SELECT 'return line ' || l.id AS line, l.graded, COALESCE(SUM(u.qty), 0) AS units
FROM return_lines l
LEFT JOIN return_units u ON u.line_id = l.id AND u.undone = 0
GROUP BY l.id, l.graded
HAVING l.graded <> COALESCE(SUM(u.qty), 0)
ORDER BY l.id
"""

ONE_ORDER_FOLLOWS = """
SELECT 'orders of ' || o.origin AS cause, o.kind, COUNT(*) AS orders
FROM orders o
WHERE o.origin LIKE 'return:%'
GROUP BY o.origin, o.kind
HAVING COUNT(*) > 1
UNION ALL
SELECT 'order ' || o.code, o.state, 1
FROM orders o
LEFT JOIN returns r ON 'return:' || r.id = o.origin
WHERE o.kind = 'exchange' AND o.origin LIKE 'return:%'
  AND (r.id IS NULL
       OR (o.state NOT IN ('held', 'cancelled') AND r.state <> 'closed')
       OR (o.state = 'held' AND r.state = 'closed' AND o.state_reason = 'return.exchange_waits'))
ORDER BY 1
"""

WHAT_WAS_GRADED_WAS_BOOKED = """
SELECT 'return ' || return_id AS of_return, item_id AS item, SUM(graded) AS graded,
       SUM(moved) AS moved
FROM (
    SELECT u.return_id, u.item_id, u.qty AS graded, 0 AS moved
    FROM return_units u
    JOIN returns r ON r.id = u.return_id
    WHERE u.undone = 0 AND u.condition <> ''
      AND (r.place = '' OR u.grade IN ('wrong_item', 'swapped'))
    UNION ALL
    SELECT u.return_id, u.item_id, -u.qty, 0
    FROM return_units u
    JOIN returns r ON r.id = u.return_id
    WHERE u.undone = 0 AND r.place <> '' AND r.cancelled_id IS NULL AND u.grade = 'missing'
    UNION ALL
    SELECT r.id, l.item_id, c.qty, 0
    FROM parcel_lines c
    JOIN order_lines l ON l.id = c.line_id
    JOIN returns r ON r.parcel_id = c.parcel_id
    WHERE r.place <> ''
    UNION ALL
    SELECT r.id, m.item_id, 0, CASE WHEN m.source = '@customer' THEN m.qty ELSE -m.qty END
    FROM moves m
    JOIN returns r ON m.ref = 'return:' || r.id
    WHERE m.source = '@customer' OR m.target = '@customer'
) AS both_sides
GROUP BY return_id, item_id
HAVING SUM(graded) <> SUM(moved)
ORDER BY return_id, item_id
"""

CHECKS = (
    Check("I7", "audit.returned", WHAT_CAME_BACK_WAS_GRADED),
    Check("I7", "audit.return_lines", A_LINE_COUNTS_ITS_UNITS),
    Check("I7", "audit.return_orders", ONE_ORDER_FOLLOWS),
    Check("I7", "audit.return_moves", WHAT_WAS_GRADED_WAS_BOOKED),
)
