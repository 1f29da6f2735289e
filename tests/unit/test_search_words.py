"""The words of a text and what a search text asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_store.interactions.search_words import search_query, words_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where is my REFUND?", {"where", "is", "my", "refund"}),
        ("order_id=A-77, naïve café", {"order", "id", "a", "77", "naïve", "café"}),
        ("ＦＵＬＬ width ﬁne", {"full", "width", "fine"}),
        ("天気予報", {"天", "気", "予", "報", "天気", "気予", "予報"}),
        ("東京tower", {"東", "京", "東京", "tower"}),
        ("한국어", {"한", "국", "어", "한국", "국어"}),
        ("привет мир", {"привет", "мир"}),
        ("'; DROP --", {"drop"}),
        ("", set()),
    ],
)
def test_words_of_a_text(text: str, expected: set[str]) -> None:
    assert words_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Refund order", "'refund' & 'order'"),
        ("refund refund", "'refund'"),
        ("refun*", "'refun':*"),
        ("天気", "'天気'"),
        ("天", "'天'"),
        ("天気予", "'天気' & '気予'"),
        ("!!!", ""),
        ("it's & (that)", "'it' & 's' & 'that'"),
    ],
)
def test_what_a_search_asks_for(text: str, expected: str) -> None:
    assert search_query(text) == expected


@given(st.text(max_size=200), st.data())
def test_whatever_stands_in_a_text_is_found(text: str, data: st.DataObject) -> None:
    words = words_of(text)
    assert all(words)
    assert not any(character in word for word in words for character in "'\\ \0")
    for word in data.draw(st.lists(st.sampled_from(sorted(words)), max_size=3)) if words else []:
        asked = [part.strip("'") for part in search_query(word).split(" & ")]
        assert set(asked) <= words
