"""One-time links by which staff come in: `python -m desk.invite NAME --role admin`."""

import argparse
import sys

from core.config import Settings, from_env
from core.errors import ConfigError
from core.store import Store, Tx, cases, open_store, staff
from desk.accounts import FIRST, NAME_PROBLEM, ROLES, clean_name, is_name, welcome_link


def invite(tx: Tx, name: str, role: str) -> str:
    """Make or renew the link of a member, who is added when there is none of this name; return its token."""
    member = staff.by_name(tx, name) or staff.add(tx, name, role)
    cases.note(tx, "invited", None, None)
    return staff.invite(tx, member)


def first_sign_in_link(store: Store, settings: Settings) -> str | None:
    """Return a link for the first administrator while no member can sign in, else None."""

    def work(tx: Tx) -> str | None:
        return None if staff.count(tx) else invite(tx, FIRST, "admin")

    token = store.write_now(work)
    return token and welcome_link(settings, token)


def main() -> int:
    """Print a link."""
    parser = argparse.ArgumentParser(prog="python -m desk.invite", description="Make a one-time link to sign in.")
    parser.add_argument("name", help="what people will call the new member")
    parser.add_argument("--role", choices=ROLES, default="counsellor")
    chosen = parser.parse_args()
    name = clean_name(chosen.name)
    try:
        settings = from_env()
        if not is_name(name):
            raise ConfigError(NAME_PROBLEM)
    except ConfigError as error:
        print(f"No link was made: {error}", file=sys.stderr)
        return 2
    store = open_store(settings.database_url, settings.master)
    token = store.write_now(lambda tx: invite(tx, name, chosen.role))
    store.close()
    print(welcome_link(settings, token))
    return 0


if __name__ == "__main__":
    sys.exit(main())
