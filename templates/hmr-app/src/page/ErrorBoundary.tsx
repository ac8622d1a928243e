// Shows a message instead of a blank page when a component throws.
import { Component, type ReactNode } from "react";

interface State {
  readonly error: unknown;
}

export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return (
      <section role="alert">
        <h1>Something went wrong</h1>
        <p>
          {String(this.state.error)}
          <br />
          <button type="button" onClick={() => location.reload()}>
            Reload the page
          </button>
        </p>
      </section>
    );
  }
}
