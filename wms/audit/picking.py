"""Checks of walks and put walls (I17): whose work, where its totes are, what lies in a slot."""

from wms.audit.check import Check

A_WALK_IS_ONE_PERSON_S = """
SELECT 'tour ' || t.id AS tour, t.state, COALESCE(t.person_id, 0) AS person,
       (SELECT COUNT(*) FROM tours o WHERE o.person_id = t.person_id AND o.state = 'claimed')
           AS walks
FROM tours t
WHERE (t.state = 'open' AND t.person_id IS NOT NULL)
   OR (t.state = 'claimed' AND (t.person_id IS NULL OR t.cart = ''))
   OR (t.state = 'claimed' AND EXISTS (
           SELECT 1 FROM tours o
           WHERE o.id <> t.id AND o.state = 'claimed' AND o.person_id = t.person_id))
ORDER BY t.id
"""

A_LEG_FOLLOWS_THE_ONE_BEFORE = """
SELECT 'tour ' || t.id AS tour, t.state, b.id AS before, b.state AS state_before
FROM tours t
JOIN tours b ON b.id = t.after
WHERE (t.state IN ('claimed', 'done') AND b.state NOT IN ('done', 'void'))
   OR t.wave_id <> b.wave_id OR t.id = b.id
ORDER BY t.id
"""

A_TOTE_IS_ON_ONE_WALK = """
SELECT 'tote ' || x.tote AS tote, COUNT(DISTINCT t.id) AS walks
FROM tour_totes x
JOIN tours t ON t.id = x.tour_id
WHERE t.state IN ('open', 'claimed') AND x.tote IS NOT NULL
GROUP BY x.tote
HAVING COUNT(DISTINCT t.id) > 1
ORDER BY x.tote
"""

A_SINGLE_WALK_IS_ONE_ORDER_S = """
SELECT 'tour ' || t.id AS tour, t.kind, COUNT(DISTINCT x.order_id) AS orders
FROM tours t
JOIN tour_totes x ON x.tour_id = t.id
WHERE t.kind = 'single'
GROUP BY t.id, t.kind
HAVING COUNT(DISTINCT x.order_id) <> 1
ORDER BY t.id
"""

A_SLOT_HOLDS_ITS_OWN_ORDER = """
SELECT 'slot ' || s.place AS slot, COALESCE(s.order_id, 0) AS of_order, l.order_id AS inside
FROM wall_slots s
JOIN allocations a ON a.place = s.place AND a.state IN ('open', 'picked')
JOIN order_lines l ON l.id = a.line_id
WHERE s.order_id IS NULL OR l.order_id <> s.order_id
ORDER BY s.place, l.order_id
"""

A_FINISHED_WALK_WANTS_NOTHING = """
SELECT 'stop ' || s.id AS stop, t.id AS tour, t.state
FROM stops s
JOIN tours t ON t.id = s.tour_id
JOIN allocations a ON a.id = s.allocation_id
WHERE t.state = 'done' AND s.state = 'open' AND a.state = 'open'
ORDER BY s.id
"""

CHECKS = (
    Check("I17", "audit.walk_person", A_WALK_IS_ONE_PERSON_S),
    Check("I17", "audit.walk_leg", A_LEG_FOLLOWS_THE_ONE_BEFORE),
    Check("I17", "audit.walk_tote", A_TOTE_IS_ON_ONE_WALK),
    Check("I17", "audit.walk_single", A_SINGLE_WALK_IS_ONE_ORDER_S),
    Check("I17", "audit.wall_slot", A_SLOT_HOLDS_ITS_OWN_ORDER),
    Check("I17", "audit.walk_done", A_FINISHED_WALK_WANTS_NOTHING),
)
