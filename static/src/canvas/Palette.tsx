import { Search } from "lucide-react";
import { useMemo, useState } from "react";
import type { Group, NodeKindSchema } from "../contract";
import { Icon } from "../controls";
import { useEditor } from "./store";
import { KIND_MIME, useAddNode } from "./useAddNode";

export const GROUPS: readonly [Group, string][] = [
  ["flow", "Flow"],
  ["agents", "Agents"],
  ["tools", "Tools"],
  ["people", "People"],
  ["data", "Data"],
  ["notes", "Notes"],
];

/** The kinds in their groups; whatever a newer server adds comes last. */
export function groupKinds(kinds: Iterable<NodeKindSchema>, text: string): [string, NodeKindSchema[]][] {
  const wanted = text.trim().toLowerCase();
  const found = [...kinds].filter((kind) => wanted === "" || `${kind.title} ${kind.name} ${kind.summary}`.toLowerCase().includes(wanted));
  const known = new Set<string>(GROUPS.map(([group]) => group));
  const groups: [string, NodeKindSchema[]][] = GROUPS.map(([group, title]) => [title, found.filter((kind) => kind.group === group)]);
  groups.push(["More", found.filter((kind) => !known.has(kind.group))]);
  return groups.filter(([, members]) => members.length > 0);
}

export function Palette() {
  const kinds = useEditor((view) => view.kinds);
  const addNode = useAddNode();
  const [text, setText] = useState("");
  const groups = useMemo(() => groupKinds(kinds.values(), text), [kinds, text]);
  return (
    <aside className="palette" aria-label="Nodes">
      <label className="search">
        <Search size={13} aria-hidden />
        <span className="visually-hidden">Search nodes</span>
        <input className="input" placeholder="Search nodes" value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      {groups.map(([title, members]) => (
        <section key={title}>
          <h2 className="palette-group">{title}</h2>
          <ul>
            {members.map((kind) => (
              <li key={kind.name}>
                <button
                  type="button"
                  className="palette-kind"
                  data-group={kind.group}
                  title={kind.summary}
                  draggable
                  onDragStart={(event) => {
                    event.dataTransfer.setData(KIND_MIME, kind.name);
                    event.dataTransfer.effectAllowed = "copy";
                  }}
                  onClick={() => addNode(kind.name)}
                >
                  <span className="node-icon">
                    <Icon name={kind.icon} size={14} />
                  </span>
                  {kind.title}
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {groups.length === 0 ? <p className="muted palette-none">No node is called that.</p> : null}
      <p className="muted palette-hint">
        Drag onto the canvas, or press <kbd>N</kbd>
      </p>
    </aside>
  );
}
