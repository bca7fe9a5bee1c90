/** The memory of an agent that says nothing of it: everything of the conversation is sent, nothing outlasts the run. */
import type { AgentMemory, Retrieval } from "../contract";
import type { Loose } from "./document";

const RETRIEVAL: Retrieval = { strategy: "similarity", k: 5, min_score: 0.1, half_life_days: 30, diversity: 0.3 };
const RETENTION = { max_age_days: null, max_count: null };

export function completeMemory(memory: Loose<AgentMemory> | undefined): AgentMemory {
  const { short_term, long_term, episodes, embedding = "local/ngrams-256" } = memory ?? {};
  return {
    short_term: { keep: "all", messages: 40, tokens: 16_000, overflow: "drop", summary_model: "", ...short_term },
    long_term: {
      on: false,
      space: "shared",
      write: "tool",
      sensitive: "ask",
      ...long_term,
      retrieval: { ...RETRIEVAL, ...long_term?.retrieval },
      retention: { ...RETENTION, ...long_term?.retention },
    },
    episodes: {
      on: false,
      space: "episodes",
      sensitive: "ask",
      ...episodes,
      retrieval: { ...RETRIEVAL, k: 3, ...episodes?.retrieval },
      retention: { ...RETENTION, ...episodes?.retention },
    },
    embedding,
  };
}
