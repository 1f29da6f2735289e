"""Which words of a text keyword search finds, and what a search text asks for.

Words are runs of letters and digits, in lower case and Unicode's compatibility form (NFKC). Chinese, Japanese and
Korean are written without spaces: of their runs every character and every two neighbours are words, so that a search
for two characters finds them wherever they stand.
"""

import re
import unicodedata
from collections.abc import Iterator

WORD_CHARS_MAX = 100  # of what is kept of one word
_CJK = r"\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
_CJK += r"\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"([{_CJK}]+)|([^\W_{_CJK}]+)")
_RUNS_ASKED = re.compile(rf"([{_CJK}]+)|([^\W_{_CJK}]+)(\*?)")


def words_of(text: str) -> set[str]:
    """The words by which a text is found."""
    found: set[str] = set()
    for cjk, word in _RUNS.findall(_plain(text)):
        if word:
            found.add(word[:WORD_CHARS_MAX])
        else:
            found.update(cjk)
            found.update(_pairs(cjk))
    return found


def search_query(text: str) -> str:
    """The search text as a PostgreSQL tsquery: every word of it must occur; "" when it holds none.

    `refund*` asks for words that begin so.
    """
    asked: list[str] = []
    for cjk, word, star in _RUNS_ASKED.findall(_plain(text)):
        if word:
            asked.append(f"'{word[:WORD_CHARS_MAX]}'{':*' if star else ''}")
        else:
            asked += [f"'{pair}'" for pair in _pairs(cjk)] or [f"'{cjk}'"]
    return " & ".join(dict.fromkeys(asked))


def _plain(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).lower()


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run) - 1))
