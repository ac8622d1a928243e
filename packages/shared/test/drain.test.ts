// A shutdown under load loses no request: with Node's keep-alive agent, and behind nginx with two instances.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { serve, until } from "./child.ts";
import { findNginx, Nginx } from "./nginx.ts";

const node = Bun.which("node");
if (!node) console.warn("There is no Node.js: draining is not tested with its agent.");
const nginx = await findNginx();
if (!nginx) console.warn("There is no nginx: draining is not tested behind it.");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(`${tmpdir()}/drain-`);
});
afterAll(() => rm(folder, { recursive: true }));

test.skipIf(!node)("clients of Node's keep-alive agent lose no request", async () => {
  await using service = await serve({ SHUTDOWN_DELAY_MS: "300", LOG_LEVEL: "warn" });
  const clients = Bun.spawn(
    [node ?? "", `${import.meta.dir}/fixtures/keep-alive.mjs`, `${service.url}/fast`],
    { stdout: "pipe" },
  );
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of clients.stdout) {
    if (output === "") service.signal();
    output += decoder.decode(chunk, { stream: true });
  }
  const outcomes = JSON.parse(output.trim().split("\n").at(-1) ?? "");
  // Each client ends with the refusal of a new connection.
  expect(outcomes).toEqual({ 200: outcomes[200], ECONNREFUSED: 20 });
  expect(await service.exited).toBe(0);
});

test.skipIf(!node)(
  "a client whose request was in flight opens a new connection for its next one",
  async () => {
    await using service = await serve();
    const urls = [`${service.url}/slow`, `${service.url}/fast`];
    const clients = Bun.spawn([node ?? "", `${import.meta.dir}/fixtures/in-flight.mjs`, ...urls], {
      stdout: "pipe",
    });
    await until(() => service.output().split("slow begins").length > 10);
    service.signal();
    await until(() =>
      fetch(urls[1] ?? "", { keepalive: false }).then(
        () => false,
        () => true,
      ),
    );
    service.signal("SIGUSR2");
    // On the old connection, the outcome would be ECONNRESET.
    expect(await clients.stdout.json()).toEqual(Array(10).fill("200 ECONNREFUSED"));
    expect(await service.exited).toBe(0);
  },
);

test.skipIf(!nginx)("nginx with two instances loses no POST when one of them stops", async () => {
  await using stays = await serve({ LOG_LEVEL: "warn" });
  for (let round = 0; round < 2; round += 1) {
    await using stops = await serve({ SHUTDOWN_DELAY_MS: "200", LOG_LEVEL: "warn" });
    const servers = [stops, stays].map(({ url }) => `server ${new URL(url).host};`).join(" ");
    await using proxy = await Nginx.start(
      nginx ?? "",
      await mkdtemp(`${folder}/nginx-`),
      (port) => `
        upstream service { ${servers} keepalive 64; }
        server { listen 127.0.0.1:${port}; location / {
          proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; } }`,
    );
    const statuses = new Map<number, number>();
    let isLoading = true;
    const clients = Array.from({ length: 40 }, async () => {
      while (isLoading) {
        const headers = { "content-type": "application/json" };
        const response = await fetch(`${proxy.url}/echo`, { method: "POST", headers, body: "{}" });
        await response.arrayBuffer();
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      }
    });
    await until(() => (statuses.get(200) ?? 0) > 200);
    stops.signal();
    expect(await stops.exited).toBe(0);
    const atExit = statuses.get(200) ?? 0;
    await until(() => (statuses.get(200) ?? 0) > atExit + 200);
    isLoading = false;
    await Promise.all(clients);
    expect([...statuses.keys()]).toEqual([200]);
  }
});
