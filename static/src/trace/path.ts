/** Paths name what happened by structure: `map#1/item.3/classify#1~2/model.2` lies in all that precedes it. */

export function parentPath(path: string): string {
  const cut = path.lastIndexOf("/");
  return cut < 0 ? "" : path.slice(0, cut);
}

/** What a path lies in, from the inside out, the run itself left out. */
export function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let at = parentPath(path); at !== ""; at = parentPath(at)) found.push(at);
  return found;
}

/** The scope of an activation with the activation itself, without the attempt. */
export function activationKey(scope: string, node: string, activation: number): string {
  return `${scope === "" ? "" : `${scope}/`}${node}#${activation}`;
}

/** Whether `path` is `ancestor` or below it. */
export function isWithin(path: string, ancestor: string): boolean {
  return ancestor === "" || path === ancestor || path.startsWith(`${ancestor}/`);
}
