/** Numbers for people: costs to four significant digits, durations in the unit that fits. */

const NANO = 1_000_000_000;

/** What is written for a figure that is none. */
const NONE = "–";

/** Nano-dollars as dollars, to four significant digits and never finer than a nano-dollar. */
export function formatCost(nano: number): string {
  if (!Number.isFinite(nano)) return NONE;
  if (nano === 0) return "$0";
  const dollars = Math.abs(nano) / NANO;
  const digits = Math.max(0, Math.min(9, 3 - Math.floor(Math.log10(Number(dollars.toPrecision(4))))));
  const text = dollars.toFixed(digits);
  return `${nano < 0 ? "-" : ""}$${Number(text) >= 1000 ? Number(text).toLocaleString("en-US") : text}`;
}

export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** 812, 4.2k, 1.31M, 7.5B. The unit is chosen by what is written: 999,950 is 1M, not 1000k. */
export function formatCompact(count: number): string {
  if (!Number.isFinite(count)) return NONE;
  if (count < 1_000) return String(count);
  if (count < 999_500) return `${trimmed(count / 1_000, count < 99_950 ? 1 : 0)}k`;
  if (count < 999_995_000) return `${trimmed(count / 1_000_000, 2)}M`;
  return `${trimmed(count / 1_000_000_000, 2)}B`;
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.0+$|(?<=\.\d+)0+$/, "");
}

/** Microseconds as 480 µs, 12 ms, 1.24 s, 3 m 05 s, 2 h 14 m, 3 d 02 h. */
export function formatDuration(us: number): string {
  if (!Number.isFinite(us)) return NONE;
  if (us < 999.5) return `${Math.max(0, Math.round(us))} µs`;
  if (us < 999_500) return `${Math.round(us / 1_000)} ms`;
  const seconds = us / 1_000_000;
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 9.995 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)} m ${pad(whole % 60)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes >= 2_880) return `${Math.floor(minutes / 1_440)} d ${pad(Math.floor(minutes / 60) % 24)} h`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`;
}

/** A duration without what is zero: 2 s, 1.5 s, 4 m, 1 h. */
export function formatTick(us: number): string {
  if (us === 0) return "0";
  return formatDuration(us)
    .replace(/(\.\d*?)0+(?= s$)/, "$1")
    .replace(/\.(?= s$)/, "")
    .replace(/(?<=[mhd]) 00 [smh]$/, "");
}

const pad = (value: number) => String(value).padStart(2, "0");

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "3 minutes ago", "yesterday", "just now". */
export function formatRelative(then: number, now: number): string {
  if (!Number.isFinite(then - now)) return "at an unknown time";
  const seconds = Math.round((then - now) / 1_000);
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return Math.abs(seconds) < 10 ? "just now" : relative.format(seconds, "second");
}

export function formatExact(at: number): string {
  const moment = new Date(at);
  return Number.isNaN(moment.getTime()) ? NONE : moment.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB"];

export function formatBytes(size: number): string {
  if (!Number.isFinite(size) || size < 0) return NONE;
  const unit = size < 1_024 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log2(size * (1_024 / 1_023.95)) / 10));
  return `${unit === 0 ? size : (size / 1_024 ** unit).toFixed(1)} ${BYTES[unit] ?? ""}`;
}

/** "1 problem", "3 problems". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
