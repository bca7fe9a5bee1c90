import type { Client } from "../api";
import { CommandDialog } from "./CommandDialog";
import { ConflictDialog } from "./ConflictDialog";
import { PublishDialog } from "./PublishDialog";
import { RunDialog } from "./RunDialog";
import { ShortcutDialog } from "./ShortcutDialog";
import { VersionsDialog } from "./VersionsDialog";
import type { Command } from "./commands";
import type { Saver } from "./saving";
import { useEditor } from "./store";

interface DialogsProps {
  client: Client;
  saver: Saver;
  tenant: string;
  commands: readonly Command[];
}

/** Whichever window is open; a conflict comes before all others. */
export function Dialogs({ client, saver, tenant, commands }: DialogsProps) {
  const dialog = useEditor((view) => view.dialog);
  const save = useEditor((view) => view.save);
  if (save.state === "conflict") return <ConflictDialog client={client} saver={saver} tenant={tenant} theirs={save.theirs} />;
  switch (dialog) {
    case "commands":
      return <CommandDialog commands={commands} kindsOnly={false} />;
    case "add":
      return <CommandDialog commands={[]} kindsOnly />;
    case "shortcuts":
      return <ShortcutDialog commands={commands} />;
    case "run":
      return <RunDialog client={client} saver={saver} />;
    case "publish":
      return <PublishDialog client={client} saver={saver} />;
    case "versions":
      return <VersionsDialog client={client} saver={saver} />;
    case null:
      return null;
  }
}
