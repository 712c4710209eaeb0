"""Which language the command line speaks: the one of the terminal's locale."""

import os

from wms.messages import Language


def spoken() -> Language:
    """Japanese in a Japanese locale, else English. The strongest variable that is set decides."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if locale := os.environ.get(name):
            return "ja" if locale.startswith("ja") else "en"
    return "en"
