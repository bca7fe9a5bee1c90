import type { ReactNode } from "react";

/** What is known of something, term by term. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="facts">{children}</dl>;
}

export function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd className="numeric">{children}</dd>
    </div>
  );
}
