"""Checks of boxes and of the papers in them (I7)."""

from wms.audit.check import Check

A_PAPER_LIES_IN_A_BOX_OF_ITS_ORDER = """
SELECT 'document ' || d.id AS document, d.code, d.order_id, p.order_id AS order_of_box, p.state
FROM documents d
JOIN parcels p ON p.id = d.parcel_id
WHERE p.order_id <> d.order_id OR p.state = 'void'
   OR (d.pdf IS NULL AND d.bill = '{}' AND d.kind NOT IN ('card', 'noshi'))
ORDER BY d.id
"""

NOTHING_LEAVES_WITHOUT_ITS_PAPERS = """
SELECT 'order ' || o.code AS of_order, o.state, d.code AS document
FROM documents d
JOIN orders o ON o.id = d.order_id
WHERE o.state = 'shipped' AND d.parcel_id IS NULL
ORDER BY o.code, d.id
"""

A_BOX_GOES_BY_THE_SERVICE_OF_ITS_ORDER = """
SELECT 'parcel ' || p.code AS parcel, p.state, p.service, o.service AS of_order
FROM parcels p
JOIN orders o ON o.id = p.order_id
WHERE p.state <> 'void' AND (p.service <> o.service OR p.carrier <> o.carrier)
ORDER BY p.code
"""

CHECKS = (
    Check("I7", "audit.paper_box", A_PAPER_LIES_IN_A_BOX_OF_ITS_ORDER),
    Check("I7", "audit.paper_left", NOTHING_LEAVES_WITHOUT_ITS_PAPERS),
    Check("I7", "audit.box_service", A_BOX_GOES_BY_THE_SERVICE_OF_ITS_ORDER),
)
