"""Exits 0 for a webhook that is Postback's, 1 for one that isn't: secret, id, timestamp, signature; body from stdin."""

import sys

from verify import verify

names = ["webhook-id", "webhook-timestamp", "webhook-signature"]
sys.exit(0 if verify(sys.argv[1], dict(zip(names, sys.argv[2:], strict=True)), sys.stdin.buffer.read()) else 1)
