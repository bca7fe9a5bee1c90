/** The editor page's island. */
import "@xyflow/react/dist/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { readBootstrap, type EditorBootstrap } from "./api";
import { EditorPage } from "./canvas";
import "./styles/islands.css";

const root = document.getElementById("editor-root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <EditorPage bootstrap={readBootstrap<EditorBootstrap>()} />
    </StrictMode>,
  );
}
