"""Flask behind ASGI: replies that stream, and the bridge that streams them."""
