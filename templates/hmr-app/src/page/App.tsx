// The layout of all pages: the navigation, the loading state and the error boundary.
import { Suspense } from "react";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { Link, Router } from "./router.tsx";

export function App() {
  return (
    <>
      <nav>
        <Link to="/">Home</Link>
        <Link to="/notes">Notes</Link>
      </nav>
      <main>
        <ErrorBoundary>
          <Suspense fallback={<p role="status">Loading …</p>}>
            <Router />
          </Suspense>
        </ErrorBoundary>
      </main>
    </>
  );
}
