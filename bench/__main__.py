"""Runs every measurement, one after the other; a missed target is printed, not an error."""

import subprocess

from bench import conversation, webhook, words
from core.config import ROOT

if __name__ == "__main__":
    webhook.main()
    conversation.main()
    words.main()
    subprocess.run(["bot/.venv/bin/python", "bench/understanding.py"], cwd=ROOT, check=True)
