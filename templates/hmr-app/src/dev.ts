// Starts development. `bun --hot` evaluates this file again after each edit of the server's code.

// Imports are dynamic so that their errors are caught here. If this file throws, `bun --hot` pauses every timer of the code
// that still serves.
try {
  const { startBundler } = await import("./dev/bundler.ts");
  // The bundler's process builds the page while the modules of the server are loaded.
  startBundler();
  await import("./dev/server.ts");
} catch (error) {
  console.error(error);
}
