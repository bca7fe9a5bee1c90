/** The island of an agent's page. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { AgentPage } from "./library";
import { readBootstrap, type AgentBootstrap } from "./api";
import { ErrorBoundary } from "./controls";
import "./styles/islands.css";

const root = document.getElementById("agent-root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary calm="The agent is in the library as it was saved last.">
        <AgentPage bootstrap={readBootstrap<AgentBootstrap>()} />
      </ErrorBoundary>
    </StrictMode>,
  );
}
