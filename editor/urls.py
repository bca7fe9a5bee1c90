"""Addresses of this room: pages at the root, the REST API under /api/v1."""

from django.urls import URLPattern, URLResolver

page_urls: list[URLPattern | URLResolver] = []

api_urls: list[URLPattern | URLResolver] = []
