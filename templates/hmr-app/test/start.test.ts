// The development server's start and stop: ports, an invalid environment, and temporary files.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Copy } from "./copy.ts";
import { type Service, type State, startDev, until } from "./service.ts";

const ROUTES = "src/features/counter/routes.ts";
let copy: Copy;
beforeAll(async () => {
  copy = await Copy.make();
});
afterAll(() => copy?.[Symbol.asyncDispose]());

test("if the port is taken, the development server listens on the next free one and says so", async () => {
  await using first = await startDev(copy.folder);
  const taken = new URL(first.url).port;
  await using second = await startDev(copy.folder, { PORT: taken });
  const { port } = new URL(second.url);
  expect(Number(port)).toBeGreaterThan(Number(taken));
  expect(second.printed()).toContain(`port ${taken} is taken`);
  expect((await fetch(`${second.url}/healthz`)).status).toBe(200);
});

test("if HOST is not an address of this machine, the development server says so and exits", async () => {
  const start = startDev(copy.folder, { HOST: "192.0.2.1" });
  await expect(start).rejects.toThrow(
    // Before or after it, the terminal may show that the page was built.
    /^Can't listen on 192\.0\.2\.1:0 \(E\w+\)\.\nSet HOST and PORT to a free address\.$/m,
  );
});

