"""Checks of deliveries (I24): what a line counts was booked for it, and states mean something."""

from wms.audit.check import Check

WHAT_A_LINE_COUNTS_WAS_BOOKED = """
SELECT 'inbound line ' || l.id AS line, l.received, l.damaged,
       COALESCE(b.sound, 0) AS sound, COALESCE(b.unsound, 0) AS unsound
FROM inbound_lines l
LEFT JOIN (
    SELECT ref,
           SUM(CASE WHEN condition <> 'available' THEN 0
                    WHEN source = '@supplier' THEN qty ELSE -qty END) AS sound,
           SUM(CASE WHEN condition = 'available' THEN 0
                    WHEN source = '@supplier' THEN qty ELSE -qty END) AS unsound
    FROM moves
    WHERE ref LIKE 'inbound_line:%' AND (source = '@supplier' OR target = '@supplier')
    GROUP BY ref
) AS b ON b.ref = 'inbound_line:' || l.id
WHERE l.received <> COALESCE(b.sound, 0) OR l.damaged <> COALESCE(b.unsound, 0)
UNION ALL
SELECT 'move ' || m.id, 0, 0, m.qty, 0
FROM moves m
WHERE m.ref LIKE 'inbound_line:%'
  AND NOT EXISTS (SELECT 1 FROM inbound_lines l
                  WHERE 'inbound_line:' || l.id = m.ref AND l.item_id = m.item_id)
ORDER BY 1
"""

A_STATE_FITS_WHAT_CAME = """
SELECT 'inbound ' || i.code AS delivery, i.state,
       (SELECT COALESCE(SUM(l.received + l.damaged), 0) FROM inbound_lines l
        WHERE l.inbound_id = i.id) AS came
FROM inbounds i
WHERE i.state IN ('expected', 'cancelled')
  AND EXISTS (SELECT 1 FROM inbound_lines l
              WHERE l.inbound_id = i.id AND l.received + l.damaged > 0)
ORDER BY i.id
"""

A_CLOSED_DELIVERY_SAYS_WHY_IT_IS_SHORT = """
SELECT 'inbound line ' || l.id AS line, l.qty, l.received, l.damaged
FROM inbound_lines l
JOIN inbounds i ON i.id = l.inbound_id
WHERE i.state = 'received' AND l.reason = '' AND l.received + l.damaged < l.qty
ORDER BY l.id
"""

A_UNIT_IS_OF_A_LINE_OF_ITS_DELIVERY = """
SELECT 'inbound ' || u.inbound_id AS delivery, u.kind, u.code
FROM inbound_units u
LEFT JOIN inbound_lines l ON l.id = u.line_id
WHERE (u.line_id IS NOT NULL AND (l.id IS NULL OR l.inbound_id <> u.inbound_id))
   OR (u.seen_ms IS NOT NULL AND u.kind <> 'sscc' AND u.line_id IS NULL)
ORDER BY u.inbound_id, u.kind, u.code
"""

CHECKS = (
    Check("I24", "audit.inbound_booked", WHAT_A_LINE_COUNTS_WAS_BOOKED),
    Check("I24", "audit.inbound_state", A_STATE_FITS_WHAT_CAME),
    Check("I24", "audit.inbound_short", A_CLOSED_DELIVERY_SAYS_WHY_IT_IS_SHORT),
    Check("I24", "audit.inbound_unit", A_UNIT_IS_OF_A_LINE_OF_ITS_DELIVERY),
)
