import { useEffect } from "react";
import { copySelected, keyName, pasteText, removeSelected, type Command } from "./commands";
import { useEditorStore } from "./store";

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.closest("input, textarea, select, dialog") !== null);
}

function hasSelectedText(): boolean {
  return (window.getSelection()?.toString() ?? "") !== "";
}

/** Shortcuts and the clipboard, silent while somebody types. */
export function useKeys(commands: readonly Command[]): void {
  const store = useEditorStore();
  useEffect(() => {
    const byKey = new Map(commands.flatMap((command) => command.keys.map((keys) => [keys, command] as const)));
    const down = (event: KeyboardEvent) => {
      const name = keyName(event);
      const isAlways = name === "mod+s" || name === "mod+k" || name === "mod+enter";
      if (event.defaultPrevented || store.getState().dialog !== null || (isTyping(event.target) && !isAlways)) return;
      if (event.target instanceof HTMLElement && event.target.closest(".waterfall, [role=menu]")) return;
      const command = byKey.get(name);
      if (!command) return;
      event.preventDefault();
      command.run();
    };
    const copy = (event: ClipboardEvent) => {
      if (isTyping(event.target) || hasSelectedText()) return;
      const text = copySelected(store);
      if (text === null) return;
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
      if (event.type === "cut") removeSelected(store);
    };
    const insert = (event: ClipboardEvent) => {
      if (isTyping(event.target)) return;
      if (pasteText(store, event.clipboardData?.getData("text/plain") ?? "")) event.preventDefault();
    };
    window.addEventListener("keydown", down);
    document.addEventListener("copy", copy);
    document.addEventListener("cut", copy);
    document.addEventListener("paste", insert);
    return () => {
      window.removeEventListener("keydown", down);
      document.removeEventListener("copy", copy);
      document.removeEventListener("cut", copy);
      document.removeEventListener("paste", insert);
    };
  }, [commands, store]);
}
