"""Checks of counts (I18), of second pairs of eyes and of who was allowed to (I14)."""

from wms.audit.check import Check

ONLY_A_SETTLED_COUNT_MOVES_GOODS = """
SELECT 'move ' || m.id AS move, m.reason, m.ref, m.source, m.target, COALESCE(c.state, '-') AS state
FROM moves m
LEFT JOIN counts c ON m.ref = 'count:' || c.id
WHERE (m.reason = 'count' OR m.ref LIKE 'count:%')
  AND (c.id IS NULL OR c.state <> 'done'
       OR NOT (m.reason = 'count' AND (m.source = '@lost' OR m.target = '@lost')
               OR m.reason = 'opening' AND m.source = '@supplier' AND c.kind = 'opening')
       OR (c.kind = 'opening' AND m.reason = 'count' AND m.source = '@lost'))
ORDER BY m.id
"""

A_COUNT_MOVES_WHAT_IT_FOUND = """
SELECT 'count ' || count_id AS of_count, item_id AS item, lot, condition, serial,
       SUM(found) AS found, SUM(moved) AS moved
FROM (
    SELECT l.count_id, l.item_id, l.lot, l.condition, l.serial, l.counted - l.book AS found,
           0 AS moved
    FROM count_lines l
    JOIN counts c ON c.id = l.count_id AND c.round = l.round
    WHERE c.state = 'done'
    UNION ALL
    SELECT c.id, m.item_id, m.lot, m.condition, m.serial, 0,
           CASE WHEN m.target = c.place THEN m.qty ELSE -m.qty END
    FROM moves m
    JOIN counts c ON m.ref = 'count:' || c.id AND (m.source = c.place OR m.target = c.place)
    WHERE c.state = 'done'
) AS told
GROUP BY count_id, item_id, lot, condition, serial
HAVING SUM(found) <> SUM(moved)
ORDER BY count_id, item_id
"""

A_COUNT_THAT_WAITS_HAS_ITS_TASK = """
SELECT 'count ' || c.id AS of_count, c.state, c.place, COALESCE(t.state, '-') AS task
FROM counts c
LEFT JOIN tasks t ON t.id = c.task_id
WHERE c.state IN ('open', 'recount', 'approval')
  AND (t.id IS NULL OR t.state NOT IN ('open', 'claimed') OR t.place <> c.place
       OR t.kind <> 'count')
ORDER BY c.id
"""

A_PLACE_HAS_ONE_COUNT = """
SELECT 'place ' || place AS place, COUNT(*) AS counts
FROM counts
WHERE state IN ('open', 'recount', 'approval', 'counted')
GROUP BY place
HAVING COUNT(*) > 1
ORDER BY place
"""

AN_ENDED_COUNT_SAYS_WHEN = """
SELECT 'count ' || id AS of_count, state, COALESCE(done_ms, 0) AS done_ms, round
FROM counts
WHERE (state IN ('done', 'void')) <> (done_ms IS NOT NULL)
   OR (state = 'counted' AND stocktake_id IS NULL) OR round < 1
ORDER BY id
"""

A_STOCKTAKE_IS_COUNTED_BY_TWO = """
SELECT 'count ' || id AS of_count, place, round, COALESCE(first_person_id, 0) AS first,
       COALESCE(person_id, 0) AS last
FROM counts
WHERE stocktake_id IS NOT NULL AND state IN ('counted', 'done')
  AND (round < 2 OR (round = 2 AND first_person_id = person_id))
ORDER BY id
"""

A_PLACE_IS_FROZEN_BY_A_STOCKTAKE = """
SELECT 'place ' || p.code AS place, p.blocked
FROM places p
WHERE p.blocked = 'stocktake'
  AND NOT EXISTS (
      SELECT 1 FROM counts c JOIN stocktakes s ON s.id = c.stocktake_id
      WHERE c.place = p.code AND s.state IN ('frozen', 'counted'))
ORDER BY p.code
"""

FOUR_EYES = """
SELECT 'approval ' || a.id AS approval, a.verb, a.ref, a.asked_by, a.given_by
FROM approvals a
LEFT JOIN people g ON g.id = a.given_by
LEFT JOIN people w ON w.id = a.asked_by
WHERE a.asked_by = a.given_by OR g.id IS NULL OR w.id IS NULL OR g.pin_hash = ''
   OR a.key <> a.verb || ':' || a.ref
   OR a.verb NOT IN ('approve_count', 'approve_short', 'approve_disposal')
ORDER BY a.id
"""

WHO_DID_IT_IS_KNOWN = """
SELECT 'command ' || c.id AS command, c.actor, c.device, c.permission
FROM commands c
LEFT JOIN people p ON c.actor = 'person:' || p.id
WHERE (c.actor LIKE 'person:%' AND p.id IS NULL)
   OR (c.name = 'scan' AND (c.device = '' OR c.permission NOT IN (
       '', 'pick', 'pack', 'ship', 'task', 'receive', 'putaway', 'replenish', 'sort', 'returns',
       'count', 'move', 'work', 'look', 'approve_short')))
   OR (c.name = 'scan' AND c.actor = 'nobody' AND c.permission <> '')
ORDER BY c.id
"""

CHECKS = (
    Check("I14", "audit.known_actor", WHO_DID_IT_IS_KNOWN),
    Check("I14", "audit.four_eyes", FOUR_EYES),
    Check("I18", "audit.count_moves", ONLY_A_SETTLED_COUNT_MOVES_GOODS),
    Check("I18", "audit.count_sums", A_COUNT_MOVES_WHAT_IT_FOUND),
    Check("I18", "audit.count_task", A_COUNT_THAT_WAITS_HAS_ITS_TASK),
    Check("I18", "audit.count_place", A_PLACE_HAS_ONE_COUNT),
    Check("I18", "audit.count_done", AN_ENDED_COUNT_SAYS_WHEN),
    Check("I18", "audit.count_twice", A_STOCKTAKE_IS_COUNTED_BY_TWO),
    Check("I18", "audit.count_frozen", A_PLACE_IS_FROZEN_BY_A_STOCKTAKE),
)
