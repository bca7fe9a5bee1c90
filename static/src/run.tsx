/** The run page's island. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { readBootstrap, type RunBootstrap } from "./api";
import { ErrorBoundary } from "./controls";
import "./styles/islands.css";
import { RunPage } from "./trace";

const root = document.getElementById("run-root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary calm="The run goes on without it, and its log is complete.">
        <RunPage bootstrap={readBootstrap<RunBootstrap>()} />
      </ErrorBoundary>
    </StrictMode>,
  );
}
