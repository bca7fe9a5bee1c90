import { X } from "lucide-react";
import { useEffect, useId, useRef, type ReactNode } from "react";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
}

/** A modal window: the browser's own dialog keeps focus inside and closes on Escape. */
export function Dialog({ title, onClose, children, actions, wide = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={ref} className="dialog" data-wide={wide} aria-labelledby={heading} onCancel={onClose}>
      <header className="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button type="button" className="button button-quiet button-icon" onClick={onClose} aria-label="Close">
          <X aria-hidden />
        </button>
      </header>
      <div className="dialog-body">{children}</div>
      {actions ? <footer className="dialog-foot">{actions}</footer> : null}
    </dialog>
  );
}
