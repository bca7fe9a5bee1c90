import { createContext } from "react";

export interface FileWords {
  text: string;
  cut: boolean;
  why_not: string;
}

/** Where the contents of a run's files are. */
export interface FileSource {
  url: (digest: string, name: string) => string;
  words: (digest: string) => Promise<FileWords>;
}

export const FileContext = createContext<FileSource | null>(null);
