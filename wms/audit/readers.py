"""Checks of what readers saw, and of the tags that were made for them (I25).

A reader that was blind has not seen that nothing was there: its gaps must say when that was. A tag
is one piece: its number is never given twice, and it counts from when it was read, not before.
"""

from wms.audit.check import Check

A_GAP_IS_OVER_WHEN_ITS_DEVICE_IS_AT_WORK = """
SELECT 'device ' || g.device AS device, MAX(d.health) AS health, COUNT(*) AS still
FROM device_gaps g
JOIN devices d ON d.name = g.device
WHERE g.until_ms IS NULL AND d.health = 'online'
GROUP BY g.device
UNION ALL
SELECT 'device ' || device, '-', COUNT(*) FROM device_gaps
WHERE until_ms IS NULL GROUP BY device HAVING COUNT(*) > 1
UNION ALL
SELECT 'gap ' || id, device, until_ms - from_ms FROM device_gaps WHERE until_ms < from_ms
ORDER BY 1, 2
"""

A_TAG_WENT_ONE_WAY = """
SELECT 'tag ' || epc AS tag, device, way, passed_ms
FROM tag_reads
WHERE way NOT IN ('', 'by', 'in', 'out') OR (way IN ('in', 'out')) <> (passed_ms > 0)
ORDER BY 1, device
"""

A_TAG_S_NUMBER_IS_GIVEN_ONCE = """
SELECT 'serial ' || gtin || ' ' || serial AS given, COUNT(*) AS tags, 0 AS next
FROM tags GROUP BY gtin, serial HAVING COUNT(*) > 1
UNION ALL
SELECT 'tag ' || t.epc, CAST(t.serial AS BIGINT), COALESCE(CAST(m.value AS BIGINT), 0)
FROM tags t
LEFT JOIN meta m ON m.key = 'sgtin.next:' || t.gtin
WHERE m.key IS NULL OR CAST(m.value AS BIGINT) <= CAST(t.serial AS BIGINT)
ORDER BY 1
"""

A_TAG_IS_WHAT_BECAME_OF_ITS_LABEL = """
SELECT 'tag ' || t.epc AS tag, t.state, COALESCE(j.state, '-') AS label, t.done_ms
FROM tags t
LEFT JOIN print_jobs j ON j.id = t.job_id
WHERE (t.state = 'asked') <> (t.done_ms IS NULL)
   OR (j.state = 'confirmed' AND t.state <> 'written')
   OR (j.state IN ('spooled', 'uncertain') AND t.state = 'asked')
   OR (j.state IN ('failed', 'void') AND t.state IN ('asked', 'uncertain'))
ORDER BY t.epc
"""

A_WRITTEN_TAG_IS_TOLD_ONCE = """
SELECT 'item ' || item AS item, SUM(written) AS written, SUM(told) AS events
FROM (
    SELECT CAST(item_id AS TEXT) AS item, 1 AS written, 0 AS told FROM tags WHERE state = 'written'
    UNION ALL
    SELECT SUBSTR(aggregate, 6), 0, 1 FROM events WHERE kind = 'tag.commissioned'
) AS told
GROUP BY item
HAVING SUM(written) <> SUM(told)
ORDER BY 1
"""

CHECKS = (
    Check("I25", "audit.gap_over", A_GAP_IS_OVER_WHEN_ITS_DEVICE_IS_AT_WORK),
    Check("I25", "audit.tag_way", A_TAG_WENT_ONE_WAY),
    Check("I25", "audit.tag_once", A_TAG_S_NUMBER_IS_GIVEN_ONCE),
    Check("I25", "audit.tag_label", A_TAG_IS_WHAT_BECAME_OF_ITS_LABEL),
    Check("I25", "audit.tag_told", A_WRITTEN_TAG_IS_TOLD_ONCE),
)
