// Stores something in a service over its API, and reads it back: what a volume has to keep.
import { expect } from "bun:test";

export interface StoredData {
  /** Variables without which the service refuses to start in production. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly write: (url: URL, text: string) => Promise<void>;
  /** The response in which the text appears. */
  readonly read: (url: URL) => Promise<string>;
}

async function post(url: URL, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  expect(response.status, await response.clone().text()).toBeWithin(200, 300);
  return response;
}

const httpSse: StoredData = {
  write: async (url, text) => {
    await post(new URL("api/messages", url), { text });
  },
  read: async (url) => await (await fetch(new URL("api/messages", url))).text(),
};

const sqliteApp: StoredData = {
  async write(url, title) {
    const user = { email: "ada@example.com", name: "Ada", password: "correct horse battery" };
    await post(new URL("api/users", url), user);
    const session = await post(new URL("api/sessions", url), user);
    const { token } = (await session.json()) as { token: string };
    const authorization = `Bearer ${token}`;
    await post(new URL("api/articles", url), { title, body: "Kept." }, { authorization });
  },
  read: async (url) => await (await fetch(new URL("api/articles", url))).text(),
};

const websocketChat: StoredData = {
  environment: { SESSION_SECRET: crypto.randomUUID() },
  async write(url, text) {
    const join = { type: "join", ref: 1, room: "kept" };
    const chat = { type: "chat", ref: 2, room: "kept", text, key: "kept-1" };
    await chatWith(url, [join, chat]);
  },
  read: async (url) => await chatWith(url, [{ type: "join", ref: 1, room: "kept" }]),
};

interface Frame {
  readonly ref: number;
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Sends frames one by one, each after the reply to the previous one, and returns the last reply. */
async function chatWith(url: URL, frames: readonly Frame[]): Promise<string> {
  const session = await post(new URL("api/session", url), { name: "Ada" });
  const cookie = session.headers.get("set-cookie")?.split(";")[0] ?? "";
  const socket = new WebSocket(new URL("ws", url.href.replace("http", "ws")), {
    headers: { cookie },
  });
  try {
    await opened(socket);
    let reply = "";
    for (const frame of frames) {
      const replied = replyTo(socket, frame.ref);
      socket.send(JSON.stringify(frame));
      reply = await replied;
    }
    return reply;
  } finally {
    socket.close();
  }
}

/** Resolves with the frame that has this `ref`. @throws if the frame is an error, or the socket closes first. */
function replyTo(socket: WebSocket, ref: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  socket.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(String(data)) as Frame;
    if (frame.ref !== ref) return;
    if (frame.type === "ok") resolve(String(data));
    else reject(new Error(`refused: ${data}`));
  });
  socket.addEventListener("close", ({ code }) => reject(new Error(`closed with ${code}`)));
  return promise;
}

function opened(socket: WebSocket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.addEventListener("open", () => resolve(), { once: true });
  socket.addEventListener("close", ({ code }) => reject(new Error(`closed with ${code}`)));
  return promise;
}

/** By template. A template whose image has a volume needs an entry. */
export const storedData: Readonly<Record<string, StoredData>> = {
  "http-sse": httpSse,
  "sqlite-app": sqliteApp,
  "websocket-chat": websocketChat,
};
