"""Which demuxers and decoders may see user bytes at all, and which codecs a browser plays."""

# Decoder names, as libavcodec spells them; more than half a thousand others stay shut.
_VIDEO = (
    *("h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "mpeg1video", "mpeg2video"),
    *("mjpeg", "prores", "h263", "flv", "theora", "wmv1", "wmv2", "wmv3", "vc1", "dvvideo"),
)
_AUDIO = (
    *("aac", "alac", "mp3", "mp3float", "mp2", "mp2float", "opus", "libopus", "vorbis"),
    *("flac", "ac3", "eac3", "amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb"),
    *("dca", "truehd", "mlp", "aac_latm", "speex", "nellymoser", "pcm_dvd", "pcm_bluray"),
    *("wmav1", "wmav2", "wmapro", "wmavoice", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt"),
    *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le"),
    *("pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_alaw", "pcm_mulaw"),
)
_ALL = frozenset(_VIDEO + _AUDIO)
_PCM = frozenset(name for name in _AUDIO if name.startswith(("pcm_", "adpcm_")))
_MPEG_AUDIO = frozenset({"mp3", "mp3float", "mp2", "mp2float"})
_MPEG = _MPEG_AUDIO | {"mpeg1video", "mpeg2video", "ac3", "dca"}

# One table: the demuxer that the sniff names, and the decoders its streams may use.
DEMUXERS: dict[str, frozenset[str]] = {
    "mov": _ALL,
    "matroska": _ALL,
    "mpegts": _MPEG
    | {"h264", "hevc", "aac", "aac_latm", "eac3", "truehd", "vc1"}
    | {"opus", "libopus", "pcm_bluray"},
    "mpeg": _MPEG | {"h264", "pcm_s16be", "pcm_dvd"},
    "mpegvideo": frozenset({"mpeg1video", "mpeg2video"}),
    "avi": _ALL,
    "flv": frozenset({"h264", "hevc", "flv", "aac", "mp3", "mp3float", "pcm_u8", "pcm_s16le"})
    | {"speex", "nellymoser"},
    "asf": frozenset({"wmv1", "wmv2", "wmv3", "vc1", "wmav1", "wmav2", "wmapro", "mpeg4", "mp3"})
    | {"wmavoice"},
    "ogg": frozenset({"theora", "vp8", "vorbis", "opus", "libopus", "flac"}),
    "wav": _PCM | _MPEG_AUDIO | {"aac", "ac3", "dca"},
    "aiff": _PCM,
    "caf": _PCM | {"aac", "alac", "opus", "libopus"},
    "mp3": _MPEG_AUDIO,
    "aac": frozenset({"aac"}),
    "flac": frozenset({"flac"}),
    "amr": frozenset({"amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb"}),
    "ac3": frozenset({"ac3"}),
    "eac3": frozenset({"eac3"}),
}

# As people know them, where the library's own name would puzzle.
_NAMES = {
    "h264": "H.264",
    "hevc": "H.265/HEVC",
    "vvc": "H.266/VVC",
    "av1": "AV1",
    "libdav1d": "AV1",
    "prores": "ProRes",
    "mpeg4": "MPEG-4 part 2",
    "dts": "DTS",
    "dca": "DTS",
    "truehd": "Dolby TrueHD",
    "ac4": "Dolby AC-4",
    "aac_latm": "AAC (LATM)",
    "wmalossless": "Windows Media Audio Lossless",
    "qdm2": "QDesign Music 2",
    "wavpack": "WavPack",
    "tta": "TTA",
    "adpcm_g722": "G.722",
    "ape": "Monkey's Audio",
    "s302m": "SMPTE 302M",
    "none": "an unknown codec",
}

# The families a browser decodes, by the name of the codec, not of one decoder for it.
BROWSER_VIDEO = frozenset({"h264", "vp8", "vp9", "av1"})
BROWSER_PIXELS = frozenset({"yuv420p", "yuvj420p"})


def family(decoder: str) -> str:
    """The codec behind a decoder's name: several decoders may read one codec."""
    plain = decoder.removesuffix("float").removeprefix("lib").removeprefix("opencore_")
    return {"dav1d": "av1", "dca": "dts"}.get(plain, plain)


def decodes(demuxer: str, codec: str | None) -> bool:
    """True when a track of that codec may be decoded from that container."""
    return codec in {family(name) for name in DEMUXERS.get(demuxer, ())}


def spoken(codec: str) -> str:
    """A codec's name for a sentence."""
    return _NAMES.get(codec, codec)


def read_options(demuxer: str) -> dict[str, str]:
    """The libav options every opening of user bytes carries: this demuxer, no other source."""
    options = {
        "format_whitelist": demuxer,
        "protocol_whitelist": "file",
        "codec_whitelist": ",".join(sorted(DEMUXERS[demuxer])),
        "max_pixels": "36000000",
        "probesize": "20000000",
        "analyzeduration": "20000000",
        "max_probe_packets": "2500",
    }
    if demuxer == "mov":
        # A QuickTime file may name other files as the place of its data.
        options |= {"enable_drefs": "0", "use_absolute_path": "0"}
    return options
