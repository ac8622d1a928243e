// A registry that has the command but not a project's dependencies: an install fails, or waits until it is interrupted.

export class HalfRegistry implements AsyncDisposable {
  readonly #asked = Promise.withResolvers<void>();
  readonly #server: Bun.Server<undefined>;

  /**
   * @param whole the registry that has the command
   * @param lacking the fate of a request for zod, which the project needs; other packages are not found
   */
  constructor(whole: string, lacking: "not found" | "not answered") {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/create-bunyard") return passedOn(request, new URL(pathname, whole));
        if (pathname === "/zod" && lacking === "not answered") {
          this.#asked.resolve();
          return new Promise<Response>(() => undefined);
        }
        return new Response("{}", { status: 404 });
      },
    });
  }

  /** The variables that make a package manager use it. */
  get env(): Readonly<Record<string, string>> {
    return { NPM_CONFIG_REGISTRY: this.#server.url.href };
  }

  /** Resolves once an install waits for zod. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.stop(true);
  }
}

const passedOn = ({ headers }: Request, to: URL): Promise<Response> =>
  fetch(to, { headers: { accept: headers.get("accept") ?? "*/*", "accept-encoding": "identity" } });
