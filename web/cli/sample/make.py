"""Make the sample library's files again: slides by Chromium, voices by espeak-ng, video by ffmpeg.

    .venv/bin/python -m web.cli.sample.make

Run it only to change the sample; the files are part of the repository. Needs Chromium and
espeak-ng on the PATH. Words, slides and sounds are ours and in the public domain (CC0 1.0).
"""

import html
import os
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg
from playwright.sync_api import Page, sync_playwright

FILES = Path(__file__).with_name("files")
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
SIZE = {"width": 1280, "height": 720}

# (title, lines on the slide, what is said)
Slide = tuple[str, Sequence[str], str]

HOOKS: list[Slide] = [
    (
        "React hooks in one minute",
        ["Components that remember", "Lesson 2"],
        "Welcome back. In the next minute we look at hooks, and at why components need to remember.",
    ),
    (
        "useState",
        [
            "const [count, setCount] = useState(0)",
            "React keeps the value",
            "Setting it renders again",
        ],
        "Use state gives a component a value that survives the next render. Setting it renders the component again.",
    ),
    (
        "useEffect",
        ["Runs after the paint", "Return a clean-up", "List what it depends on"],
        "Use effect runs after the screen was painted. Return a function to clean up, and list what the effect depends on.",
    ),
    (
        "Rules of hooks",
        ["Only at the top level", "Only in components", "The linter checks both"],
        "Call hooks at the top level only, and only inside components. The linter will tell you when you forget.",
    ),
]
LEAVES: list[Slide] = [
    (
        "Why are leaves green?",
        ["Field Biology", "Week 1"],
        "Why are leaves green? It is the light that plants do not use.",
    ),
    (
        "Chlorophyll",
        ["Absorbs red and blue", "Reflects green", "Sits in the chloroplasts"],
        "Chlorophyll absorbs red and blue light for photosynthesis. The green part is reflected, and that is what we see.",
    ),
    (
        "In autumn",
        ["Chlorophyll is taken back", "Carotenoids remain", "Some trees add red"],
        "In autumn the tree takes its chlorophyll back. Yellow carotenoids remain, and some trees add a red of their own.",
    ),
]
WELCOME = (
    "Hello, and welcome to the course. You need a browser, an editor and about two hours a week. "
    "Every lesson ends with one small exercise. Let us begin."
)
THEMES = {
    "react": ("#0b1220", "#13233f", "#7dd3fc", "#e6f1ff"),
    "leaves": ("#0e1f14", "#1c3a24", "#a3e635", "#f2fbe8"),
}


def main() -> None:
    """Write every file of the sample."""
    FILES.mkdir(exist_ok=True)
    with browser() as page, tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        talk(page, scratch, HOOKS, "react", "en-us+f3", "react-hooks-in-one-minute.mp4")
        talk(page, scratch, LEAVES, "leaves", "en-gb+m3", "why-are-leaves-green.mp4")
        picture(page, diagram(), "state-and-render.png")
        picture(page, leaf(), "leaf-cross-section.png")
        say(WELCOME, "en-us+f3", scratch / "welcome.wav")
        convert(
            scratch / "welcome.wav", "welcome-to-the-course.m4a", ["-c:a", "aac", "-b:a", "48k"]
        )
        page.set_content(syllabus())
        page.pdf(path=str(FILES / "syllabus.pdf"), format="A4", print_background=True)
    colony()
    chorus()


