/** The recorded runs that the engine folds too, for the tests of this folder. */
import type { GoldenLog } from "./wholeState";

const files = import.meta.glob<GoldenLog>(["../../../tests/event_logs/*.json", "../../../tests/event_logs/earlier/*/*.json"], { eager: true, import: "default" });

export const goldenLogs: [string, GoldenLog][] = Object.entries(files).map(([file, log]) => [file.slice(file.indexOf("event_logs/") + 11, -5), log]);

export function golden(name: string): GoldenLog {
  const found = goldenLogs.find(([known]) => known === name);
  if (!found) throw new Error(`There is no golden log ${name}.`);
  return found[1];
}
