// The page: connects the client, the model and the view, and handles the input.
import { ChatClient, type ConnectionState } from "../../client/client.ts";
import type { Unsent } from "../../client/outbox.ts";
import type { User } from "../../protocol.ts";
import { byId } from "./dom.ts";
import { type Conversation, Model } from "./model.ts";
import { closePanel, isNarrow, setUpPanels } from "./panels.ts";
import { currentUser, reloadIfSignedOut, signOut } from "./sign-in.ts";
import { render } from "./view.ts";

const DEFAULT_ROOM = "general";
/** Key of the open rooms in `localStorage`. */
const ROOMS = "chat-rooms";
/** Milliseconds between two `typing` frames. */
const TYPING_MS = 2000;

const model = new Model();
const chat = byId("chat", HTMLElement);
const text = byId("text", HTMLTextAreaElement);
let isRenderPlanned = false;
let typedAt = 0;

const client = new ChatClient({
  connect: () => new WebSocket(new URL("/ws", location.href.replace(/^http/, "ws"))),
  storage: sessionStorage,
  events: {
    state: showConnection,
    refused: reloadIfSignedOut,
    joined: (room, snapshot) => update(() => model.joined(room, snapshot)),
    frame: (frame) => update(() => model.receive(frame)),
    settled: (message, problem) => update(() => model.settled(message, problem)),
  },
});

/** Changes the model. It is rendered before the next animation frame, once for any number of changes. */
function update(change: () => void): void {
  change();
  if (isRenderPlanned) return;
  isRenderPlanned = true;
  requestAnimationFrame(() => {
    isRenderPlanned = false;
    render(model, { show, openPrivate: ({ id, name }) => show(model.open("user", id, name)) });
  });
}

function show(conversation: Conversation | undefined): void {
  // Each conversation has its own draft: text for one user must not be sent to a room.
  if (model.current) model.current.draft = text.value;
  text.value = conversation?.draft ?? "";
  update(() => model.show(conversation));
  closePanel();
  // On a phone, the focus would open the keyboard over the conversation.
  if (!isNarrow()) text.focus();
}

function updateVisibility(): void {
  update(() => model.setVisible(!document.hidden));
}

function openRoom(room: string): void {
  show(model.open("room", room));
  client.join(room);
  rememberRooms();
}

function rememberRooms(): void {
  const rooms = [...model.conversations.values()].filter(({ kind }) => kind === "room");
  localStorage.setItem(ROOMS, JSON.stringify(rooms.map(({ id }) => id)));
}

function showConnection(state: ConnectionState, retryInMs = 0): void {
  const status = byId("connection", HTMLElement);
  const wait = `retry in ${Math.ceil(retryInMs / 1000)} s`;
  const words = { connecting: "Connecting…", online: "Connected", offline: `Offline, ${wait}` };
  status.dataset.state = state;
  status.textContent = words[state];
  if (state === "connecting") return;
  const banner = byId("banner", HTMLElement);
  if (state === "online") banner.textContent = "";
  // The banner may show why an action failed: a failed reconnect must not replace that.
  else if (banner.textContent === "")
    banner.textContent = "You are offline. Messages are sent when you are connected again.";
}

function start(user: User): void {
  model.me = user;
  chat.hidden = false;
  const rooms: string[] = JSON.parse(localStorage.getItem(ROOMS) ?? "[]");
  for (const room of rooms.length > 0 ? rooms : [DEFAULT_ROOM]) openRoom(room);
  for (const message of client.outbox.unsent) showUnsent(message);
  show([...model.conversations.values()][0]);
  client.connect();
}

function showUnsent(message: Unsent): void {
  const online = byId("connection", HTMLElement).dataset.state === "online";
  update(() => model.addUnsent(message, online ? "" : "Waiting for the connection"));
}

async function send(): Promise<void> {
  const { current } = model;
  const words = text.value;
  if (!current || words.trim() === "") return;
  text.value = "";
  typedAt = 0;
  if (current.kind === "room") return showUnsent(client.sendChat(current.id, words));
  const problem = await client.sendPrivate({ id: current.id, name: current.title }, words);
  const line = { from: model.me, text: words, at: new Date().toISOString() };
  update(() =>
    model.addPrivate(
      { id: current.id, name: current.title },
      problem === undefined ? line : { ...line, state: "failed", note: problem },
    ),
  );
}

byId("sign-out", HTMLElement).onclick = async () => {
  if (!(await signOut())) {
    byId("banner", HTMLElement).textContent =
      "The server cannot be reached. Sign out when you are connected again.";
    return;
  }
  client.close();
  // The next user of this browser must not see the rooms or the unsent messages.
  localStorage.removeItem(ROOMS);
  sessionStorage.clear();
  location.reload();
};
byId("open-room", HTMLFormElement).onsubmit = (event) => {
  event.preventDefault();
  const field = byId("room", HTMLInputElement);
  openRoom(field.value);
  field.value = "";
};
byId("leave", HTMLElement).onclick = () => {
  const { current } = model;
  if (!current) return;
  if (current.kind === "room") client.leave(current.id);
  show(model.close(current));
  rememberRooms();
};
byId("compose", HTMLFormElement).onsubmit = (event) => {
  event.preventDefault();
  void send();
};
byId("news", HTMLElement).onclick = () => {
  const scroll = byId("scroll", HTMLElement);
  scroll.scrollTop = scroll.scrollHeight;
  update(() => undefined);
  text.focus();
};
text.oninput = () => {
  if (model.current?.kind !== "room" || Date.now() - typedAt < TYPING_MS) return;
  typedAt = Date.now();
  client.typing(model.current.id);
};
text.onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  void send();
};
document.onkeydown = (event) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (event.altKey && (step === 1 || step === -1)) show(model.neighbour(step));
  else if (event.key === "Escape") closePanel();
  else return;
  event.preventDefault();
};
addEventListener("online", () => client.connect());
document.onvisibilitychange = updateVisibility;
// Removes typing indicators that have expired.
setInterval(() => update(() => undefined), 1000);
setUpPanels();
updateVisibility();
start(await currentUser());
