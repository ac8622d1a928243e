// A registry that accepts requests and never responds, so that an install waits until it is interrupted.

/** A template that cannot be installed without a registry. */
export const NEEDY = {
  "package.json": JSON.stringify({ name: "needy", dependencies: { "left-pad": "1.3.0" } }),
  "src/main.ts": "",
};

export function openStuckRegistry() {
  const asked = Promise.withResolvers<void>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => {
      asked.resolve();
      return new Promise<Response>(() => undefined);
    },
  });
  return {
    /** Resolves once an install is waiting. */
    asked: asked.promise,
    env: { npm_config_registry: server.url.href, NPM_CONFIG_REGISTRY: server.url.href },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
