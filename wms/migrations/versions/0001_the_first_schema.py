"""The first schema of the book.

There is no way back from it: an older book is a restored backup.
"""

from alembic import op

from wms.migrations.first import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table in an empty database."""
    metadata.create_all(op.get_bind(), checkfirst=False)
