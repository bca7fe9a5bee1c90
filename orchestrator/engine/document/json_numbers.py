"""Whole numbers as JSON has them: `5.0` is one, true is none."""

from typing import Annotated

from pydantic import BeforeValidator


def _whole(number: object) -> object:
    if isinstance(number, bool):  # which Python takes for 0 or 1
        raise ValueError("Input should be a whole number")
    return int(number) if isinstance(number, float) and number.is_integer() else number


FromJson = BeforeValidator(_whole)
"""Where the form has bounds of its own, behind them."""

Whole = Annotated[int, FromJson]
