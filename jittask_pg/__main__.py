"""``python -m jittask_pg`` is the command ``jittask``."""

from .cli.main import main

if __name__ == "__main__":
    main()
