import { X } from "lucide-react";
import { useEffect, useId, useRef, type ReactNode } from "react";

interface DialogProps {
  title: string;
  /** Missing when a choice must be made first. */
  onClose?: () => void;
  children: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
}

/** What is typed in or pressed first. */
const FIRST = ".dialog-body :is(input, textarea, select):not(:disabled), .dialog-foot .button-primary:not(:disabled)";

/** A modal window: the browser's own dialog keeps focus inside and closes on Escape. */
export function Dialog({ title, onClose, children, actions, wide = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) {
      dialog.showModal();
      dialog.querySelector<HTMLElement>(FIRST)?.focus();
    }
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className="dialog"
      data-wide={wide}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <header className="dialog-head">
        <h2 id={heading}>{title}</h2>
        {onClose ? (
          <button type="button" className="button button-quiet button-icon" onClick={onClose} aria-label="Close">
            <X aria-hidden />
          </button>
        ) : null}
      </header>
      <div className="dialog-body">{children}</div>
      {actions ? <footer className="dialog-foot">{actions}</footer> : null}
    </dialog>
  );
}
