import { Dialog } from "../controls";
import { writeKeys, type Command } from "./commands";
import { useEditorStore } from "./store";

const MORE: readonly [string, string][] = [
  ["Copy, cut, paste", "Ctrl C / X / V"],
  ["Move the view", "Space drag, or wheel"],
  ["Select several", "Shift drag, or Ctrl click"],
  ["Move the selection", "Arrow keys"],
];

export function ShortcutDialog({ commands }: { commands: readonly Command[] }) {
  const store = useEditorStore();
  return (
    <Dialog title="Shortcuts" onClose={() => store.setState({ dialog: null })} wide>
      <dl className="shortcuts">
        {commands.filter((command) => command.keys.length > 0).map((command) => (
          <div key={command.title}>
            <dt>{command.title}</dt>
            <dd>
              {command.keys.map((keys) => (
                <kbd key={keys}>{writeKeys(keys)}</kbd>
              ))}
            </dd>
          </div>
        ))}
        {MORE.map(([title, keys]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd><kbd>{keys}</kbd></dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