test("the development server listens on the loopback address only, and Ctrl-C leaves no temporary files", async () => {
  const temporary = await mkdtemp(join(tmpdir(), "hmr-app-tmp-"));
  try {
    await using dev = await startDev(copy.folder, { TMPDIR: temporary });
    expect(dev.url).toStartWith("http://127.0.0.1:");
    expect((await fetch(dev.url)).status).toBe(200);
    const post = await fetch(dev.url, { method: "POST" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect(await readdir(temporary)).toHaveLength(1);
    dev.child.kill("SIGINT");
    expect(await dev.child.exited).toBe(0);
    expect(await readdir(temporary)).toEqual([]);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
});

test.each(["missing", "package.json"])(
  "a TMPDIR that is %s is reported, and ends the start",
  async (name) => {
    const starting = startDev(copy.folder, { TMPDIR: join(copy.folder, name) });
    const message = await starting.then(String, String);
    expect(message).toContain("Set TMPDIR to a folder that you may write to.");
    expect(message).not.toContain("mkdtemp");
  },
);

test("the bundler is killed before the folder of its socket is removed", async () => {
  await using own = await Copy.make();
  const probe = `.get("/api/probe", (c) => {
    const { bundler } = hotStore?.data.get("dev:bundler") as { bundler: { child: Bun.Subprocess; socket: string } };
    const { child, socket } = bundler;
    const kill = child.kill.bind(child);
    child.kill = (signal) => {
      console.log(existsSync(socket) ? "killed first" : "removed first");
      kill(signal);
    };
    return c.text("");
  })`;
  await own.edit(ROUTES, "new Hono()", `new Hono()${probe}`);
  await own.write(ROUTES, `import { existsSync } from "node:fs";\n${await own.read(ROUTES)}`);
  await using dev = await startDev(own.folder);
  // Once the page is served, the bundler has created its socket.
  for (const path of ["/", "/api/probe"]) expect((await fetch(dev.url + path)).status).toBe(200);
  dev.child.kill("SIGINT");
  expect(await dev.child.exited).toBe(0);
  await until("it is killed", () => /killed first|removed first/.test(dev.printed()));
  expect(dev.printed()).toContain("killed first");
});

test.each(["an edit", "a request"])(
  "after its temporary folder is removed, %s creates another one",
  async (first) => {
    const temporary = await mkdtemp(join(tmpdir(), "hmr-app-tmp-"));
    await using own = await Copy.make();
    const probe = `.get("/api/bundler", (c) => {
    const { bundler } = hotStore?.data.get("dev:bundler") as { bundler?: { child: { pid: number } } };
    return c.json(bundler?.child.pid);
  })`;
    await own.edit(ROUTES, "new Hono()", `new Hono()${probe}`);
    try {
      await using dev = await startDev(own.folder, { TMPDIR: temporary });
      const get = async (path: string) => (await fetch(dev.url + path)).json();
      const { version } = await get("/api/state");
      const bundler = await get("/api/bundler");
      for (const name of await readdir(temporary))
        await rm(join(temporary, name), { recursive: true });
      if (first === "a request") expect((await fetch(dev.url)).status).toBe(200);
      await own.edit(ROUTES, "+= 1", "+= 2");
      await until("the edit serves", async () => (await get("/api/state")).version !== version);
      expect((await fetch(dev.url)).status).toBe(200);
      expect(await get("/api/bundler")).not.toBe(bundler);
      await until("the previous bundler has exited", () => !isAlive(bundler));
      dev.child.kill("SIGINT");
      expect(await dev.child.exited).toBe(0);
      expect(await readdir(temporary)).toEqual([]);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  },
);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("requests of the page are logged, but not those of Bun's script in it", async () => {
  await using dev = await startDev(copy.folder, { LOG_LEVEL: "info" });
  const page = await (await fetch(dev.url)).text();
  const script = /src="(\/_bun\/client\/[^"]+)"/.exec(page)?.[1];
  expect((await fetch(dev.url + script)).status).toBe(200);
  await fetch(`${dev.url}/api/state`);
  await until("the requests are logged", () => dev.printed().includes("GET /api/state 200"));
  expect(dev.printed()).toContain("GET / 200");
  expect(dev.printed()).not.toContain("/_bun/");
});

test("an invalid environment is reported in one message", async () => {
  const start = startDev(copy.folder, { PORT: "eighty", LOG_LEVEL: "loud" });
  await expect(start).rejects.toThrow(/PORT: .*\n +LOG_LEVEL: /);
});

test("with DEV_POLL, edits without file system events take effect, also after an edit that fails", async () => {
  await using polled = await Copy.make();
  await polled.edit(ROUTES, "export", "if (1 > 2) throw new Error('fails at import');\nexport");
  await using dev = await startDev(polled.folder, { DEV_POLL: "true" });
  const state = async () => (await (await fetch(`${dev.url}/api/state`)).json()) as State;
  const { version } = await state();
  await polled.editWithoutEvent(ROUTES, "1 > 2", "3 > 2");
  await until("the terminal shows it", () => dev.printed().includes("fails at import"));
  expect(await state()).toMatchObject({ version });
  await polled.editWithoutEvent(ROUTES, "3 > 2", "1 > 2");
  await until("the new version serves", async () => (await state()).version !== version);
});

test("with DEV_POLL, an edit that cannot take effect yet is reported, and takes effect later", async () => {
  await using polled = await Copy.make();
  const fullDisk = 'if (require("node:fs").existsSync("full")) throw new Error("ENOSPC");';
  await polled.edit("src/dev/reevaluate.ts", "try {", `try { ${fullDisk}`);
  await polled.write("full", "");
  await using dev = await startDev(polled.folder, { DEV_POLL: "true" });
  await polled.editWithoutEvent(ROUTES, "+= 1", "+= 2");
  await until("it is reported", () => dev.printed().includes("an edit has no effect yet"));
  await rm(join(polled.folder, "full"));
  await until("the edit serves", async () => (await growth(dev)) === 2);
});

/** Returns by how much a request increments the counter. */
async function growth({ url }: Service): Promise<number> {
  const increment = async () => (await fetch(`${url}/api/increment`, { method: "POST" })).json();
  const { count } = await increment();
  return (await increment()).count - count;
}

test("folders that are removed and created while they are polled are no error", async () => {
  await using polled = await Copy.make();
  const { fingerprint } = await import(`${polled.folder}/src/dev/fingerprint.ts`);
  const folder = join(polled.folder, "src/extra");
  const unchanged = await fingerprint(["src/**"]);
  for (let round = 0; round < 300; round += 1) {
    for (const name of ["a", "b", "c"]) await mkdir(join(folder, name, "d/e"), { recursive: true });
    await Promise.all([fingerprint(["src/!(page)/**"]), rm(folder, { recursive: true })]);
  }
  expect(await fingerprint(["src/**"])).toBe(unchanged);
});

test("files that editors write before a save are not polled", async () => {
  await using own = await Copy.make();
  const { fingerprint, SERVER_FILES } = await import(join(own.folder, "src/dev/fingerprint.ts"));
  const before = await fingerprint(SERVER_FILES);
  for (const folder of ["src", "src/features/counter"]) {
    for (const name of [".routes.ts.swp", "#routes.ts#"]) await own.write(`${folder}/${name}`, "");
  }
  expect(await fingerprint(SERVER_FILES)).toBe(before);
  await own.write("src/features/counter/query.sql", "");
  expect(await fingerprint(SERVER_FILES)).not.toBe(before);
});

test("with DEV_POLL, an edit without file system events fixes a server that failed at its first start", async () => {
  await using broken = await Copy.make();
  const failing = "{ await Bun.write('failed.txt', ''); throw new Error('fails at import'); }";
  await broken.edit(ROUTES, "export", `if (3 > 2) ${failing}\nexport`);
  const starting = startDev(broken.folder, { DEV_POLL: "true" });
  await until("it fails", () => Bun.file(join(broken.folder, "failed.txt")).exists());
  await broken.editWithoutEvent(ROUTES, "3 > 2", "1 > 2");
  await using dev = await starting;
  expect(dev.printed()).toContain("fails at import");
});

test("if Bun's inline script is not found, an error names the file to adapt", async () => {
  await using own = await Copy.make();
  await own.edit("src/dev/app.ts", "bun:loadData", "bun:renamed");
  await using dev = await startDev(own.folder);
  expect((await fetch(dev.url)).status).toBe(200);
  await until("the terminal shows it", () =>
    dev
      .printed()
      .includes("the policy blocks Bun's inline script: adapt BUN_SCRIPT in src/dev/app.ts"),
  );
});
