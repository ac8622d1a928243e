// A registry that has one version of create-bunyard, and a proxy: small enough to see every request.
import { connect, createServer, type Server, type Socket } from "node:net";

export const VERSION = "100.0.0";
/** The host is only known to the proxy. */
export const HOST = "npm.test";

export interface Request {
  readonly path: string;
  readonly authorization: string | null;
}

export interface PrivateRegistryOptions {
  /** Refuses requests without it. */
  readonly token?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The origin in the URLs of packages; by default its own. */
  readonly origin?: string;
  /** The source text of the command. */
  readonly command?: string;
}

export class PrivateRegistry implements AsyncDisposable {
  readonly requests: Request[] = [];
  readonly #server: Bun.Server<undefined>;

  private constructor(tarball: Uint8Array<ArrayBuffer>, options: PrivateRegistryOptions) {
    const { token, tls, origin } = options;
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      ...(tls && { tls }),
      fetch: ({ url, headers }): Response => {
        const { pathname: path } = new URL(url);
        const authorization = headers.get("authorization");
        this.requests.push({ path, authorization });
        if (token !== undefined && authorization !== `Bearer ${token}`) {
          return Response.json({ error: "unauthorized" }, { status: 401 });
        }
        if (path.endsWith(".tgz")) return new Response(tarball);
        if (path !== "/create-bunyard") return Response.json({}, { status: 404 });
        return Response.json(documentOf(tarball, origin ?? this.origin));
      },
    });
  }

  static async open(options: PrivateRegistryOptions = {}): Promise<PrivateRegistry> {
    const manifest = JSON.stringify({ name: "create-bunyard", version: VERSION });
    const { command = "" } = options;
    const files = { "package/package.json": manifest, "package/create.js": command };
    const tarball = await new Bun.Archive(files, { compress: "gzip" }).bytes();
    return new PrivateRegistry(tarball, options);
  }

  /** Without a slash at the end. */
  get origin(): string {
    return this.#server.url.origin;
  }

  get port(): number {
    return Number(this.#server.port);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.stop(true);
  }
}

function documentOf(tarball: Uint8Array<ArrayBuffer>, origin: string): object {
  const digest = new Bun.CryptoHasher("sha512").update(tarball).digest("base64");
  const dist = {
    tarball: `${origin}/create-bunyard/-/create-bunyard-${VERSION}.tgz`,
    integrity: `sha512-${digest}`,
  };
  return {
    name: "create-bunyard",
    "dist-tags": { latest: VERSION },
    versions: { [VERSION]: { name: "create-bunyard", version: VERSION, dist } },
  };
}

/** Forwards every connection to one port, and records what clients asked for. */
export class ForwardProxy implements AsyncDisposable {
  /** The first lines: `GET http://host/path HTTP/1.1` or `CONNECT host:443 HTTP/1.1`. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly target: number) {
    this.#server = createServer((client) => this.#serve(client));
  }

  static async open(target: number): Promise<ForwardProxy> {
    const proxy = new ForwardProxy(target);
    const listening = Promise.withResolvers<void>();
    proxy.#server.listen(0, "127.0.0.1", listening.resolve);
    await listening.promise;
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("It does not listen.");
    return `http://127.0.0.1:${address.port}`;
  }

  #serve(client: Socket): void {
    const upstream = connect(this.target, "127.0.0.1");
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      // A client may close the connection at any moment.
      socket.on("error", () => socket.destroy());
    }
    client.once("data", (first) => {
      const [line = ""] = first.toString("latin1").split("\r\n");
      this.requests.push(line);
      if (line.startsWith("CONNECT ")) client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      else upstream.write(first.toString("latin1").replace(/http:\/\/[^/]+/, ""), "latin1");
      client.pipe(upstream);
      upstream.pipe(client);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    await closed.promise;
  }
}
