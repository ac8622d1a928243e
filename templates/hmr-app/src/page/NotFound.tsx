// The page for addresses that have no page.

export function NotFound() {
  return (
    <main className="home">
      <h1>Nothing here</h1>
      <p className="lead">
        There is no page at <code>{location.pathname}</code>. <a href="/">Back to the start</a>
      </p>
    </main>
  );
}
