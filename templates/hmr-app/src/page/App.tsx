// The layout of all pages: the navigation, the loading state and the error boundary.
import { Suspense } from "react";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { Link, Router, usePath } from "./router.tsx";

export function App() {
  return (
    <>
      <nav>
        <Link to="/">Home</Link>
        <Link to="/notes">Notes</Link>
      </nav>
      <main>
        {/* With a key, so that the error of one page does not stay on the others. */}
        <ErrorBoundary key={usePath()}>
          <Suspense fallback={<p role="status">Loading …</p>}>
            <Router />
          </Suspense>
        </ErrorBoundary>
      </main>
    </>
  );
}
