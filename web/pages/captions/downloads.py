"""Captions as answers: every form they are read in, with an ETag and a file name."""

from urllib.parse import quote

from flask import Response, jsonify, render_template, request

from lectern.insight import subtitles, transcript_files
from lectern.insight.caption_files import writing
from lectern.insight.captions import Captions
from lectern.insight.transcripts import Segment
from lectern.models import Asset
from lectern.text import duration_text

FORMS = ("vtt", "srt", "txt", "json", "html")
A_YEAR = "private, max-age=31536000, immutable"


def reply(
    asset: Asset, found: Captions, form: str, *, cache: str = "private, no-cache"
) -> Response:
    """The captions in one form; `?download=1` makes it a file, which HTML always is."""
    answer = _written(asset, found, form)
    answer.set_etag(f"{found.tag}-{form}")
    answer.headers["Cache-Control"] = cache
    answer.headers["Content-Language"] = found.language.partition("-x-")[0]
    if form == "html" or request.args.get("download"):
        stem = asset.name.rpartition(".")[0] or asset.name
        name = quote(f"{stem}.{found.language}.{form}", safe="")
        answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    answer.make_conditional(request)
    return answer


def _written(asset: Asset, found: Captions, form: str) -> Response:
    if form == "json":
        return jsonify(transcript_json(asset, found))
    if form == "vtt":
        return Response(writing.vtt(found.cues), mimetype=subtitles.VTT_MIME)
    if form == "srt":
        content_type = f"{subtitles.SRT_MIME}; charset=utf-8"
        return Response(writing.srt(found.cues), content_type=content_type)
    if form == "txt":
        return Response(transcript_files.text(found.segments), mimetype="text/plain")
    lines = [(duration_text(at), text) for at, text in transcript_files.paragraphs(found.segments)]
    language = found.language.partition("-x-")[0]
    page = render_template("captions/transcript.html", asset=asset, language=language, lines=lines)
    return Response(page)


def transcript_json(asset: Asset, found: Captions) -> dict[str, object]:
    """`GET /assets/ID/transcript.json`."""
    return {
        "asset": str(asset.id),
        "version": asset.version_number,
        "language": found.language,
        "label": found.label,
        "state": found.state,
        "origin": found.origin,
        "model": found.transcript.model if found.transcript and found.track is None else None,
        "duration": asset.duration_s,
        "segments": [_segment(each) for each in found.segments],
    }


def _segment(segment: Segment) -> dict[str, object]:
    words = [
        {
            "start": word.start_s,
            "end": word.end_s,
            "word": word.text.strip(),
            "confidence": word.confidence,
        }
        for word in segment.words
    ]
    told = {"start": segment.start_s, "end": segment.end_s, "text": segment.text}
    told |= {"speaker": segment.speaker} if segment.speaker else {}
    return told | ({"words": words} if words else {})
