"""All benches: what each is about, the bar it holds, and how to run it small."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bench:
    """One module of this folder. `quick` are the arguments of a run of a minute or less."""

    name: str
    title: str
    bar: str
    quick: tuple[str, ...] = ()


BENCHES = (
    Bench(
        "hashing",
        "Digests against the blake3 package, and small files against bare open and read",
        "≥ 0.95 × and ≥ 0.6 ×",
        ("--mebibytes", "128", "--files", "2000", "--rounds", "3"),
    ),
    Bench(
        "frames",
        "Scores of a 1280 × 720 frame against the OpenCV sequence",
        "≥ 12 ×",
        ("--frames", "12", "--rounds", "3"),
    ),
    Bench(
        "upload",
        "PATCH with digest and acknowledgement against a bare socket-to-file copy",
        "≥ 0.7 ×",
        ("--mebibytes", "128", "--rounds", "3"),
    ),
    Bench(
        "memory",
        "Memory of a web process, beside the least application of the same packages",
        "≤ 80 MiB after all pages, ≤ 90 MiB over an upload of 2 GiB",
        ("--mebibytes", "256"),
    ),
    Bench(
        "start",
        "From `bin/lectern serve` to the first answer, on a data folder that is there",
        "≤ 2 s",
        ("--rounds", "2"),
    ),
    Bench("pages", "The library page beside 500 open pages, against none", "≥ 0.5 ×"),
    Bench(
        "paint", "First paint of a video's page in Chromium against the library's", "≤ 2 × as long"
    ),
    Bench(
        "poster",
        "Choosing a poster against the bare decode of the same key frames",
        "≤ 2 × and 1 ± 0.3",
        ("--rounds", "2"),
    ),
    Bench(
        "media_storyboard",
        "A storyboard against ffmpeg's `fps=1/5` over all frames",
        "≤ 0.05 ×",
        ("--rounds", "1", "--minutes", "2"),
    ),
    Bench(
        "media_captions",
        "Captions of a lecture against `WhisperModel.transcribe`",
        "≤ 1.1 ×",
        ("--rounds", "1"),
    ),
    Bench(
        "media_streams",
        "Three rungs of a 1080p talk against ffmpeg's own HLS",
        "≤ 0.75 × and ≤ 1.1 ×",
        ("--rounds", "1", "--seconds", "10"),
    ),
    Bench(
        "bulk",
        "Tagging 100,000 files as one batch, against one edit after the other",
        "≤ 5 s",
    ),
    Bench(
        "storage",
        "A verified put into a folder and a bucket, against plain copies",
        "≥ 0.9 × and ≥ 0.5 ×",
    ),
    Bench("cards", "The 60 cards of a page against a template include for each", "≥ 1.6 ×"),
    Bench(
        "library",
        "Lists, filters and facets of 1,000,000 files, against the plain way",
        "≤ 60 ms a list, ≤ 150 ms of facets, ≤ 100 ms a page",
        ("--assets", "50000"),
    ),
)
