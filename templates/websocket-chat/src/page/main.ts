// The page: who you are, the connection, and what each button does.

import { ChatClient, type ConnectionState } from "../client/client.ts";
import type { Unsent } from "../client/outbox.ts";
import type { Person } from "../protocol.ts";
import { byId } from "./dom.ts";
import { type Conversation, Model } from "./model.ts";
import { closePanel, isNarrow, setUpPanels } from "./panels.ts";
import { reloadIfSignedOut, signOut, whoAmI } from "./session.ts";
import { render } from "./view.ts";

const HOME = "general";
const ROOMS = "chat-rooms";
/** Milliseconds between two `typing` frames. */
const TYPING_MS = 2000;

const model = new Model();
const chat = byId("chat", HTMLElement);
const text = byId("text", HTMLTextAreaElement);
let drawing = false;
let typedAt = 0;

const client = new ChatClient({
  connect: () => new WebSocket(new URL("/ws", location.href.replace(/^http/, "ws"))),
  storage: sessionStorage,
  events: {
    state: showConnection,
    refused: reloadIfSignedOut,
    joined: (room, snapshot) => draw(() => model.joined(room, snapshot)),
    frame: (frame) => draw(() => model.receive(frame)),
    settled: (message, problem) => draw(() => model.settled(message, problem)),
  },
});

/** Changes the model, then draws it once before the next frame, however many changes there are. */
function draw(change: () => void): void {
  change();
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    render(model, { show, write: (person) => show(model.open("person", person.id, person.name)) });
  });
}

function show(conversation: Conversation | undefined): void {
  // What is meant for one person must not end up in a room.
  if (model.current) model.current.draft = text.value;
  text.value = conversation?.draft ?? "";
  draw(() => model.show(conversation));
  closePanel();
  // On a phone that would open the keyboard over what was chosen.
  if (!isNarrow()) text.focus();
}

function look(): void {
  draw(() => model.look(!document.hidden));
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
  // What stands there may be the answer to something that was tried since: the next try leaves it.
  else if (banner.textContent === "")
    banner.textContent = "You are offline. What you write is sent as soon as you are back.";
}

function start(person: Person): void {
  model.me = person;
  chat.hidden = false;
  const rooms: string[] = JSON.parse(localStorage.getItem(ROOMS) ?? "[]");
  for (const room of rooms.length > 0 ? rooms : [HOME]) openRoom(room);
  for (const message of client.outbox.unsent) waits(message);
  show([...model.conversations.values()][0]);
  client.connect();
}

function waits(message: Unsent): void {
  const online = byId("connection", HTMLElement).dataset.state === "online";
  draw(() => model.waits(message, online ? "" : "Waits for the connection"));
}

async function send(): Promise<void> {
  const { current } = model;
  const words = text.value;
  if (!current || words.trim() === "") return;
  text.value = "";
  typedAt = 0;
  if (current.kind === "room") return waits(client.say(current.id, words));
  const problem = await client.whisper({ id: current.id, name: current.title }, words);
  const line = { from: model.me, text: words, at: new Date().toISOString() };
  draw(() =>
    model.whispered(
      { id: current.id, name: current.title },
      problem === undefined ? line : { ...line, state: "failed", note: problem },
    ),
  );
}

byId("sign-out", HTMLElement).onclick = async () => {
  if (!(await signOut())) {
    byId("banner", HTMLElement).textContent = "You can sign out when the server is back.";
    return;
  }
  client.close();
  // The next person at this browser is someone else.
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
  draw(() => undefined);
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
document.onvisibilitychange = look;
// Typing indicators fade by themselves.
setInterval(() => draw(() => undefined), 1000);
setUpPanels();
look();
start(await whoAmI());
