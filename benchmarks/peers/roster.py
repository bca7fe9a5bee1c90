"""Every peer there is."""

from benchmarks.peers import agent_framework_peer, burr_peer, langgraph_peer

PEERS = (langgraph_peer.PEER, burr_peer.PEER, agent_framework_peer.PEER)
