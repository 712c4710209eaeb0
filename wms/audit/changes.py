"""Checks of what a cancel leaves behind (I19), and of materials and results of work (I20).

What a cancelled order had is on its way back: somebody is asked to, until nothing is left. Parts
go into `@kit` and results come out of it, each as often as the work says.
"""

from wms.audit.check import Check

A_STOPPED_BOX_IS_LOOKED_FOR = """
SELECT 'parcel ' || p.code AS parcel, p.state, o.code AS of_order
FROM parcels p
JOIN orders o ON o.id = p.order_id
LEFT JOIN tasks t ON t.ref = 'parcel:' || p.code AND t.kind = 'stop'
    AND t.state IN ('open', 'claimed')
WHERE o.state = 'cancelled' AND p.state IN ('open', 'labelled', 'closed', 'loaded')
  AND t.id IS NULL
ORDER BY p.code
"""

AN_OPENED_BOX_IS_EMPTIED = """
SELECT 'parcel ' || p.code AS parcel, SUM(s.qty) AS inside
FROM parcels p
JOIN stock s ON s.place = p.code AND s.qty > 0
LEFT JOIN tasks t ON t.ref = 'parcel:' || p.code AND t.kind IN ('put_back', 'stop')
    AND t.state IN ('open', 'claimed')
WHERE p.state = 'void' AND t.id IS NULL
GROUP BY p.code
ORDER BY p.code
"""

A_TOTE_OF_UNWANTED_GOODS_IS_EMPTIED = """
SELECT 'tote ' || x.tote AS tote, SUM(s.qty) AS inside
FROM (SELECT tote, MAX(id) AS id FROM tour_totes WHERE tote IS NOT NULL GROUP BY tote) AS x
JOIN tour_totes n ON n.id = x.id AND n.state = 'put_back'
JOIN stock s ON s.place = x.tote AND s.qty > 0
LEFT JOIN tasks t ON t.ref = 'tote:' || x.tote AND t.kind = 'put_back'
    AND t.state IN ('open', 'claimed')
WHERE t.id IS NULL
GROUP BY x.tote
ORDER BY x.tote
"""

A_VOID_BOX_HAS_NO_SLIP = """
SELECT 'slip ' || s.tracking AS slip, p.code AS parcel
FROM slips s
JOIN parcels p ON p.id = s.parcel_id
WHERE s.state = 'matched' AND p.state = 'void'
ORDER BY s.tracking
"""

MATERIALS_ARE_USED_AS_OFTEN_AS_IT_IS_MADE = """
SELECT 'work ' || w.code AS work, m.item_id AS item, w.qty, w.done, m.qty AS needed, m.used
FROM work_materials m
JOIN work_orders w ON w.id = m.work_id
WHERE m.used * w.qty <> w.done * m.qty
ORDER BY w.code, m.item_id
"""

MATERIALS_WENT_INTO_THE_WORK = """
SELECT work, item_id AS item, SUM(moved) AS moved, SUM(used) AS used
FROM (
    SELECT t.ref AS work, m.item_id, m.qty AS moved, 0 AS used
    FROM moves m
    LEFT JOIN allocations a ON m.ref = 'allocation:' || a.id
    LEFT JOIN tasks t ON t.id = a.task_id
    WHERE m.target = '@kit'
    UNION ALL
    SELECT 'work:' || work_id, item_id, 0, used FROM work_materials
) AS told
GROUP BY work, item_id
HAVING work IS NULL OR SUM(moved) <> SUM(used)
ORDER BY work, item_id
"""

WHAT_WAS_MADE_CAME_OUT_OF_IT = """
SELECT 'work ' || w.code AS work, w.done, COALESCE(SUM(m.qty), 0) AS came_out
FROM work_orders w
LEFT JOIN moves m ON m.ref = 'work:' || w.id AND m.source = '@kit' AND m.item_id = w.item_id
WHERE w.kind IN ('kit', 'bundle')
GROUP BY w.id, w.code, w.done
HAVING COALESCE(SUM(m.qty), 0) <> w.done
ORDER BY w.code
"""

CHECKS = (
    Check("I19", "audit.stopped_box", A_STOPPED_BOX_IS_LOOKED_FOR),
    Check("I19", "audit.opened_box", AN_OPENED_BOX_IS_EMPTIED),
    Check("I19", "audit.unwanted_tote", A_TOTE_OF_UNWANTED_GOODS_IS_EMPTIED),
    Check("I19", "audit.void_slip", A_VOID_BOX_HAS_NO_SLIP),
    Check("I20", "audit.work_used", MATERIALS_ARE_USED_AS_OFTEN_AS_IT_IS_MADE),
    Check("I20", "audit.work_moves", MATERIALS_WENT_INTO_THE_WORK),
    Check("I20", "audit.work_made", WHAT_WAS_MADE_CAME_OUT_OF_IT),
)
