"""Checks of orders, parcels, labels, missions and devices (I6-I9, I22)."""

from wms.audit.check import Check

LINES_ADD_UP = """
SELECT 'line ' || id AS line, qty, packed, shipped, cancelled
FROM order_lines
WHERE qty <= 0 OR packed < 0 OR shipped < 0 OR cancelled < 0
   OR shipped > packed OR packed + cancelled > qty
ORDER BY id
"""

LINES_ARE_THEIR_PARCELS = """
SELECT 'line ' || l.id AS line, l.packed,
       COALESCE(SUM(CASE WHEN p.state <> 'void' THEN c.qty END), 0) AS in_parcels, l.shipped,
       COALESCE(SUM(CASE WHEN p.state = 'shipped' THEN c.qty END), 0) AS handed_over
FROM order_lines l
LEFT JOIN parcel_lines c ON c.line_id = l.id
LEFT JOIN parcels p ON p.id = c.parcel_id
GROUP BY l.id, l.packed, l.shipped
HAVING l.packed <> COALESCE(SUM(CASE WHEN p.state <> 'void' THEN c.qty END), 0)
    OR l.shipped <> COALESCE(SUM(CASE WHEN p.state = 'shipped' THEN c.qty END), 0)
ORDER BY l.id
"""

WHAT_IS_PACKED_WAS_PROMISED = """
SELECT 'line ' || line_id AS line, SUM(packed) AS packed, SUM(promised) AS allocations
FROM (
    SELECT id AS line_id, packed, 0 AS promised FROM order_lines
    UNION ALL
    SELECT line_id, 0, qty FROM allocations WHERE state = 'packed'
) AS both_sides
GROUP BY line_id
HAVING SUM(packed) <> SUM(promised)
ORDER BY line_id
"""

FINISHED_ORDERS_HOLD_NOTHING = """
SELECT 'allocation ' || a.id AS allocation, o.code AS of_order, o.state AS order_state, a.qty
FROM allocations a
JOIN order_lines l ON l.id = a.line_id
JOIN orders o ON o.id = l.order_id
WHERE a.state IN ('open', 'picked') AND o.state IN ('shipped', 'cancelled')
ORDER BY a.id
"""

SHIPPED_MEANS_ALL_OF_IT = """
SELECT 'order ' || o.code AS of_order, o.state, SUM(l.qty - l.cancelled) AS wanted,
       SUM(l.shipped) AS shipped
FROM orders o
JOIN order_lines l ON l.order_id = o.id
GROUP BY o.id, o.code, o.state
HAVING (o.state = 'shipped')
    <> (SUM(l.qty - l.cancelled) = SUM(l.shipped) AND SUM(l.shipped) > 0)
ORDER BY o.code
"""

A_NUMBER_IS_ON_ONE_PARCEL = """
SELECT carrier || ' ' || tracking AS number, ship_date, piece, COUNT(*) AS parcels
FROM parcels
WHERE tracking <> '' AND state <> 'void'
GROUP BY carrier, tracking, ship_date, piece
HAVING COUNT(*) > 1
ORDER BY 1
"""

A_PARCEL_IS_OF_ONE_ORDER = """
SELECT 'parcel ' || p.code AS parcel, p.order_id, l.order_id AS order_of_contents
FROM parcel_lines c
JOIN parcels p ON p.id = c.parcel_id
JOIN order_lines l ON l.id = c.line_id
WHERE l.order_id <> p.order_id
ORDER BY p.code, c.line_id
"""

A_MANIFEST_HAS_CLOSED_PARCELS = """
SELECT 'parcel ' || p.code AS parcel, p.state, COALESCE(m.code, '-') AS manifest,
       COALESCE(m.state, '-') AS manifest_state
FROM parcels p
LEFT JOIN manifests m ON m.id = p.manifest_id
WHERE (p.state IN ('loaded', 'shipped')) <> (m.id IS NOT NULL)
   OR m.carrier <> p.carrier
   OR (p.state = 'shipped') <> (COALESCE(m.state, '') = 'closed')
ORDER BY p.code
"""

