import { useId, type KeyboardEvent, type ReactNode } from "react";

export interface TabSpec {
  id: string;
  title: ReactNode;
  content: () => ReactNode;
}

interface TabsProps {
  label: string;
  tabs: readonly TabSpec[];
  current: string;
  onChange: (id: string) => void;
}

export function Tabs({ label, tabs, current, onChange }: TabsProps) {
  const base = useId();
  const active = tabs.find((tab) => tab.id === current) ?? tabs[0];
  const walk = (event: KeyboardEvent) => {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    const at = tabs.findIndex((tab) => tab.id === active?.id);
    const next = tabs[(at + (event.key === "ArrowRight" ? 1 : -1) + tabs.length) % tabs.length];
    if (!next) return;
    onChange(next.id);
    document.getElementById(`${base}-${next.id}`)?.focus();
  };
  return (
    <div className="tabbed">
      <div className="tabs" role="tablist" aria-label={label} tabIndex={-1} onKeyDown={walk}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            id={`${base}-${tab.id}`}
            role="tab"
            className="tab"
            aria-selected={tab.id === active?.id}
            aria-controls={`${base}-panel`}
            tabIndex={tab.id === active?.id ? 0 : -1}
            onClick={() => onChange(tab.id)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div className="tab-panel" role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${active?.id ?? ""}`}>
        {active?.content()}
      </div>
    </div>
  );
}
