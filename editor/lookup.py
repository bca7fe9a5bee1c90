"""What a person asked for by its slug, if they may see it."""

from editor.models import Graph, LibraryAgent
from tenants.models import User
from tenants.people.access import may
from tenants.problems import NotFound


def graph_for(user: User, slug: str) -> Graph:
    """Raises NotFound alike for what is missing, deleted, foreign or not for `user`."""
    graph = Graph.objects.visible_to(user).with_latest_version().filter(slug=slug).select_related("tenant", "updated_by").first()
    if graph is None:
        raise NotFound()
    return graph


def graph_to_run(user: User, slug: str) -> Graph:
    """As `graph_for`, without what a run does not need of it."""
    for graph in Graph.objects.visible_to(user).filter(slug=slug).defer("document", "files", "example_input").order_by():
        return graph  # there is one at most
    raise NotFound()


def agent_for(user: User, slug: str) -> LibraryAgent:
    agent = LibraryAgent.objects.visible_to(user).filter(slug=slug).select_related("tenant").first()
    if agent is None:
        raise NotFound()
    return agent


def rights_on(user: User, graph: Graph) -> dict[str, bool]:
    """What the editor page offers to `user`."""
    return {"edit": may(user, "edit", graph), "run": may(user, "run", graph), "publish": may(user, "publish", graph)}
