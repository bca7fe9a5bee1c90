"""Arithmetic, without eval and without numbers that fill the memory."""

import ast
import math
from collections.abc import Callable
from decimal import Context, Decimal, DecimalException, localcontext
from typing import Annotated, Final

from pydantic import Field

from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json

Number = int | Decimal

_LONGEST: Final = 500
_MOST_BITS: Final = 4096
_DIGITS: Final = Context(prec=34, Emax=9999, Emin=-9999)
_SAFE_INTEGER: Final = 2**53
_CONSTANTS: Final[dict[str, Number]] = {"pi": Decimal(repr(math.pi)), "e": Decimal(repr(math.e))}
_CURE: Final = "Write plain arithmetic such as (12.5 + 3) * 4, with + - * / // % **, round, abs, min, max, sqrt."


@tool(
    "calculator",
    title="Calculator",
    safety=Safety.PURE,
    timeout_s=5,
    example='calculator(expression="(12.5 + 3) * 4")',
    touches="Nothing. It only computes.",
)
async def calculator(
    _context: ToolContext,
    *,
    expression: Annotated[str, Field(max_length=_LONGEST, description="Arithmetic to evaluate, such as (12.5 + 3) * 4")],
) -> Json:
    """Evaluate an arithmetic expression exactly. Use it for every calculation."""
    return {"expression": expression, "result": shown(evaluate(expression))}


def evaluate(expression: str) -> Number:
    """The value, or a ToolError that says what is wrong."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        with localcontext(_DIGITS):
            return _value(tree.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _wrong(f"{expression!r} is not arithmetic") from None
    except ZeroDivisionError:
        raise _wrong("Division by zero") from None
    except DecimalException as error:
        raise _wrong(f"The result cannot be represented ({type(error).__name__})") from None


def shown(value: Number) -> Json:
    """A JSON number where that is exact enough, else its digits as text."""
    if isinstance(value, Decimal):
        whole = value.to_integral_value()
        return int(whole) if whole == value and abs(whole) < _SAFE_INTEGER else float(value)
    return value if abs(value) < _SAFE_INTEGER else str(value)


def _value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=bool()):
            raise _wrong("True and False are not numbers")
        case ast.Constant(value=int() as number):
            return _bounded(number)
        case ast.Constant(value=float() as number):
            return Decimal(repr(number))
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _value(inner)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATIONS:
            return _bounded(_OPERATIONS[type(operator)](_value(left), _value(right)))
        case ast.Call(func=ast.Name(id=name), args=[*arguments], keywords=[]) if name in _FUNCTIONS and arguments:
            return _bounded(_FUNCTIONS[name](*(_value(argument) for argument in arguments)))
    raise _wrong(f"{ast.unparse(node)[:80]!r} is not allowed here")


def _bounded(number: Number) -> Number:
    if isinstance(number, int) and number.bit_length() > _MOST_BITS:
        raise _wrong("The number is too large")
    return number


def _divide(left: Number, right: Number) -> Number:
    if isinstance(left, int) and isinstance(right, int) and right and left % right == 0:
        return left // right
    return Decimal(left) / Decimal(right)


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        if base.bit_length() * exponent > _MOST_BITS:
            raise _wrong("The number is too large")
        return int(base**exponent)
    return Decimal(base) ** Decimal(exponent)


def _floor(left: Number, right: Number) -> Number:
    return left // right if isinstance(left, int) and isinstance(right, int) else math.floor(Decimal(left) / Decimal(right))


def _remainder(left: Number, right: Number) -> Number:
    """With the sign of the divisor, for whole numbers and fractions alike."""
    return left % right if isinstance(left, int) and isinstance(right, int) else Decimal(left) - Decimal(right) * _floor(left, right)


def _round(value: Number, digits: Number = 0) -> Number:
    return round(value) if not digits else round(Decimal(value), int(digits))


_OPERATIONS: Final[dict[type[ast.operator], Callable[[Number, Number], Number]]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: _divide,
    ast.FloorDiv: _floor,
    ast.Mod: _remainder,
    ast.Pow: _power,
}
_FUNCTIONS: Final[dict[str, Callable[..., Number]]] = {
    "round": _round,
    "abs": abs,
    "min": min,
    "max": max,
    "sqrt": lambda value: Decimal(value).sqrt(),
}


def _wrong(message: str) -> ToolError:
    return ToolError(message, code=ErrorCode.INVALID_INPUT, cure=_CURE)
