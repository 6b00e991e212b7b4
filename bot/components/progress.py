"""One line on the terminal that shows how far a long piece of work is; fewer of them when nobody watches."""

import sys

_RARELY = 1024


def progress(what: str, done: int, of: int) -> None:
    """Show progress; every step on a terminal, now and then in a log."""
    watched = sys.stderr.isatty()
    if watched or done >= of or done % _RARELY == 0:
        end = "\n" if done >= of or not watched else ""
        print(f"{chr(13) if watched else ''}{what} {done}/{of}", end=end, file=sys.stderr, flush=True)
