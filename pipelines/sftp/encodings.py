"""Bytes -> text in the declared encoding, refusing what is visibly in another one.

A single-byte encoding decodes anything, so a wrong one shows only as wrong names. Two signs give it away: text that is valid UTF-8 beyond
ASCII, and bytes that ISO-8859 leaves to control characters and Windows uses for letters.
"""

import codecs
import re

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CONTROLS = re.compile(r"[\x80-\x9f]")


class WrongEncoding(ValueError):
    """The content is not in the declared encoding; the message says where it shows and what to set."""


def known(name: str) -> str:
    """The codec's own name. Raises ValueError if Python has none by that name."""
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError(f"{name!r} is no known encoding; use for example utf-8, iso-8859-1 or cp1252") from None


def decode(content: bytes, encoding: str) -> str:
    """Strictly decoded text without a byte order mark. Raises WrongEncoding."""
    for mark, name in _MARKS:
        if content.startswith(mark) and not encoding.startswith(name):
            raise WrongEncoding(_say(f"it starts with the byte order mark of {name}", encoding, name))
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        seen = f"byte 0x{content[error.start]:02X} on line {line} is not valid in it"
        raise WrongEncoding(_say(seen, encoding, "iso-8859-1 or cp1252" if encoding == "utf-8" else "utf-8")) from None
    if "\x00" in text:
        raise WrongEncoding(_say("it holds NUL characters", encoding, "utf-16"))
    if encoding != "utf-8" and not encoding.startswith("utf-16") and _is_utf8_beyond_ascii(content):
        raise WrongEncoding(_say("its letters beyond ASCII are valid UTF-8", encoding, "utf-8"))
    if encoding.startswith("iso8859") and (control := _CONTROLS.search(text)):
        line = text.count("\n", 0, control.start()) + 1
        raise WrongEncoding(
            _say(f"byte 0x{ord(control[0]):02X} on line {line} is a control character there", encoding, "cp1252")
        )
    return text


def _is_utf8_beyond_ascii(content: bytes) -> bool:
    try:
        return not content.isascii() and bool(content.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _say(seen: str, encoding: str, likely: str) -> str:
    return f"the file is not in the declared encoding {encoding}: {seen}. Remedy: set profile.encoding to {likely}, or send the report again in {encoding}"
