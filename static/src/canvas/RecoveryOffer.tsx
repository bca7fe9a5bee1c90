import { useState } from "react";
import { formatRelative } from "../figures";
import { dropCopy, readCopy } from "./recovery";
import { useEditorStore } from "./store";

/** Unsaved work of an earlier visit, offered once. */
export function RecoveryOffer({ tenant }: { tenant: string }) {
  const store = useEditorStore();
  const { slug, graph } = store.getState();
  const [copy, setCopy] = useState(() => {
    const found = readCopy(window.localStorage, tenant, slug);
    return found && JSON.stringify(found.document) !== JSON.stringify(graph) ? found : null;
  });
  if (!copy || !store.getState().may.edit) return null;
  const close = () => {
    dropCopy(window.localStorage, tenant, slug);
    setCopy(null);
  };
  return (
    <div className="notice editor-recovery" data-tone="warn" role="status">
      <span>
        This browser holds edits from {formatRelative(copy.at, Date.now())} that were never saved.
      </span>
      <span className="row">
        <button type="button" className="button" onClick={() => { store.edit(copy.document); setCopy(null); }}>Bring them back</button>
        <button type="button" className="button button-quiet" onClick={close}>Throw them away</button>
      </span>
    </div>
  );
}
