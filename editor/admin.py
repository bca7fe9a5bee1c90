"""A look at graphs for superusers, on the walled site."""

from editor.models import Graph, GraphVersion, LibraryAgent
from tenants.admin import ReadOnlyAdmin, site

site.register([Graph, GraphVersion, LibraryAgent], ReadOnlyAdmin)
