"""Writes what is generated from code: .env.example and docs/configuration.md. `check` fails when they are behind."""

import sys
from dataclasses import fields

from core.config import ROOT, Settings, environment_name

EXAMPLE = ROOT / ".env.example"
TABLE = ROOT / "docs" / "configuration.md"


def _default(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace(f"{ROOT}/", "")


def example() -> str:
    """Return .env.example: every setting with its default, commented out; secrets are empty."""
    lines = ["# Settings of Amana. Copy to .env and change what differs; `make keys` writes one with fresh keys.", ""]
    for row in fields(Settings):
        lines += [f"# {row.metadata['help']}", f"#{environment_name(row.name)}={_default(row.default)}", ""]
    return "\n".join(lines)


def table() -> str:
    """Return docs/configuration.md."""
    lines = [
        "# Settings",
        "",
        "Read once at the start, from the environment or from `.env` in the project's folder. A missing or wrong",
        "setting stops the start with one sentence that says which and why. A name that begins with `AMANA_` and",
        "is not in this table stops it too, so that a typing error is not a default.",
        "",
        "| setting | default | meaning |",
        "|---|---|---|",
    ]
    for row in fields(Settings):
        default = "*secret*" if row.metadata["secret"] else f"`{_default(row.default)}`"
        default = "" if default == "``" else default
        lines.append(f"| `{environment_name(row.name)}` | {default} | {row.metadata['help']} |")
    lines += [
        "",
        "The assistant's own environment reads four more: `AMANA_TRACKER_PATH` (its conversation memory, default",
        "`var/tracker.sqlite3`), `AMANA_CACHE` (embeddings of the training examples, default `var/cache`),",
        "`AMANA_MODELS` (trained models, default `models`) and `AMANA_DOMAIN` (what a model must match, default",
        "`bot/domain`). Tests read `AMANA_TEST_POSTGRES_URL`.",
        "",
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Write both files, or check them."""
    wanted = {EXAMPLE: example(), TABLE: table()}
    if arguments == ["check"]:
        behind = [path.name for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
        sys.stdout.write("".join(f"{name} is behind the code: python -m ops.docs\n" for name in behind))
        return 1 if behind else 0
    for path, text in wanted.items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
