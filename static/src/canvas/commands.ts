/** Everything the editor can do, once: keys, command palette and shortcut sheet read this list. */
import { copyNodes, paste, readClip, removeEdges, removeNodes, tidy, writeClip } from "../graph";
import type { Saver } from "./saving";
import type { EditorStore } from "./store";

export interface Command {
  title: string;
  keys: readonly string[];
  /** Only for people who may edit. */
  edits?: boolean;
  run: () => void;
}

export interface ViewControls {
  fit(): void;
  zoomIn(): void;
  zoomOut(): void;
  reset(): void;
}

const OFFSET = { x: 36, y: 36 };

export function removeSelected(store: EditorStore): void {
  const { graph, nodes, edges } = store.getState();
  if (nodes.size + edges.size > 0) store.edit(removeEdges(removeNodes(graph, nodes), edges));
}

/** The selection as text for the system clipboard; null when nothing is selected. */
export function copySelected(store: EditorStore): string | null {
  const { graph, nodes } = store.getState();
  return nodes.size === 0 ? null : writeClip(copyNodes(graph, nodes));
}

export function pasteText(store: EditorStore, text: string): boolean {
  const clip = readClip(text);
  if (!clip) return false;
  const pasted = paste(store.getState().graph, clip, OFFSET);
  store.edit(pasted.graph);
  store.select(pasted.ids);
  return true;
}

function duplicateSelected(store: EditorStore): void {
  const text = copySelected(store);
  if (text !== null) pasteText(store, text);
}

export function editorCommands(store: EditorStore, saver: Saver, view: ViewControls): Command[] {
  const open = (dialog: "commands" | "add" | "shortcuts" | "run" | "publish" | "versions") => () => store.setState({ dialog, addFrom: null });
  return [
    { title: "Find a command or a node", keys: ["mod+k"], run: open("commands") },
    { title: "Add a node", keys: ["n", "/"], edits: true, run: open("add") },
    { title: "Run", keys: ["mod+enter"], run: open("run") },
    { title: "Publish a version", keys: ["shift+p"], run: open("publish") },
    { title: "Versions", keys: [], run: open("versions") },
    { title: "Save now", keys: ["mod+s"], run: () => void saver.flush() },
    { title: "Undo", keys: ["mod+z"], edits: true, run: () => store.undo() },
    { title: "Redo", keys: ["mod+shift+z", "mod+y"], edits: true, run: () => store.redo() },
    { title: "Duplicate", keys: ["mod+d"], edits: true, run: () => duplicateSelected(store) },
    { title: "Delete", keys: ["delete", "backspace"], edits: true, run: () => removeSelected(store) },
    { title: "Select all", keys: ["mod+a"], run: () => store.select(store.getState().graph.nodes.map((node) => node.id), store.getState().graph.edges.map((edge) => edge.id)) },
    { title: "Select nothing", keys: ["escape"], run: () => store.select([]) },
    {
      title: "Tidy up",
      keys: ["shift+alt+t", "shift+l"],
      edits: true,
      run: () => {
        const { graph, kinds } = store.getState();
        store.edit({ ...graph, layout: tidy(graph, kinds) });
        requestAnimationFrame(() => view.fit());
      },
    },
    { title: "Fit the view", keys: ["1"], run: view.fit },
    { title: "Zoom in", keys: ["+", "="], run: view.zoomIn },
    { title: "Zoom out", keys: ["-"], run: view.zoomOut },
    { title: "Zoom to 100 %", keys: ["0"], run: view.reset },
    { title: "Problems", keys: ["shift+e"], run: () => store.setState((now) => ({ drawer: now.drawer === "problems" ? "closed" : "problems" })) },
    { title: "Shortcuts", keys: ["?"], run: open("shortcuts") },
  ];
}

/** A pressed key as the list writes it: `mod` is Ctrl, or Command on a Mac. */
export function keyName(event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">): string {
  const key = event.altKey && /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : event.key.toLowerCase();
  const isSign = key.length === 1 && !/[a-z0-9]/.test(key);
  const parts = [event.ctrlKey || event.metaKey ? "mod" : "", event.shiftKey && !isSign ? "shift" : "", event.altKey ? "alt" : "", key];
  return parts.filter(Boolean).join("+");
}

const WRITTEN: Record<string, string> = { mod: "Ctrl", shift: "Shift", alt: "Alt", enter: "Enter", delete: "Delete", backspace: "Backspace", escape: "Esc" };

/** "mod+shift+z" as people read it. */
export function writeKeys(keys: string): string {
  if (keys === "+") return keys;
  return keys.split("+").map((part) => WRITTEN[part] ?? part.toUpperCase()).join(" ");
}
