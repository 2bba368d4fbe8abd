"""PostgreSQL and Redis on this machine: those a command already runs, or our own for a while."""

from lectern.host.lock import Kind, Owner, running
from lectern.host.refusal import HostError
from lectern.host.session import Servers, servers

__all__ = ["HostError", "Kind", "Owner", "Servers", "running", "servers"]
