"""Times as caption files write them; pure."""

import re

# WebVTT has dots and three decimals, SubRip commas; players take hours or decimals left out too.
_TIME = re.compile(r"(-?)(?:(\d{1,4}):)?(\d{1,2}):(\d{1,3})(?:[.,:](\d{1,3})\d*)?")


def clock(seconds: float, point: str = ".") -> str:
    """`01:02:03.456`; SubRip wants a comma."""
    whole = round(seconds * 1000)
    minutes, ms = divmod(whole, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{ms // 1000:02}{point}{ms % 1000:03}"


def seconds_of(text: str) -> float | None:
    """The inverse, and what people write instead; None for what is no time."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    sign, hours, minutes, seconds, decimals = match.groups()
    fraction = float(f"0.{decimals}") if decimals else 0.0
    found = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + fraction
    return -found if sign else found
