"""Checks of what lies where (I16): limits and mixing hold wherever goods were put by the rule.

A place is judged when its last arrival was put away, moved or replenished by the rule: what a lead
decided otherwise carries its override, what a count found or an undo brought back is a fact. When
items or places came in from a file after that, the measures may be others now.
"""

from wms.audit.check import Check

_JUDGED = """
WITH RECURSIVE inside (root, code) AS (
    SELECT code, code FROM places
    WHERE kind IN ('bin', 'reserve') AND blocked <> 'quarantine'
      AND (mix <> '' OR weight_g_max > 0 OR volume_ml_max > 0)
    UNION
    SELECT inside.root, p.code FROM inside JOIN places p ON p.parent = inside.code
),
arrivals (root, id) AS (
    SELECT i.root, MAX(m.id) FROM inside i JOIN moves m ON m.target = i.code GROUP BY i.root
),
judged (root) AS (
    SELECT a.root FROM arrivals a JOIN moves m ON m.id = a.id
    WHERE m.reason IN ('putaway', 'move', 'replenish', 'replenish.back') AND m.target = a.root
      AND NOT EXISTS (
          SELECT 1 FROM commands c
          WHERE c.name IN ('import.items', 'import.places') AND c.at_ms > m.at_ms
      )
),
contents (root, item_id, lot, qty) AS (
    SELECT i.root, s.item_id, s.lot, SUM(s.qty) FROM judged j
    JOIN inside i ON i.root = j.root
    JOIN stock s ON s.place = i.code
    WHERE s.qty > 0
    GROUP BY i.root, s.item_id, s.lot
)
"""

LIMITS_HOLD = (
    _JUDGED
    + """
SELECT p.code AS place, SUM(c.qty * t.weight_g) AS weight_g, p.weight_g_max,
       SUM(c.qty * t.length_mm * t.width_mm * t.height_mm) AS volume_mm3, p.volume_ml_max
FROM contents c
JOIN places p ON p.code = c.root
JOIN items t ON t.id = c.item_id
GROUP BY p.code, p.weight_g_max, p.volume_ml_max
HAVING (p.weight_g_max > 0 AND SUM(c.qty * t.weight_g) > p.weight_g_max)
    OR (p.volume_ml_max > 0
        AND SUM(c.qty * t.length_mm * t.width_mm * t.height_mm) > p.volume_ml_max * 1000)
ORDER BY p.code
"""
)

MIXING_HOLDS = (
    _JUDGED
    + """
SELECT p.code AS place, p.mix, COUNT(DISTINCT c.item_id) AS items, COUNT(*) AS lots
FROM contents c
JOIN places p ON p.code = c.root
WHERE p.mix <> ''
GROUP BY p.code, p.mix
HAVING COUNT(DISTINCT c.item_id) > 1 OR (p.mix = 'lot' AND COUNT(*) > 1)
ORDER BY p.code
"""
)

CHECKS = (
    Check("I16", "audit.limits", LIMITS_HOLD),
    Check("I16", "audit.mixing", MIXING_HOLDS),
)
