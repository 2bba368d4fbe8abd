"""How much a file may be. Source: docs/reliability.md#limits."""

from lectern.pipeline.limits import GIB, MIB

MAX_BYTES = {
    "video": 20 * GIB,
    "audio": 4 * GIB,
    "image": 50 * MIB,
    "document": 512 * MIB,
}
MAX_CAPTION_BYTES = 2 * MIB
MAX_CUES = 20_000
MAX_DURATION_S = 8 * 3600
MAX_TRACKS = 32
MAX_FPS = 240
MAX_SAMPLE_RATE = 384_000

# A frame of a video: 8K, and no side beyond it.
MAX_FRAME_PIXELS = 36_000_000
MAX_FRAME_SIDE = 8_192

MAX_IMAGE_PIXELS = 50_000_000
MAX_IMAGE_SIDE = 16_384
MAX_IMAGE_FRAMES = 1_000
MAX_ANIMATION_PIXELS = 500_000_000
