"""The browser's side as it is served: scripts and sheets in groups, addresses with digests."""
