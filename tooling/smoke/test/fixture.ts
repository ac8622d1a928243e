// A package like create-bunyard with small starters for a test, and `bun run smoke` on it as a process.
import { mkdir, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "create-bunyard/pack";

const MAIN = join(import.meta.dir, "../src/main.ts");

/** Files by path; null removes one of the common files. */
export type Files = Readonly<Record<string, string | object | null>>;

const SCRIPTS = {
  check: "bun -e 0",
  format: "bun -e 0",
  build: "bun -e 0",
  start: "bun main.ts",
};

/** The package.json of a small starter, with some scripts replaced. */
export const manifest = (scripts: Readonly<Record<string, string>> = {}, rest: object = {}) => ({
  "package.json": {
    name: "small",
    version: "0.1.0",
    type: "module",
    scripts: { ...SCRIPTS, ...scripts },
    ...rest,
  },
});

const { start: _, ...withoutStart } = SCRIPTS;
/** A starter without a service. */
export const LIBRARY: Files = {
  "package.json": {
    name: "small",
    version: "0.1.0",
    type: "module",
    exports: "./index.ts",
    scripts: withoutStart,
  },
  "index.ts": "export const answer = 42;\n",
};

/** A service. `code` is its exit code after SIGTERM, `script` the status of its page's script. */
export const main = ({ code = 0, script = 200 } = {}) => `
const streams = new Set<ReadableStreamDefaultController>();
const ok = () => Response.json({ status: "ok" });
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  routes: {
    "/healthz": ok,
    "/readyz": ok,
    "/": () => new Response("<script src='/page.js'></script>", { headers: { "content-type": "text/html" } }),
    "/page.js": () => new Response("", { status: ${script} }),
    "/openapi.json": () =>
      Response.json({ paths: { "/events": { get: { responses: { 200: { content: { "text/event-stream": {} } } } } } } }),
    "/events": () =>
      new Response(new ReadableStream({ start: (stream) => { streams.add(stream); stream.enqueue(": hello\\n\\n"); } })),
  },
  fetch: () => new Response("", { status: 404 }),
});
process.on("SIGTERM", async () => {
  const stopped = server.stop();
  for (const stream of streams) stream.close();
  await stopped;
  process.exit(${code});
});
console.log(\`listening on \${server.url}\`);
`;

const COMMON: Files = {
  ...manifest(),
  "main.ts": main(),
  "main.test.ts": 'import { test } from "bun:test";\ntest("nothing", () => {});\n',
  ".env.example": "PORT=3000\n",
};

const text = (content: string | object): string =>
  typeof content === "string" ? content : JSON.stringify(content);

type Features = Readonly<Record<string, { readonly description: string }>>;

/** The features that the package.json of a starter declares. */
function featuresIn(files: Files | null | undefined): Features {
  const content = files?.["package.json"] as { bunyard?: { features?: Features } } | undefined;
  return content?.bunyard?.features ?? {};
}

export class Fixture implements AsyncDisposable {
  private constructor(
    private readonly folder: string,
    /** Where a run has its temporary folders. */
    readonly temporary: string,
    private readonly tarball: string,
  ) {}

  /** @param starters by name, the files that differ from the common ones; null for one that is listed but missing. */
  static async open(starters: Readonly<Record<string, Files | null>>): Promise<Fixture> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "smoke-test-")));
    const temporary = join(folder, "tmp");
    const built = join(folder, "built");
    const templates = join(built, "repository", "templates");
    await mkdir(temporary);
    await pack(built);
    await rm(templates, { recursive: true });
    for (const [name, files] of Object.entries(starters)) {
      for (const [path, content] of Object.entries(files ? { ...COMMON, ...files } : {})) {
        if (content !== null) await Bun.write(join(templates, name, path), text(content));
      }
    }
    const list = Object.keys(starters).map((name) => ({
      name,
      description: "",
      features: Object.entries(featuresIn(starters[name])).map(([feature, { description }]) => ({
        name: feature,
        description,
        requires: [],
      })),
    }));
    await Bun.write(join(built, "templates.json"), text(list));
    const tarball = join(folder, "small.tgz");
    const packing = Bun.spawn([process.execPath, "pm", "pack", "--filename", tarball], {
      cwd: built,
      stdout: "ignore",
      stderr: "pipe",
    });
    if ((await packing.exited) !== 0) throw new Error(await packing.stderr.text());
    return new Fixture(folder, temporary, tarball);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  command(...args: readonly string[]): string[] {
    return [process.execPath, MAIN, "--package", this.tarball, ...args];
  }

  env(more: Readonly<Record<string, string | undefined>> = {}) {
    const { GITHUB_STEP_SUMMARY: _, ...env } = process.env;
    return { ...env, TMPDIR: this.temporary, TEMP: this.temporary, TMP: this.temporary, ...more };
  }

  spawn(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}) {
    return Bun.spawn(this.command(...args), {
      env: this.env(env),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  }

  async run(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}) {
    const child = this.spawn(args, env);
    const [stdout, stderr, code] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { code, stdout, stderr };
  }

  /** The files that runs left in the temporary folder, sorted. */
  async left(): Promise<string[]> {
    return (await readdir(this.temporary)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
