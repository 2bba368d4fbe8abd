"""The cards of one page as HTML, in CPU time: new ones, known ones, and by plain includes.

`python -m bench.cards` renders 60 made-up files without a server or database.
"""

import random
import sys
import tempfile
import uuid
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench._measure import Round, hold, interleave, show, speed_ratio
from lectern.search.cards import Card
from lectern.settings import read
from lectern.text import duration_text, size_text
from web.app import create_app
from web.pages.library import cards as library_cards

ROUNDS = 40
CARDS = 60
# Milliseconds of CPU for a page of cards nobody has seen, and for one that was shown before.
COLD, WARM = 1.3, 0.5
# Addresses that are never connected to.
NOWHERE = {
    "LECTERN_DATABASE_URL": "postgresql://nobody@localhost/none",
    "LECTERN_REDIS_URL": "redis://localhost:1",
    "LECTERN_SECRET_KEY": "of a bench, without a secret to keep",
}
PLAIN = "{% for card in cards %}{% include 'library/_card.html' %}{% endfor %}"


def main() -> int:
    """Run the bench; 1 when a bar is missed."""
    draw = random.Random(3)  # noqa: S311 - the same cards every time
    cards = [_card(draw, number) for number in range(CARDS)]
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(read(NOWHERE, data=Path(folder)))
    with app.test_request_context("/library"):
        plain = app.jinja_env.from_string(PLAIN)

        def cold() -> None:
            library_cards._rendered.cache_clear()
            warm()

        def warm() -> None:
            "".join(library_cards.card_html(card) for card in cards)

        timed = interleave(
            {
                "a page of cards by include": lambda: plain.render(cards=cards, oob=False),
                "a page of new cards": cold,
                "a page of known cards": warm,
            },
            ROUNDS,
        )
    for name, rounds in timed.items():
        show(name, rounds, lambda wall: f"{1 / wall:9.1f}/s")
    reference, new, known = timed.values()
    return (
        0
        if all(
            [
                hold("new cards against includes", speed_ratio(reference, new, by="cpu"), 1.6),
                hold(f"{COLD} ms over new cards", _over(COLD, new), 1),
                hold(f"{WARM} ms over known cards", _over(WARM, known), 1),
            ]
        )
        else 1
    )


def _over(bar: float, rounds: list[Round]) -> float:
    return bar / (median(each.cpu for each in rounds) * 1e3)


def _card(draw: random.Random, number: int) -> Card:
    uses = draw.choice([0, 0, 1, 2, 14])
    return Card(
        id=uuid.UUID(int=draw.getrandbits(128)),
        name=f"Week {number}: {draw.choice(['Osmosis', 'Mitosis', 'Cells & light'])}",
        kind=draw.choice(["video", "video", "audio", "image", "document"]),
        state="ready",
        mime="video/mp4",
        poster=f"{draw.getrandbits(48):012x}" if draw.random() < 0.8 else None,
        duration=duration_text(draw.uniform(5, 5000)),
        size=size_text(draw.randrange(1 << 30)),
        tags=tuple(f"tag {draw.randrange(50)}" for _ in range(draw.randrange(4))),
        usage_count=uses,
        usage="used" if uses else draw.choice(["never", "formerly"]),
        version=1,
        width=1280,
        height=720,
        lock_version=number,
        created_at=datetime(2026, 1, 1, number % 24, tzinfo=UTC),
        tasks=(),
        trashed=False,
    )


if __name__ == "__main__":
    sys.exit(main())
