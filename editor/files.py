"""Files that belong to graphs. They follow a graph when it is duplicated."""

from collections.abc import Mapping

from django.db import transaction

from editor.models import Graph, GraphFile


def files_of(graph: Graph) -> dict[str, bytes]:
    """Content by name."""
    return {name: bytes(content) for name, content in GraphFile.objects.filter(graph=graph).values_list("name", "content")}


def keep_files(graph: Graph, files: Mapping[str, bytes]) -> None:
    """Have these files with the graph, in place of those of the same names."""
    with transaction.atomic():
        GraphFile.objects.filter(graph=graph, name__in=list(files)).delete()
        rows = [GraphFile(tenant_id=graph.tenant_id, graph=graph, name=name, content=content) for name, content in files.items()]
        GraphFile.objects.bulk_create(rows)
