// Shown for a path that pages.tsx does not list.
import { Link, usePath } from "./router.tsx";

export function NotFound() {
  const path = usePath();
  return (
    <>
      <h1>Nothing here</h1>
      <p className="lead">
        There is no page at <code>{path}</code>. <Link to="/">Back to the start</Link>
      </p>
    </>
  );
}
