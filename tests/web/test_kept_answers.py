"""Answers are kept while their data stay, made once for all who ask, and no more than a few."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from api.kept_answers import KeptAnswers


def untold(_doing: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def test_answer_is_made_once_while_its_data_stay() -> None:
    kept, made = KeptAnswers[str, int](2), iter(range(9))

    def ask(question: str, mark: int) -> int:
        return kept.get(question, lambda: mark, lambda: next(made), untold)

    assert [ask("a", 1), ask("a", 1), ask("b", 1), ask("a", 1)] == [0, 0, 1, 0]
    assert [ask("a", 2), ask("a", 2)] == [2, 2]


def test_what_was_not_asked_for_longest_makes_room() -> None:
    kept, made = KeptAnswers[str, int](2), iter(range(9))
    answers = [kept.get(one, lambda: 1, lambda: next(made), untold) for one in "abacab"]
    assert answers == [0, 1, 0, 2, 0, 3]


def test_many_at_once_wait_for_one_answer() -> None:
    kept, made, waiting = KeptAnswers[str, int](2), [], Event()

    def make() -> int:
        waiting.wait(5)
        made.append(1)
        return len(made)

    def progress(doing: str, _done: int, _total: int) -> None:
        assert doing == "waiting"
        waiting.set()

    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: kept.get("a", lambda: 1, make, progress), range(8), timeout=30)
        )
    assert answers == [1] * 8


def test_who_gives_up_or_fails_leaves_the_way_free() -> None:
    kept = KeptAnswers[str, int](2)

    def fail() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1, fail, untold)
    assert kept.get("a", lambda: 1, lambda: 7, untold) == 7


def test_what_is_kept_is_given_while_something_else_is_made() -> None:
    kept, made = KeptAnswers[str, int](2), Event()
    kept.get("a", lambda: 1, lambda: 7, untold)

    def slow() -> int:
        assert made.wait(30)
        return 8

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(kept.get, "b", lambda: 1, slow, untold)
        assert kept.get("a", lambda: 1, lambda: 0, untold) == 7
        made.set()
        assert other.result(30) == 8
