"""Copies `wms.schema` into `wms.migrations.first`: `python -m tests.copy_schema`.

For changes before the first release only; after it, a change of the schema is a migration.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SCHEMA, FIRST = ROOT / "wms/schema", ROOT / "wms/migrations/first"
DOCSTRING = re.compile(r'\A""".*?"""\n', re.DOTALL)


def main() -> None:
    """Write the copies, formatted; the package keeps its own docstring."""
    for source in sorted(SCHEMA.glob("*.py")):
        copy = FIRST / source.name
        code = source.read_text("utf-8").replace("wms.schema", "wms.migrations.first")
        if source.name == "__init__.py":
            kept = DOCSTRING.match(copy.read_text("utf-8"))
            assert kept is not None
            code = kept[0] + DOCSTRING.sub("", code)
        copy.write_text(code, "utf-8")
    for command in (("check", "--fix", "--quiet"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(FIRST)], check=True)


if __name__ == "__main__":
    main()
