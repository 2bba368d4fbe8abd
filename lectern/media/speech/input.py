"""What speech recognition works on: sound and subtitle tracks, extracted in the sandbox."""

from collections.abc import Callable, Sequence
from pathlib import Path

from lectern.media import codecs
from lectern.media.convert import INPUT, OUTPUT
from lectern.media.facts import Facts, StreamFacts
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.limits import MAX_DURATION_S
from lectern.media.sandbox.refusal import Refused
from lectern.pipeline.limits import Limits
from lectern.pipeline.registry import Step

SAMPLE_RATE = 16_000
_BYTES_A_SECOND = 2 * SAMPLE_RATE
# Text subtitles as containers hold them, by the names of their decoders.
_TEXT = ("ass", "mov_text", "srt", "ssa", "subrip", "text", "webvtt")
# Of these a copy keeps what the way over ffmpeg's own form would lose: speakers, places, brackets.
_AS_WRITTEN = {"subrip": "srt", "srt": "srt", "webvtt": "webvtt", "ass": "ass", "ssa": "ass"}

Progress = Callable[[float], None] | None
Cancelled = Callable[[], bool] | None


def sound(
    source: Path, facts: Facts, scratch: Path, on_progress: Progress, cancelled: Cancelled
) -> Path:
    """What is spoken as mono 16-bit samples, `SAMPLE_RATE` a second, from time 0 on.

    Recorders of meetings give each speaker or device a track: all that are heard are mixed, unless
    they are in different languages.

    Raises:
        Refused: it cannot be decoded within the limits.
        Stopped, SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    duration_s = min(facts.duration_s or MAX_DURATION_S, MAX_DURATION_S)
    file_bytes = int((duration_s * 1.05 + 10) * _BYTES_A_SECOND)
    limits = Step.CAPTIONS.limits("ffmpeg", duration_s, file_bytes)
    taken = [
        *("-filter_complex", _mix(tracks(facts)), "-map", "[mix]", "-map_metadata", "-1"),
        *("-ar", str(SAMPLE_RATE)),
        *("-t", f"{duration_s * 1.05 + 5:.3f}", "-c:a", "pcm_s16le", "-f", "s16le", OUTPUT),
    ]
    _run(source, facts, scratch, taken, limits, on_progress, cancelled)
    return sandbox.output(scratch, 0)


def tracks(facts: Facts) -> list[StreamFacts]:
    """The audio tracks to listen to, the main one first."""
    every = [stream for stream in facts.streams if stream.kind == "audio"]
    index = facts.audio_stream or 0
    main = next((each for each in every if each.index == index), StreamFacts(index, "audio"))
    others = [
        stream
        for stream in every
        if stream is not main
        and not stream.silent
        and stream.channels
        and codecs.decodes(facts.container, stream.codec)
    ]
    languages = {stream.language for stream in (main, *others)} - {None, "und"}
    return [main] if len(languages) > 1 else [main, *others]


def _mix(streams: Sequence[StreamFacts]) -> str:
    """The filters that make one channel, `[mix]`, of these tracks."""
    chains = []
    for number, stream in enumerate(streams):
        # A mix of channels of which one is the other turned over would be silence.
        channel = "pan=mono|c0=c0" if stream.inverted else "aformat=channel_layouts=mono"
        # It may begin after the picture: silence fills that up, or all times would be early.
        chain = f"[0:{stream.index:d}]aresample=async=1:first_pts=0,{channel}"
        chains.append(f"{chain}[t{number}]")
    names = "".join(f"[t{number}]" for number in range(len(streams)))
    mixed = (
        f"amix=inputs={len(streams)}:normalize=0,alimiter=level=false" if streams[1:] else "anull"
    )
    return ";".join([*chains, f"{names}{mixed}[mix]"])


def subtitles(
    source: Path, facts: Facts, stream: StreamFacts, scratch: Path, cancelled: Cancelled
) -> bytes:
    """One text subtitle track as a caption file; nothing for a track without cues.

    It is taken as it was written, where a format of files is inside; everything else as WebVTT.

    Raises:
        Refused: it cannot be decoded within the limits.
        Stopped, SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    limits = Step.CAPTIONS.limits("ffmpeg/subtitles")
    muxer = _AS_WRITTEN.get(stream.codec or "", "")
    taken = ["-map", f"0:{stream.index:d}", "-map_metadata", "-1"]
    taken += ["-c:s", "copy" if muxer else "webvtt", "-f", muxer or "webvtt", OUTPUT]
    _run(source, facts, scratch, taken, limits, None, cancelled)
    made = sandbox.output(scratch, 0)
    data = made.read_bytes()
    made.unlink()
    return data


def _run(
    source: Path,
    facts: Facts,
    scratch: Path,
    taken: Sequence[str],
    limits: Limits,
    on_progress: Progress,
    cancelled: Cancelled,
) -> None:
    entry = scratch / INPUT
    entry.unlink(missing_ok=True)
    entry.symlink_to(source.resolve())
    answer = sandbox.run(
        "ffmpeg",
        {"argv": _arguments(facts.container, taken), "duration_s": facts.duration_s},
        read=[source],
        scratch=scratch,
        limits=limits,
        on_progress=on_progress,
        cancelled=cancelled,
    )
    entry.unlink()
    if answer["exit"]:
        raise Refused("The audio or subtitles of this file cannot be read.")


def _arguments(demuxer: str, taken: Sequence[str]) -> list[str]:
    """ffmpeg's arguments: fixed words and numbers; nothing a user wrote can be in them."""
    options = codecs.read_options(demuxer)
    options["codec_whitelist"] = ",".join([options["codec_whitelist"], *_TEXT])
    named = [word for name, value in options.items() for word in (f"-{name}", value)]
    return [
        *("-nostdin", "-hide_banner", "-loglevel", "error", "-nostats", "-y"),
        *("-progress", "pipe:1", "-max_alloc", "1000000000", "-filter_threads", "1"),
        *(*named, "-threads", "1", "-f", demuxer, "-i", INPUT),
        *taken,
    ]
