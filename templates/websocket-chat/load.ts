// `bun run load`: opens many clients and reports deliveries per second, latency, and memory per connection.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openWebSocket } from "./test/web-socket.ts";

const { values } = parseArgs({
  options: {
    /**
     * URL of a running chat with a high RATE_LIMIT and MAX_CONNECTIONS, e.g. http://127.0.0.1:3000. By default one is
     * started, without limits.
     */
    url: { type: "string" },
    /** Clients in one room. Each sends its next message when it has received the previous one. */
    clients: { type: "string", default: "64" },
    seconds: { type: "string", default: "5" },
    /** Connections that send nothing. Their memory is reported unless --url is given. */
    idle: { type: "string", default: "10000" },
  },
});
const clients = Number(values.clients);
const idle = Number(values.idle);

const chat = values.url ? undefined : await startChat();
const url = (values.url ?? chat?.url ?? "").replace(/\/$/, "");
try {
  // First: after the fan-out, idle connections would reuse the memory that it has allocated.
  if (idle > 0) await measureIdle();
  await measureFanOut();
} finally {
  await chat?.stop();
}
process.exit(0);

/** All clients send to one room, so each message is delivered to every client. @throws {Error} if a frame is refused, or a connection closes. */
async function measureFanOut(): Promise<void> {
  const latencies: number[] = [];
  let deliveries = 0;
  const refused = Promise.withResolvers<never>();
  const sockets = await Promise.all(Array.from({ length: clients }, (_, i) => open(`Load ${i}`)));
  for (const [index, socket] of sockets.entries()) {
    const mine = `"text":"${index} `;
    const send = () => {
      const text = `${index} ${performance.now()}`;
      socket.send(
        JSON.stringify({ type: "chat", ref: 1, room: "load", text, key: crypto.randomUUID() }),
      );
    };
    socket.onmessage = ({ data }) => {
      if (data.startsWith('{"type":"ok"')) {
        // The reply to the join starts this client. Replies to its messages are ignored.
        if (data.includes('"members"')) send();
        return;
      }
      if (data.startsWith('{"type":"error"')) {
        const hint = "If it is rate_limited, start the chat with a higher RATE_LIMIT.";
        refused.reject(new Error(`The chat refused a frame: ${data}. ${hint}`));
      }
      if (!data.startsWith('{"type":"chat"')) return;
      deliveries += 1;
      const at = data.indexOf(mine);
      if (at === -1) return;
      latencies.push(performance.now() - Number.parseFloat(data.slice(at + mine.length)));
      send();
    };
    // Otherwise, the figures would be those of the clients that are left.
    socket.onclose = ({ code, reason }) => {
      refused.reject(new Error(`The chat closed a connection: ${code} ${reason}`));
    };
    socket.send(JSON.stringify({ type: "join", ref: 0, room: "load" }));
  }
  await Promise.race([Bun.sleep(500), refused.promise]);
  latencies.length = 0;
  deliveries = 0;
  const started = performance.now();
  await Promise.race([Bun.sleep(Number(values.seconds) * 1000), refused.promise]);
  const seconds = (performance.now() - started) / 1000;
  for (const socket of sockets) socket.close();
  latencies.sort((a, b) => a - b);
  const quantile = (share: number) =>
    (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2);
  console.log(`${clients} clients in a room for ${seconds.toFixed(1)} s`);
  console.log(`  deliveries  ${Math.round(deliveries / seconds).toLocaleString("en")} /s`);
  console.log(`  latency     p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`);
}

/** Measures the memory of connections that are open and silent. */
async function measureIdle(): Promise<void> {
  const before = await chat?.memory();
  const sockets: Bun.WebSocket[] = [];
  while (sockets.length < idle) {
    const batch = Math.min(100, idle - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: batch }, () => open("Idle")))));
  }
  await Bun.sleep(1000);
  const after = await chat?.memory();
  console.log(`${idle} idle connections`);
  if (before !== undefined && after !== undefined) {
    console.log(`  memory      ${((after - before) / 1024 / idle).toFixed(1)} KiB per connection`);
  }
  for (const socket of sockets) socket.close();
}

async function open(name: string): Promise<Bun.WebSocket> {
  const response = await fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  const cookie = response.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
  const socket = openWebSocket(url, cookie);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.onopen = () => resolve();
  socket.onclose = ({ code, reason }) => reject(new Error(`Closed: ${code} ${reason}`));
  await promise;
  return socket;
}

async function startChat() {
  const directory = await mkdtemp(join(tmpdir(), "websocket-chat-load-"));
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "src/main.ts")], {
    env: {
      ...process.env,
      ...{ RATE_LIMIT: "1000000000", MAX_CONNECTIONS: "1000000", LOG_LEVEL: "warn" },
      // The stores and ports of another chat must not be used. Empty values also take precedence over .env.
      ...{ DATA_DIR: directory, PORT: "0", METRICS_PORT: "" },
      // #region redis
      REDIS_URL: "",
      // #endregion
    },
    stdout: "pipe",
    stderr: "inherit",
  });
  let output = "";
  let address: string | undefined;
  for await (const chunk of child.stdout) {
    output += new TextDecoder().decode(chunk);
    address = /listening on (http:\/\/\S+?)\/?["\s]/.exec(output)?.[1];
    if (address) break;
  }
  if (!address) throw new Error(`The chat did not start: ${output}`);
  return {
    url: address,
    /** Resident memory of the server in bytes. */
    memory: async () => 1024 * Number(await Bun.$`ps -o rss= -p ${child.pid}`.text()),
    stop: async () => {
      child.kill();
      await child.exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
