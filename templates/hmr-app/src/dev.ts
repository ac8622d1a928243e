// Starts development. `bun --hot` evaluates this file again after each edit of the server's code.

// Nothing is imported statically: after an error that this file throws, Bun would pause every timer of the older code.
try {
  const { startBundler } = await import("./dev/bundler.ts");
  // The bundler's process builds the page while the modules of the server are loaded.
  startBundler();
  await import("./dev/server.ts");
} catch (error) {
  console.error(error);
}
