"""Response headers: a strict policy for pages, and nothing active for user bytes."""

from flask import Flask, Response, request

from web.extensions import settings, storage
from web.frontend.addresses import ROOT, plain_path
from web.vendor_hashes import style_hashes

HASH_WORKER = "js/workers/hash.js"
_PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"


def init_app(app: Flask) -> None:
    """Set the headers of every response that did not set its own."""
    app.after_request(set_headers)


def set_headers(response: Response) -> Response:
    """Headers as in docs/reliability.md#requests; https-only ones when we are reached by https."""
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if settings().secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if not request.path.startswith("/static/"):
        headers.setdefault("Cache-Control", "no-store")
        response.vary.add("Cookie")
    if request.path.startswith("/m/"):
        headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        headers.setdefault("Referrer-Policy", "no-referrer")
        return response
    headers.setdefault("Content-Security-Policy", policy(request.path))
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", _PERMISSIONS)
    return response


def policy(path: str) -> str:
    """The content security policy of a page, or of the hash worker's own file."""
    # Other sites that our own addresses may lead to.
    media = " ".join(filter(None, [settings().media_url, storage().origin]))
    # Only the worker that runs BLAKE3 may compile WebAssembly.
    wasm = " 'wasm-unsafe-eval'" if plain_path(path.removeprefix(f"{ROOT}/")) == HASH_WORKER else ""
    styles = " ".join(["'self'", *style_hashes()])
    parts = [
        "default-src 'none'",
        f"script-src 'self'{wasm}",
        f"style-src {styles}",
        f"img-src 'self' data: {media}".rstrip(),
        f"media-src 'self' blob: {media}".rstrip(),
        "font-src 'self'",
        # Streams are fetched piece by piece from where they are stored.
        f"connect-src 'self' {media}".rstrip(),
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    ]
    if settings().secure:
        parts.append("upgrade-insecure-requests")
    return "; ".join(parts)
