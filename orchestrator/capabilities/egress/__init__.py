"""The one way out: every outbound HTTP request of a tool, a model or an import goes through here.

A name is resolved once, every address of it must be public, and the connection goes to exactly
the address that was checked. Redirects are followed here, each hop checked like the first.
Private hosts are reachable only when the operator names them in BATON_PRIVATE_HOSTS.
"""
