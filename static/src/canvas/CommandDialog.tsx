import { useReactFlow } from "@xyflow/react";
import { useMemo, useState, type KeyboardEvent } from "react";
import { Dialog, Icon } from "../controls";
import { lookAt, type FlowEdge, type FlowNode } from "../nodes";
import { writeKeys, type Command } from "./commands";
import { groupKinds } from "./Palette";
import { useEditor, useEditorStore } from "./store";
import { useAddNode } from "./useAddNode";

interface Entry {
  key: string;
  group: string;
  title: string;
  note: string;
  icon: string;
  keys: string;
  run: () => void;
}

/** What begins with the wanted words comes before what has them in its title, and that before the rest. */
function found(entries: readonly Entry[], wanted: string): Entry[] {
  const ranks = (entry: Entry) => {
    const title = entry.title.toLowerCase();
    return title.startsWith(wanted) ? 0 : title.includes(wanted) ? 1 : entry.note.toLowerCase().includes(wanted) ? 2 : 3;
  };
  return [0, 1, 2].flatMap((rank) => entries.filter((entry) => ranks(entry) === rank));
}

/** One field that finds everything: commands, nodes of this graph, kinds to add. */
export function CommandDialog({ commands, kindsOnly }: { commands: readonly Command[]; kindsOnly: boolean }) {
  const store = useEditorStore();
  const kinds = useEditor((view) => view.kinds);
  const nodes = useEditor((view) => view.graph.nodes);
  const mayEdit = useEditor((view) => view.may.edit);
  const flow = useReactFlow<FlowNode, FlowEdge>();
  const addNode = useAddNode();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const close = () => store.setState({ dialog: null, addFrom: null });

  const entries = useMemo<Entry[]>(() => {
    const adds = mayEdit ? groupKinds(kinds.values(), "").flatMap(([group, members]) => members.map((kind) => ({ key: `add ${kind.name}`, group: kindsOnly ? group : "Add a node", title: kind.title, note: kind.summary, icon: kind.icon, keys: "", run: () => addNode(kind.name) }))) : [];
    if (kindsOnly) return adds;
    const finds = nodes.map((node) => ({
      key: `node ${node.id}`,
      group: "Nodes",
      title: node.title || (kinds.get(node.kind)?.title ?? node.id),
      note: node.id,
      icon: kinds.get(node.kind)?.icon ?? "",
      keys: "",
      run: () => {
        store.select([node.id]);
        lookAt(flow, store.getState().graph, node.id);
      },
    }));
    const acts = commands.slice(1).map((command) => ({ key: command.title, group: "Commands", title: command.title, note: "", icon: "zap", keys: command.keys[0] ? writeKeys(command.keys[0]) : "", run: command.run }));
    return [...acts, ...finds, ...adds];
  }, [kinds, nodes, commands, kindsOnly, mayEdit, addNode, flow, store]);

  const wanted = text.trim().toLowerCase();
  const shown = found(entries, wanted).slice(0, 60);
  const choose = (entry: Entry | undefined) => {
    if (!entry) return;
    if (!entry.key.startsWith("add ")) close();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, shown.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter") choose(shown[at]);
    else return;
    event.preventDefault();
    document.getElementById(`command-${at}`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    <Dialog title={kindsOnly ? "Add a node" : "Find"} onClose={close}>
      <input
        className="input command-input"
        aria-label={kindsOnly ? "Which node" : "Command, node or kind"}
        role="combobox"
        aria-expanded="true"
        aria-controls="command-list"
        aria-activedescendant={shown.length > 0 ? `command-${at}` : undefined}
        placeholder={kindsOnly ? "Which node?" : "Type a command, or a node"}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul className="command-list" id="command-list" role="listbox" aria-label="Found">
        {shown.map((entry, index) => (
          // The field above takes the keys for this list.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <li key={entry.key} id={`command-${index}`} role="option" className="command" aria-selected={index === at} onClick={() => choose(entry)} onPointerMove={() => setAt(index)}>
            <Icon name={entry.icon} size={14} />
            <span className="command-title">{entry.title}</span>
            <span className="muted command-note">{entry.note || entry.group}</span>
            {entry.keys ? <kbd>{entry.keys}</kbd> : null}
          </li>
        ))}
      </ul>
      {shown.length === 0 ? <p className="muted">Nothing is called that.</p> : null}
    </Dialog>
  );
}
