import { createContext } from "react";

export interface Choice {
  value: string;
  label: string;
  hint?: string;
}

/** What fields may choose from, and what may be done about a choice. */
export interface FormChoices {
  agents: readonly Choice[];
  tools: readonly Choice[];
  models: readonly Choice[];
  onOpenAgent?: (id: string) => void;
  onNewAgent?: () => void;
}

export const FormContext = createContext<FormChoices>({ agents: [], tools: [], models: [] });
