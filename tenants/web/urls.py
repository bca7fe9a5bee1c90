"""Addresses of this room: pages at the root, the REST API under /api/v1."""

from django.urls import URLPattern, URLResolver, path

from tenants.admin import site
from tenants.web import invitation_views, policy_views, settings_views, sign_in_views
from tenants.web.rest import invitations, keys, members, policy, providers, rights, tools

page_urls: list[URLPattern | URLResolver] = [
    path("sign-in/", sign_in_views.sign_in, name="sign_in"),
    path("sign-in/link/<str:token>/", sign_in_views.sign_in_by_link, name="sign_in_link"),
    path("invitations/<str:token>/", invitation_views.invitation, name="invitation"),
    path("sign-out/", sign_in_views.sign_out, name="sign_out"),
    path("switch/<slug:slug>/", sign_in_views.switch_tenant, name="switch_tenant"),
    path("policy/", policy_views.policy, name="policy"),
    path("policy/versions/<int:number>/", policy_views.policy_version, name="policy_version"),
    path("settings/members/", settings_views.members, name="members"),
    path("settings/members/invite/", invitation_views.invitation_create, name="invitation_create"),
    path("settings/invitations/<uuid:invitation_id>/take-back/", invitation_views.invitation_take_back, name="invitation_take_back"),
    path("settings/members/<uuid:membership_id>/role/", settings_views.member_role, name="member_role"),
    path("settings/members/<uuid:membership_id>/remove/", settings_views.member_remove, name="member_remove"),
    path("settings/keys/", settings_views.keys, name="keys"),
    path("settings/keys/create/", settings_views.key_create, name="key_create"),
    path("settings/keys/<uuid:key_id>/revoke/", settings_views.key_revoke, name="key_revoke"),
    path("settings/providers/save/", settings_views.provider_save, name="provider_save"),
    path("settings/providers/<str:name>/remove/", settings_views.provider_remove, name="provider_remove"),
    path("settings/tools/", settings_views.tools, name="tools"),
    path("settings/tools/<uuid:tool_id>/", settings_views.tool, name="tool"),
    path("settings/tools/<uuid:tool_id>/terms/", settings_views.tool_terms, name="tool_terms"),
    path("settings/tools/<uuid:tool_id>/enabled/", settings_views.tool_enabled, name="tool_enabled"),
    path("settings/tools/<uuid:identity_id>/<uuid:tool_id>/", settings_views.tool_right, name="tool_right"),
    path("settings/plugins/", settings_views.plugins, name="plugins"),
    path("admin/", site.urls),
]

api_urls: list[URLPattern | URLResolver] = [
    path("tools", tools.ToolsView.as_view(), name="api_tools"),
    path("tools/<str:tool>", tools.ToolView.as_view(), name="api_tool"),
    path("tools/<str:tool>/terms", tools.ToolTermsView.as_view(), name="api_tool_terms"),
    path("rights", rights.RightsView.as_view(), name="api_rights"),
    path("rights/<uuid:identity_id>/<str:tool>", rights.RightView.as_view(), name="api_right"),
    path("members", members.MembersView.as_view(), name="api_members"),
    path("members/<uuid:membership_id>", members.MemberView.as_view(), name="api_member"),
    path("policy", policy.PolicyView.as_view(), name="api_policy"),
    path("policy/versions", policy.PolicyVersionsView.as_view(), name="api_policy_versions"),
    path("keys", keys.ApiKeysView.as_view(), name="api_keys"),
    path("keys/<uuid:key_id>", keys.ApiKeyView.as_view(), name="api_key"),
    path("invitations", invitations.InvitationsView.as_view(), name="api_invitations"),
    path("invitations/<uuid:invitation_id>", invitations.InvitationView.as_view(), name="api_invitation"),
    path("providers", providers.ProviderKeysView.as_view(), name="api_providers"),
    path("providers/<str:name>", providers.ProviderKeyView.as_view(), name="api_provider"),
]