A_BOX_HOLDS_WHAT_WAS_PACKED = """
SELECT 'parcel ' || p.code AS parcel, p.state, told.item_id AS item, SUM(told.packed) AS packed,
       SUM(told.inside) AS inside, SUM(told.gone) AS gone
FROM parcels p
JOIN (
    SELECT x.code, l.item_id, c.lot, c.serial, c.qty AS packed, 0 AS inside, 0 AS gone
    FROM parcel_lines c
    JOIN order_lines l ON l.id = c.line_id
    JOIN parcels x ON x.id = c.parcel_id
    UNION ALL
    SELECT place, item_id, lot, serial, 0, qty, 0 FROM stock
    UNION ALL
    SELECT source, item_id, lot, serial, 0, 0, qty FROM moves WHERE target = '@customer'
) AS told ON told.code = p.code
WHERE p.state <> 'void'
GROUP BY p.code, p.state, told.item_id, told.lot, told.serial
HAVING SUM(told.packed) <> SUM(told.inside) + SUM(told.gone)
    OR (p.state = 'shipped' AND SUM(told.inside) <> 0)
    OR (p.state <> 'shipped' AND SUM(told.gone) <> 0)
ORDER BY p.code
"""

SHIPPED_IS_TOLD_ONCE = """
SELECT aggregate, SUM(shipped) AS shipped, SUM(told) AS told
FROM (
    SELECT 'order:' || id AS aggregate, 1 AS shipped, 0 AS told FROM orders WHERE state = 'shipped'
    UNION ALL
    SELECT aggregate, 0, 1 FROM events WHERE kind = 'order.shipped'
) AS both_sides
GROUP BY aggregate
HAVING SUM(shipped) <> SUM(told)
ORDER BY aggregate
"""

SHIPPED_IS_TOLD_LAST = """
SELECT e.aggregate, e.seq, e.kind
FROM events e
JOIN events s ON s.aggregate = e.aggregate AND s.kind = 'order.shipped' AND s.seq < e.seq
WHERE e.kind IN (
    'order.released', 'order.picked', 'order.packed', 'parcel.labelled',
    'parcel.inspected', 'parcel.loaded'
)
ORDER BY e.aggregate, e.seq
"""

NOTHING_LEAVES_WITHOUT_ITS_LABEL = """
SELECT 'parcel ' || code AS parcel, state, tracking
FROM parcels
WHERE (state IN ('closed', 'loaded', 'shipped') AND (verified_ms IS NULL OR tracking = ''))
   OR (state IN ('open', 'labelled') AND verified_ms IS NOT NULL)
   OR (state = 'labelled' AND tracking = '')
ORDER BY code
"""

A_NUMBER_IS_TOLD_WHEN_PROVEN = """
SELECT aggregate, SUM(proven) AS proven, SUM(told) AS told
FROM (
    SELECT 'order:' || order_id AS aggregate, 1 AS proven, 0 AS told
    FROM parcels WHERE verified_ms IS NOT NULL
    UNION ALL
    SELECT aggregate, 0, 1 FROM events WHERE kind = 'parcel.inspected'
) AS both_sides
GROUP BY aggregate
HAVING SUM(proven) <> SUM(told)
ORDER BY aggregate
"""

COPIES_ARE_COUNTED = """
SELECT 'parcel ' || p.code AS parcel, p.copies, COALESCE(MAX(j.copy_no), 0) AS print_jobs
FROM parcels p
LEFT JOIN print_jobs j ON j.parcel_id = p.id AND j.template = 'shipping'
GROUP BY p.id, p.code, p.copies
HAVING p.copies <> COALESCE(MAX(j.copy_no), 0)
ORDER BY p.code
"""

A_JOB_ARRIVES_ONCE = """
SELECT 'job ' || x.job AS job, SUM(m.times) AS arrivals
FROM (
    SELECT ref, target, COUNT(*) AS times
    FROM moves WHERE container IS NOT NULL AND ref <> '' GROUP BY ref, target
) AS m
JOIN missions x ON m.ref = 'mission:' || x.id AND m.target = x.target
GROUP BY x.job
HAVING SUM(m.times) > 1
ORDER BY 1
"""

