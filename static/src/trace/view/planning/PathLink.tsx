import type { ReactNode } from "react";
import { useTraceStore } from "../../store";

/** Leads to a span. */
export function PathLink({ path, children }: { path: string; children: ReactNode }) {
  const store = useTraceStore();
  return (
    <button type="button" className="link" title={path} onClick={() => store.show(path)}>
      {children}
    </button>
  );
}
