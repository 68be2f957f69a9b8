"""What workers, the server and writers do to each other when they die, stop or get in each other's way.

Every scenario is seeded and ends before the same judge (`ledger`). The sizes are small unless JITTASK_CHAOS=full,
which ``make chaos`` sets; it also writes the figures to the file that JITTASK_CHAOS_REPORT names.
"""
