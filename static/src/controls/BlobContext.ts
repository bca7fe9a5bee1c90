import { createContext } from "react";
import type { Json } from "../contract";

/** Fetches a value that was too big for its event, by its digest. */
export type LoadBlob = (sha256: string) => Promise<Json>;

export const BlobContext = createContext<LoadBlob | null>(null);