STOCK_SETTLES_WITH_ITS_MISSION = """
SELECT 'mission ' || x.id AS mission, x.state, m.id AS move
FROM missions x
JOIN moves m ON m.ref = 'mission:' || x.id AND m.key = 'job:' || x.job
WHERE x.state NOT IN ('done', 'settled')
ORDER BY x.id
"""

A_JOB_HAS_ONE_LIVE_ATTEMPT = """
SELECT 'job ' || job AS job, COUNT(*) AS attempts, MAX(attempt) AS last_attempt,
       SUM(CASE WHEN state IN ('queued', 'assigning', 'assigned', 'voiding', 'person')
           THEN 1 ELSE 0 END) AS live
FROM missions
GROUP BY job
HAVING COUNT(*) <> MAX(attempt)
    OR SUM(CASE WHEN state IN ('queued', 'assigning', 'assigned', 'voiding', 'person')
           THEN 1 ELSE 0 END) > 1
ORDER BY 1
"""

A_ROBOT_HAS_ONE_MISSION = """
SELECT 'robot ' || COALESCE(robot, '-') AS robot, COUNT(*) AS under_way
FROM missions
WHERE state IN ('assigning', 'assigned', 'voiding')
GROUP BY robot
HAVING COUNT(*) > 1 OR robot IS NULL
ORDER BY 1
"""

A_DEVICE_HAS_ONE_HOLDER = """
SELECT 'device ' || name AS device, holder, fence FROM devices WHERE holder <> '' AND fence < 1
UNION ALL
SELECT 'place ' || place, MIN(device), COUNT(*) FROM robots GROUP BY place HAVING COUNT(*) > 1
ORDER BY 1
"""

# Fences and numbers count 1..65535 and begin again: newer is up to 32767 ahead (profile GRH-1).
NOBODY_WRITES_PAST_A_FENCE = """
SELECT 'mission ' || x.id AS mission, x.fence, r.fence AS newest, x.seq, r.last_seq
FROM missions x
JOIN robots r ON r.device = x.robot
WHERE x.state IN ('assigning', 'assigned', 'voiding')
  AND (x.fence IS NULL
       OR (x.fence - r.fence + 65536) % 65536 BETWEEN 1 AND 32767
       OR (x.seq - r.last_seq + 65536) % 65536 BETWEEN 1 AND 32767)
ORDER BY x.id
"""

CHECKS = (
    Check("I6", "audit.line_sums", LINES_ADD_UP),
    Check("I6", "audit.line_parcels", LINES_ARE_THEIR_PARCELS),
    Check("I6", "audit.line_packed", WHAT_IS_PACKED_WAS_PROMISED),
    Check("I6", "audit.finished", FINISHED_ORDERS_HOLD_NOTHING),
    Check("I6", "audit.shipped_whole", SHIPPED_MEANS_ALL_OF_IT),
    Check("I7", "audit.tracking", A_NUMBER_IS_ON_ONE_PARCEL),
    Check("I7", "audit.parcel_order", A_PARCEL_IS_OF_ONE_ORDER),
    Check("I7", "audit.manifest", A_MANIFEST_HAS_CLOSED_PARCELS),
    Check("I7", "audit.box", A_BOX_HOLDS_WHAT_WAS_PACKED),
    Check("I7", "audit.shipped_once", SHIPPED_IS_TOLD_ONCE),
    Check("I7", "audit.shipped_last", SHIPPED_IS_TOLD_LAST),
    Check("I8", "audit.label", NOTHING_LEAVES_WITHOUT_ITS_LABEL),
    Check("I8", "audit.told_number", A_NUMBER_IS_TOLD_WHEN_PROVEN),
    Check("I8", "audit.copies", COPIES_ARE_COUNTED),
    Check("I9", "audit.job_once", A_JOB_ARRIVES_ONCE),
    Check("I9", "audit.job_settled", STOCK_SETTLES_WITH_ITS_MISSION),
    Check("I9", "audit.job_live", A_JOB_HAS_ONE_LIVE_ATTEMPT),
    Check("I9", "audit.robot", A_ROBOT_HAS_ONE_MISSION),
    Check("I22", "audit.holder", A_DEVICE_HAS_ONE_HOLDER),
    Check("I22", "audit.fence", NOBODY_WRITES_PAST_A_FENCE),
)
