"""Values of JSON for tests with many examples."""

from hypothesis import strategies as st

from orchestrator.engine.ids import Json

TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=8)
NUMBERS: st.SearchStrategy[Json] = st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False, width=32)
LEAVES: st.SearchStrategy[Json] = st.none() | st.booleans() | NUMBERS | TEXTS


def json_values(leaves: int = 6) -> st.SearchStrategy[Json]:
    """Storable values, nested a little."""
    return st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=leaves)
