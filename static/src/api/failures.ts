/** What a person is told of a request that failed, where the server did not say it: what is wrong and what to do. */

export interface Words {
  message: string;
  cure: string;
}

export const OFFLINE: Words = { message: "The server cannot be reached.", cure: "Check the connection; nothing was lost here." };

const WORDS: Readonly<Record<number, Words>> = {
  401: { message: "You are signed out.", cure: "Sign in again in another tab; what is here stays." },
  403: { message: "You may not do this.", cure: "Ask an owner of the workspace, or load the page again." },
  404: { message: "This is not there any more, or you may not see it.", cure: "Load the page again." },
  409: { message: "Somebody else changed this meanwhile.", cure: "Load the page again, then repeat what you did." },
  413: { message: "This is larger than the server takes.", cure: "Make it smaller." },
  429: { message: "That was too often.", cure: "Try again in a moment." },
};
const AWAY: Words = { message: "The server is busy or starts again.", cure: "Try again in a moment; nothing was lost here." };
const OTHER: Words = { message: "The server gave an answer that is not understood.", cure: "Try again; if it stays, look at the server's log." };

export function wordsOf(status: number, waitS: number | null): Words {
  const words = WORDS[status] ?? (status >= 502 && status <= 504 ? AWAY : { ...OTHER, message: status < 400 ? OTHER.message : `The server answered ${status}.` });
  return waitS === null || waitS === 0 ? words : { ...words, cure: `Try again in ${waitS === 1 ? "1 second" : `${waitS} seconds`}.` };
}

const LONGEST_S = 3_600;

/** `Retry-After` in whole seconds: it is a number of them, or a date. Null when it says nothing that can be waited for. */
export function waitOf(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - nowMs) / 1_000);
  return /^-/.test(text) || Number.isNaN(seconds) ? null : Math.min(LONGEST_S, Math.max(0, seconds));
}
