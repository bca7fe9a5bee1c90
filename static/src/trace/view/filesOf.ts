import { fetchFileWords, fileUrl, type Client } from "../../api";
import type { FileSource } from "../../controls";

/** The files of one run, as its page gets them. */
export function filesOf(client: Client, run: string): FileSource {
  return {
    url: (digest, name) => fileUrl(client, run, digest, name),
    words: (digest) => fetchFileWords(client, run, digest),
  };
}
