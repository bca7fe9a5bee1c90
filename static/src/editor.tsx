/** The editor page's island. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { readBootstrap, type EditorBootstrap } from "./api";
import { EditorPage } from "./canvas";
import { ErrorBoundary } from "./controls";
import "./styles/islands.css";

const root = document.getElementById("editor-root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary calm="What you drew is kept: the draft on the server, and your last edits in this browser.">
        <EditorPage bootstrap={readBootstrap<EditorBootstrap>()} />
      </ErrorBoundary>
    </StrictMode>,
  );
}
