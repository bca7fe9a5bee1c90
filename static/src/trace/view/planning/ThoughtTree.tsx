import { useState } from "react";
import { formatCount } from "../../../figures";
import { openAtFirst, rowsOf, type Branch, type Tree } from "../../planning/tree";
import { ValueBar } from "./ValueBar";

/** Thoughts below the thought that they go on from. At first the line that was followed is open; a place has at most twenty. */
export function ThoughtTree({ tree }: { tree: Tree }) {
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const open = openAtFirst(tree);
  for (const place of turned) {
    if (!open.delete(place)) open.add(place);
  }
  const toggle = (place: string) => {
    const next = new Set(turned);
    if (!next.delete(place)) next.add(place);
    setTurned(next);
  };
  return (
    <section className="stack" aria-label="Tree of thoughts">
      <h3>
        Tree of thoughts <span className="muted">{formatCount(tree.size)} considered, {formatCount(tree.kept)} kept</span>
      </h3>
      <ul className="tree" role="tree" aria-label="Tree of thoughts">
        {rowsOf(tree, open).map((branch) => (
          <ThoughtRow key={branch.note.path} branch={branch} isOpen={open.has(branch.note.thought)} onToggle={toggle} />
        ))}
      </ul>
    </section>
  );
}

interface ThoughtRowProps {
  branch: Branch;
  isOpen: boolean;
  onToggle: (place: string) => void;
}

function ThoughtRow({ branch, isOpen, onToggle }: ThoughtRowProps) {
  const { note, children, isChosen, depth } = branch;
  const hasMore = children.length > 0;
  return (
    <li className="thought" role="treeitem" aria-level={depth} aria-selected={isChosen} aria-expanded={hasMore ? isOpen : undefined} data-chosen={isChosen} data-kept={note.kept} style={{ paddingLeft: Math.min(depth - 1, 12) * 16 }}>
      {hasMore ? (
        <button type="button" className="span-fold" aria-label={`${isOpen ? "Hide" : "Show"} what follows thought ${note.thought}`} onClick={() => onToggle(note.thought)}>
          {isOpen ? "▾" : "▸"}
        </button>
      ) : (
        <span className="span-fold" />
      )}
      <span className="thought-body">
        <span className="thought-text">{note.text}</span>
        <span className="thought-figures">
          <span className="mono muted">{note.thought}</span>
          <ValueBar value={note.value} />
          <span className="muted">{isChosen ? "kept, followed" : note.kept ? "kept" : "dropped"}</span>
        </span>
      </span>
    </li>
  );
}
