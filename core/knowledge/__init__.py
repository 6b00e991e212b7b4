"""Facts with source, date and confidence: fees, registers, laws, notices, numbers to call (data/knowledge/*.csv).

Only rows of high confidence, or of medium confidence that an editor has confirmed, are told as fact; expired rows are
not told (architecture.md section 6). Emergency numbers carry their own mark, see data/knowledge/README.md.
"""

from core.knowledge.facts import Knowledge
from core.knowledge.reading import load
from core.knowledge.rows import NOTICES, FeeRule, Law, Line, Notice, Register

__all__ = ["NOTICES", "FeeRule", "Knowledge", "Law", "Line", "Notice", "Register", "load"]
