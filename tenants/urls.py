"""Addresses of this room: pages at the root, the REST API under /api/v1."""

from django.urls import URLPattern, URLResolver, path

from tenants import sign_in_views

page_urls: list[URLPattern | URLResolver] = [
    path("sign-in/", sign_in_views.sign_in, name="sign_in"),
    path("sign-in/link/<str:token>/", sign_in_views.sign_in_by_link, name="sign_in_link"),
    path("sign-out/", sign_in_views.sign_out, name="sign_out"),
    path("switch/<slug:slug>/", sign_in_views.switch_tenant, name="switch_tenant"),
]

api_urls: list[URLPattern | URLResolver] = []
