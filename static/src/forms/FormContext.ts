import { createContext } from "react";
import type { Json } from "../contract";

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
  /** Sends a file; gives what stands for it in a value. Where it is missing, no file can be given. */
  onUpload?: (file: File) => Promise<Json>;
}

export const FormContext = createContext<FormChoices>({ agents: [], tools: [], models: [] });
