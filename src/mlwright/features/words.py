"""Words of a text, by one regular expression that means the same to Python and to RE2 (ONNX Runtime's Tokenizer).

No locale, no Unicode table and no flag takes part, only code points: a word is a run of characters that are neither
ASCII punctuation, blanks nor the general punctuation of Unicode; a Chinese or Japanese character is a word by itself.
"""

import re
from collections.abc import Sequence

from mlwright.data.columns import Array

MAX_CHARACTERS = 2000  # of a text; one very long text would otherwise widen the token matrix of its whole batch
# Written without a single character that has a meaning inside [...] to either engine.
_SEPARATORS = (
    r"\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f"
    "\u0080-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7"
    "\u2000-\u206f\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\ufe30-\ufe4f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40"
)
_SINGLES = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
WORD_PATTERN = f"[{_SINGLES}]|[^{_SEPARATORS}{_SINGLES}]+"
# RE2 repeats at most 1000 times; `.` takes newlines too.
HEAD_PATTERN = r"(?s)\A" + ".{0,1000}" * (MAX_CHARACTERS // 1000)
_FIND = re.compile(WORD_PATTERN).findall


def split_words(texts: Array) -> list[list[str]]:
    """Return the words in the first 2,000 characters of each text.

    Example:
        >>> import numpy as np
        >>> split_words(np.array(["Don't panic: 42!", ""], dtype=object))
        [['Don', 't', 'panic', '42'], []]
    """
    return [_FIND(text[:MAX_CHARACTERS]) for text in texts.tolist()]


def surfaces(key: str, seen: Sequence[str]) -> tuple[str, ...]:
    """Return the spellings of a word that count as it: those seen and its plain, capital and upper case forms."""
    spellings = {key, key.lower(), key.upper(), key.capitalize(), *seen}
    return tuple(sorted(spelling for spelling in spellings if spelling.casefold() == key))