@contextmanager
def browser() -> Iterator[Page]:
    """A page of the system's Chromium."""
    executable = os.environ.get("LECTERN_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium.new_page(viewport=SIZE)  # type: ignore[arg-type]
        chromium.close()


def talk(page: Page, scratch: Path, slides: list[Slide], theme: str, voice: str, name: str) -> None:
    """A spoken slide lecture: each slide stays while its words are said."""
    parts = []
    for number, (title, lines, words) in enumerate(slides, start=1):
        still, sound = scratch / f"{name}{number}.png", scratch / f"{name}{number}.wav"
        page.set_content(slide(theme, title, lines, number, len(slides)))
        page.screenshot(path=str(still))
        seconds = say(words, voice, sound) + 0.8
        part = scratch / f"{name}{number}.mp4"
        ffmpeg(
            ["-loop", "1", "-framerate", "10", "-i", str(still), "-i", str(sound), "-af", "apad"],
            [
                "-t",
                f"{seconds:.2f}",
                "-c:v",
                "libx264",
                "-preset",
                "slow",
                "-crf",
                "25",
                "-g",
                "40",
            ],
            ["-tune", "stillimage", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "48k", str(part)],
        )
        parts.append(f"file '{part}'")
    listing = scratch / f"{name}.txt"
    listing.write_text("\n".join(parts))
    ffmpeg(
        ["-f", "concat", "-safe", "0", "-i", str(listing), "-c", "copy"],
        ["-movflags", "+faststart", str(FILES / name)],
    )


def say(words: str, voice: str, target: Path) -> float:
    """Speak into a WAV file; returns its seconds."""
    subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-w", str(target), words], check=True)  # noqa: S607
    with wave.open(str(target)) as sound:
        return float(sound.getnframes() / sound.getframerate())


def convert(source: Path, name: str, options: list[str]) -> None:
    """A sound file in another format."""
    ffmpeg(["-i", str(source)], [*options, str(FILES / name)])


def colony() -> None:
    """A silent clip that looks like a growing culture: Conway's game of life, softened."""
    source = "life=s=320x180:mold=12:r=12:ratio=0.16:seed=7:death_color=#10321f:life_color=#d9f99d:mold_color=#1f7a4d"
    ffmpeg(
        ["-f", "lavfi", "-i", source, "-t", "10"],
        ["-vf", "scale=960:540:flags=bicubic,gblur=sigma=3", "-c:v", "libx264", "-crf", "36"],
        ["-preset", "slow", "-pix_fmt", "yuv420p", "-movflags", "+faststart"],
        [str(FILES / "culture-growing-overnight.mp4")],
    )


def chorus() -> None:
    """A dawn chorus of two synthetic birds."""
    first = "0.25*sin(2*PI*(2600+900*sin(2*PI*7*t))*t/1.0)*pow(max(0\\,sin(2*PI*0.7*t))\\,6)"
    second = "0.2*sin(2*PI*(3900+500*sin(2*PI*11*t))*t/1.0)*pow(max(0\\,sin(2*PI*0.45*t+1))\\,10)"
    ffmpeg(
        ["-f", "lavfi", "-i", f"aevalsrc={first}+{second}:s=32000:d=14"],
        ["-c:a", "libmp3lame", "-b:a", "48k", str(FILES / "dawn-chorus.mp3")],
    )


def ffmpeg(*options: list[str]) -> None:
    """Run ffmpeg, quietly."""
    flat = [option for group in options for option in group]
    subprocess.run([FFMPEG, "-nostdin", "-loglevel", "error", "-y", *flat], check=True)


def picture(page: Page, content: str, name: str) -> None:
    """A still of a page."""
    page.set_content(content)
    page.screenshot(path=str(FILES / name))


def slide(theme: str, title: str, lines: Sequence[str], number: int, count: int) -> str:
    """One slide as HTML."""
    dark, light, accent, ink = THEMES[theme]
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return f"""<style>
      body {{ margin: 0; width: 1280px; height: 720px; box-sizing: border-box; padding: 110px 120px;
        font-family: "DejaVu Sans", sans-serif; color: {ink};
        background: radial-gradient(1000px 700px at 88% 8%, {light}, {dark}); }}
      h1 {{ font-size: 68px; margin: 0 0 54px; letter-spacing: -1.5px; }}
      h1::after {{ content: ""; display: block; width: 120px; height: 8px; margin-top: 26px;
        border-radius: 4px; background: {accent}; }}
      ul {{ list-style: none; padding: 0; margin: 0; font-size: 38px; line-height: 1.75; opacity: .92; }}
      footer {{ position: absolute; right: 60px; bottom: 44px; font-size: 24px; opacity: .55; }}
    </style><h1>{html.escape(title)}</h1><ul>{items}</ul><footer>{number} / {count}</footer>"""


def diagram() -> str:
    """How a state update becomes a new picture."""
    boxes = [("event", 90), ("setState", 400), ("render", 710), ("paint", 1020)]
    drawn = "".join(
        f'<rect x="{x}" y="290" width="190" height="120" rx="22" fill="#13233f" stroke="#7dd3fc" stroke-width="3"/>'
        f'<text x="{x + 95}" y="362" fill="#e6f1ff" font-size="32" text-anchor="middle">{name}</text>'
        for name, x in boxes
    )
    arrows = "".join(
        f'<path d="M{x + 205} 350 h80" stroke="#7dd3fc" stroke-width="5" marker-end="url(#tip)"/>'
        for _, x in boxes[:-1]
    )
    return f"""<body style="margin:0;background:#0b1220"><svg width="1280" height="720" font-family="DejaVu Sans">
      <defs><marker id="tip" markerWidth="6" markerHeight="6" refX="4" refY="3" orient="auto">
      <path d="M0 0 6 3 0 6z" fill="#7dd3fc"/></marker></defs>
      <text x="90" y="170" fill="#e6f1ff" font-size="52" font-weight="bold">State and render</text>
      {drawn}{arrows}<path d="M1115 410 q0 150 -465 150 t-465 -145" fill="none" stroke="#7dd3fc"
      stroke-width="3" stroke-dasharray="4 12" stroke-linecap="round"/></svg>"""


def leaf() -> str:
    """A leaf's layers, in section."""
    rows = "".join(
        f'<ellipse cx="{120 + 95 * i}" cy="300" rx="36" ry="96" fill="#65a30d" stroke="#1a2e05" stroke-width="3"/>'
        for i in range(12)
    )
    sponge = "".join(
        f'<circle cx="{110 + (i * 83) % 1100}" cy="{450 + (i * 47) % 90}" r="34" fill="#84cc16" opacity=".85"/>'
        for i in range(22)
    )
    return f"""<body style="margin:0;background:#f7fee7"><svg width="1280" height="720" font-family="DejaVu Sans">
      <rect x="60" y="150" width="1160" height="44" rx="18" fill="#d9f99d" stroke="#365314" stroke-width="3"/>
      {rows}{sponge}<rect x="60" y="580" width="1160" height="40" rx="18" fill="#d9f99d" stroke="#365314" stroke-width="3"/>
      <g font-size="26" fill="#1a2e05"><text x="60" y="120" font-size="40" font-weight="bold">A leaf in section</text>
      <text x="70" y="180">epidermis</text><text x="70" y="670">stomata open below</text></g></svg>"""


def syllabus() -> str:
    """The course on one page."""
    return """<style>body{font:15px/1.6 "DejaVu Sans",sans-serif;margin:60px;color:#1f2937}h1{color:#0b4a6f}</style>
      <h1>React from scratch</h1><p>Two hours a week, four weeks, one small exercise a lesson.</p>
      <ol><li>Components and props</li><li>State and hooks</li><li>Effects and data</li><li>Shipping it</li></ol>"""


if __name__ == "__main__":
    main()
