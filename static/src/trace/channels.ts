/** How a channel of shared state takes values in, as the engine does it. */
import type { Json, ReducerName } from "../contract";
import type { ChannelWrite } from "./state";

const list = (value: Json): Json[] => (Array.isArray(value) ? value : []);
const record = (value: Json): Record<string, Json> => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});

const reducers: Record<ReducerName, (before: Json, value: Json) => Json> = {
  last: (_, value) => value,
  append: (before, value) => [...list(before), value],
  extend: (before, value) => [...list(before), ...list(value)],
  merge: (before, value) => ({ ...record(before), ...record(value) }),
  sum: (before, value) => Number(before ?? 0) + Number(value),
  max: (before, value) => (before === null ? value : Math.max(Number(before), Number(value))),
  min: (before, value) => (before === null ? value : Math.min(Number(before), Number(value))),
};

/** The channel's value after these writes to it, in their order. */
export function valueAfter(writes: readonly ChannelWrite[]): Json {
  return writes.reduce<Json>((before, write) => reducers[write.reducer](before, write.value), writes[0]?.initial ?? null);
}

/** The writes by channel, in the order of the first of each. */
export function byChannel(writes: readonly ChannelWrite[]): Map<string, ChannelWrite[]> {
  const found = new Map<string, ChannelWrite[]>();
  for (const write of writes) {
    const known = found.get(write.channel);
    if (known) known.push(write);
    else found.set(write.channel, [write]);
  }
  return found;
}
