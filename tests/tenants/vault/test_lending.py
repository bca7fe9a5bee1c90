"""S08: the operator's keys are for the tenants that the operator names."""

import pytest

from tenants.isolation.scope import tenant_scope
from tenants.vault import model_keys
from tests.tenants.cast import House

pytestmark = pytest.mark.django_db
OPERATOR = "sk-operator-canary-1234567890"


@pytest.mark.parametrize(("lent", "alpha_has", "beta_has"), [([], False, False), (["alpha"], True, False), (["*"], True, True)], ids=str)
def test_s08_keys_are_lent_to_whom_the_operator_names(
    lent: list[str], alpha_has: bool, beta_has: bool, alpha: House, beta: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S08: nobody by default."""
    monkeypatch.setattr(model_keys, "LEND_KEYS", lent)
    monkeypatch.setenv("OPENAI_API_KEY", OPERATOR)
    for house, has in ((alpha, alpha_has), (beta, beta_has)):
        with tenant_scope(house.tenant.id):
            keys = model_keys.keys_of_tenant()
        assert (keys.of("openai") is not None, OPERATOR in keys.secrets()) == (has, has)
