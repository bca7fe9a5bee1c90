/** Paths name what happened by structure: `map#1/item.3/classify#1~2/model.2`. */

export interface StepName {
  node: string;
  activation: number;
  attempt: number;
}

export function parentPath(path: string): string {
  const cut = path.lastIndexOf("/");
  return cut < 0 ? "" : path.slice(0, cut);
}

export function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function parseStep(segment: string): StepName | null {
  const match = /^([^#/]+)#(\d+)(?:~(\d+))?$/.exec(segment);
  if (!match) return null;
  return { node: match[1] as string, activation: Number(match[2]), attempt: Number(match[3] ?? 1) };
}

/** The step a path is in: its innermost `node#activation` part, as a whole path. */
export function stepOf(path: string): string {
  for (let at = path; at !== ""; at = parentPath(at)) {
    if (parseStep(lastSegment(at))) return at;
  }
  return "";
}

/** The scope of an activation with the activation itself, without the attempt. */
export function activationKey(scope: string, node: string, activation: number): string {
  return `${scope === "" ? "" : `${scope}/`}${node}#${activation}`;
}

/** Whether `path` is `ancestor` or below it. */
export function isWithin(path: string, ancestor: string): boolean {
  return ancestor === "" || path === ancestor || path.startsWith(`${ancestor}/`);
}
