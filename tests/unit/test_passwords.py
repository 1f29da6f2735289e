"""The hash of a password: only the right one fits, and what is no hash is refused when settings are read."""

import pytest

from web.settings import BadSetting, read_settings
from web.signing_in.passwords import check_hash, hash_password, is_password

HASHED = hash_password("correct horse")


def test_only_the_password_fits() -> None:
    assert is_password("correct horse", HASHED)
    assert not is_password("correct horsf", HASHED)
    assert not is_password("", HASHED)
    assert hash_password("correct horse") != HASHED
    assert check_hash(HASHED) == HASHED
    assert "$" not in HASHED  # compose files would take it for a variable


NO_HASHES = {
    "no form": "secret",
    "two parts": "scrypt:1:2",
    "cut": HASHED[:-9],
    "another method": "bcrypt" + HASHED[6:],
    "too much work": "scrypt:999999999:8:1:a:b",
}


@pytest.mark.parametrize("text", NO_HASHES.values(), ids=NO_HASHES)
def test_what_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(BadSetting, match="rainbarrel password"):
        read_settings({"password_hash": text}, {})
