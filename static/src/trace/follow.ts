/** Follows a run: what is in the log already by request, then live over the socket. */
import { fetchEvents, type Client } from "../api";
import { isTerminal } from "../figures";
import { RunSocket } from "./socket";
import type { TraceStore } from "./store";

export function socketUrl(path: string): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}

/** Starts following; the answer stops it. */
export function followRun(client: Client, id: string, socketPath: string, store: TraceStore, onProblem: (error: unknown) => void): () => void {
  let isStopped = false;
  let socket: RunSocket | null = null;
  const begin = async () => {
    let after = 0;
    for (let more = true; more && !isStopped; ) {
      const page = await fetchEvents(client, id, after);
      store.take(page.events);
      after = page.events.at(-1)?.seq ?? after;
      more = page.more;
    }
    if (isStopped) return;
    store.loaded();
    if (isTerminal(store.getState().run.status)) {
      store.setState({ link: "closed" });
      return;
    }
    socket = new RunSocket({
      url: socketUrl(socketPath),
      after,
      onEvents: (events) => store.take(events),
      onDeltas: (deltas) => store.stream(deltas),
      onLink: (link) => store.setState({ link }),
    });
    socket.start();
  };
  begin().catch(onProblem);
  return () => {
    isStopped = true;
    socket?.stop();
  };
}
