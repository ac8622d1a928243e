// Shown for a path that pages.tsx does not list.
import { Link } from "./router.tsx";

export function NotFound() {
  return (
    <>
      <h1>Nothing here</h1>
      <p className="lead">
        There is no page at <code>{location.pathname}</code>. <Link to="/">Back to the start</Link>
      </p>
    </>
  );
}
