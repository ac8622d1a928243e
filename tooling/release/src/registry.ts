// A registry with one package, on a free port: an update downloads the previous version as it would from npm.

export interface Packed {
  readonly version: string;
  readonly tarball: Uint8Array<ArrayBuffer>;
}

/** Serves the versions of create-bunyard under their integrity values. Stop the server to end it. */
export function serveRegistry(packages: readonly Packed[]): Bun.Server<undefined> {
  const name = "create-bunyard";
  const file = (version: string) => `/${name}/-/${name}-${version}.tgz`;
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }): Response => {
      const { pathname, origin } = new URL(url);
      const requested = packages.find(({ version }) => pathname === file(version));
      if (requested !== undefined) return new Response(requested.tarball);
      if (pathname !== `/${name}`) return new Response("Not found", { status: 404 });
      const versions = packages.map(({ version, tarball }) => {
        const digest = new Bun.CryptoHasher("sha512").update(tarball).digest("base64");
        const dist = { tarball: origin + file(version), integrity: `sha512-${digest}` };
        return [version, { name, version, dist }];
      });
      return Response.json({
        name,
        "dist-tags": { latest: packages.at(-1)?.version },
        versions: Object.fromEntries(versions),
      });
    },
  });
}
