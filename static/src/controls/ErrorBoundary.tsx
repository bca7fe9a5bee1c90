import { Component, type ReactNode } from "react";

/** A fault below it leaves a sentence and a way on, never an empty page. */
export class ErrorBoundary extends Component<{ calm: string; children: ReactNode }, { message: string | null }> {
  override state: { message: string | null } = { message: null };

  static getDerivedStateFromError(error: unknown): { message: string } {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    if (this.state.message === null) return this.props.children;
    return (
      <div className="page">
        <div className="empty-state" role="alert">
          <h1 className="page-title">This page ran into a fault</h1>
          <p>{this.props.calm}</p>
          <p className="mono muted">{this.state.message}</p>
          <button type="button" className="button button-primary" onClick={() => window.location.reload()}>
            Load the page again
          </button>
        </div>
      </div>
    );
  }
}
