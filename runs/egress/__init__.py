"""The one way out: every outbound HTTP request of a tool, a model or an import goes through here.

A name is resolved once, every address of it must be public, and the connection goes to exactly
the address that was checked. Redirects are followed here, each hop checked like the first.
Private hosts are reachable only when the operator names them in BATON_PRIVATE_HOSTS.
"""

from runs.egress.addresses import is_public
from runs.egress.client import Egress, Fetched, Limits, Response
from runs.egress.errors import EgressError, EgressFailed, EgressRefused
from runs.egress.shared import shared_egress

__all__ = ["Egress", "EgressError", "EgressFailed", "EgressRefused", "Fetched", "Limits", "Response", "is_public", "shared_egress"]
