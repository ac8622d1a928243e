// Several instances with one upload folder, and what remains after an error at the last step.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestServer } from "../../../test/server.ts";
import { UploadStore } from "./store.ts";

const TWO_DAYS_AGO = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "uploads-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("another instance that starts or stops leaves a running upload alone", async () => {
  const store = await UploadStore.open(folder, 1000);
  async function* content() {
    yield Buffer.from("before ");
    // Same process id and host name, as in two containers.
    await (await UploadStore.open(folder, 1000)).close();
    yield Buffer.from("after");
  }
  const upload = await store.save("x", content());
  expect(await Bun.file(store.path(upload)).text()).toBe("before after");
  await store.close();
});

test("instances that start together delete stale uploads once", async () => {
  for (let i = 0; i < 200; i++) {
    const stale = join(folder, ".incoming", `${i}@host`);
    await mkdir(stale, { recursive: true });
    await utimes(stale, TWO_DAYS_AGO, TWO_DAYS_AGO);
  }
  // A process that was killed while it checked whether it is ready leaves a file.
  const probe = join(folder, ".incoming", "ready");
  await writeFile(probe, "");
  await utimes(probe, TWO_DAYS_AGO, TWO_DAYS_AGO);
  await Promise.all(Array.from({ length: 8 }, () => UploadStore.open(folder, 1000)));
  expect(await readdir(join(folder, ".incoming"))).toEqual([]);
});

test("closing deletes only the instance's own incomplete uploads", async () => {
  const [store, other] = [
    await UploadStore.open(folder, 1000),
    await UploadStore.open(folder, 1000),
  ];
  const resume = Promise.withResolvers<void>();
  async function* content() {
    yield Buffer.from("x");
    await resume.promise;
  }
  const incomplete = () => readdir(join(folder, ".incoming"));
  // Awaited at the end, because the save may fail as soon as its folder is deleted.
  const saved = store.save("x", content()).catch((error: unknown) => error);
  while ((await incomplete()).length === 0) await Bun.sleep(5);
  await other.close();
  expect(await incomplete()).toHaveLength(1);
  await store.close();
  expect(await incomplete()).toEqual([]);
  resume.resolve();
  expect(await saved).toMatchObject({ status: 503, cause: { code: "ENOENT" } });
});

test("readyz, uploads and downloads are 503 while the folder cannot be used", async () => {
  await using server = await TestServer.start();
  const uploads = join(server.dataDir, "uploads");
  const status = async () => (await server.fetch("/readyz")).status;
  expect(await status()).toBe(200);
  expect(await readdir(join(uploads, ".incoming"))).toEqual([]);
  await rm(uploads, { recursive: true });
  await writeFile(uploads, "a file instead of the folder");
  while ((await status()) !== 503) await Bun.sleep(50);
  const upload = { method: "POST", body: "x" };
  for (const [path, init] of [
    ["?name=x", upload],
    [`/${crypto.randomUUID()}`, {}],
  ] as const) {
    const response = await server.fetch(`/api/uploads${path}`, init);
    expect([path, response.status]).toEqual([path, 503]);
    expect(response.headers.get("retry-after")).toBe("1");
    await response.text();
  }
  await rm(uploads);
  while ((await status()) !== 200) await Bun.sleep(50);
});

test.each<[string, (upload: string) => Promise<void>]>([
  ["without content", (upload) => rm(join(upload, "content"))],
  ["with a part of its content", (upload) => truncate(join(upload, "content"), 4)],
  ["with an empty description", (upload) => writeFile(join(upload, "upload.json"), "")],
  ["with another description", (upload) => writeFile(join(upload, "upload.json"), "{}")],
])("a damaged upload is 503: %s", async (_, damage) => {
  await using server = await TestServer.start();
  const sent = { method: "POST", body: "0123456789" };
  const response = await server.fetch("/api/uploads?name=x", sent);
  const { id } = (await response.json()) as { id: string };
  await damage(join(server.dataDir, "uploads", id));
  for (const init of [{}, { method: "HEAD" }, { headers: { range: "bytes=5-9" } }]) {
    expect((await server.fetch(`/api/uploads/${id}`, init)).status).toBe(503);
  }
});

// Root may read every folder, unless it gives up this right.
const isRoot = process.getuid?.() === 0;
const canLimit = process.platform !== "win32" && (!isRoot || Bun.which("setpriv") !== null);

test.skipIf(!canLimit)("nothing remains of an upload whose folder cannot be synced", async () => {
  const store = JSON.stringify(join(import.meta.dir, "store.ts"));
  const script = `
    const { UploadStore } = await import(${store});
    const store = await UploadStore.open(${JSON.stringify(folder)}, 1000);
    await store.save("x", [Buffer.from("x")]).catch((error) => console.log(error.cause.code));`;
  await mkdir(join(folder, ".incoming"));
  // Names can be added to the folder, but it cannot be opened.
  await chmod(folder, 0o300);
  const limit = isRoot ? ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] : [];
  const child = Bun.spawn([...limit, process.execPath, "-e", script], { stderr: "inherit" });
  expect(await new Response(child.stdout).text()).toBe("EACCES\n");
  await chmod(folder, 0o700);
  expect(await readdir(folder)).toEqual([".incoming"]);
  expect(await readdir(join(folder, ".incoming"))).toEqual([]);
});
