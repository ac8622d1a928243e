// A client of the starter: with a session, joined to the room.

/** Resolves once it has joined `bench`. */
export async function openClient(url: string): Promise<WebSocket> {
  const response = await fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"name":"Bench"}',
  });
  const cookie = response.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, { headers: { cookie } });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.onopen = () => socket.send('{"type":"join","ref":0,"room":"bench"}');
  socket.onmessage = ({ data }) => {
    if (String(data).startsWith('{"type":"ok"')) resolve();
  };
  socket.onclose = ({ code }) => reject(new Error(`The connection was closed with ${code}.`));
  await promise;
  return socket;
}
