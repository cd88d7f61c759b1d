"""Passwords are hashed with Argon2id and compared without telling who exists."""

import time

from argon2 import PasswordHasher

from backend.auth.passwords import hash_password, needs_rehash, verify_password


def test_a_hash_is_argon2id_and_salted() -> None:
    first, second = hash_password("correct horse"), hash_password("correct horse")
    assert first.startswith("$argon2id$")
    assert first != second
    assert "correct" not in first


def test_only_the_right_password_verifies() -> None:
    stored = hash_password("correct horse")
    assert verify_password("correct horse", stored)
    assert not verify_password("correct horse ", stored)
    assert not verify_password("", stored)


def test_a_damaged_hash_verifies_nothing() -> None:
    assert not verify_password("anything", "not a hash")


def test_a_password_may_hold_any_unicode() -> None:
    password = "пароль 密码 🔑"
    assert verify_password(password, hash_password(password))


def test_an_unknown_user_costs_as_much_as_a_wrong_password() -> None:
    stored = hash_password("correct horse")

    def fastest(password_hash: str | None) -> float:
        times = []
        for _ in range(5):
            started = time.perf_counter()
            assert not verify_password("wrong", password_hash)
            times.append(time.perf_counter() - started)
        return min(times)

    assert fastest(None) > fastest(stored) / 3


def test_hashes_made_with_other_parameters_are_renewed() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("secret")
    assert needs_rehash(weak)
    assert not needs_rehash(hash_password("secret"))
