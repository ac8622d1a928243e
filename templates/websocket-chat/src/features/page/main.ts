// The page: connects the client, the model and the view, and handles the input.

import type { NewEvent, Unsent } from "../../client/client.ts";
import { ChatClient, type ConnectionState, type EndReason } from "../../client/client.ts";
import { LIMITS } from "../../limits.ts";
// #region edits
import type { Message } from "../../protocol.ts";
// #endregion
import { isTooLong, type User, VISIBLE_TEXT } from "../../protocol.ts";
import type { Actions } from "./actions.ts";
import { byId, isComposing } from "./dom.ts";
// #region edits
import { editButtons, moveEditToDraft, startEditing, stopEditing } from "./edit-buttons.ts";
// #endregion
import { type Conversation, Model } from "./model.ts";
import { closePanel, isNarrow, setUpPanels } from "./panels.ts";
// #region reactions
import { reactButton } from "./reaction-picker.ts";
// #endregion
import { askForName, currentUser, signOut, whoAmI, whyRefused } from "./sign-in.ts";
import { clearStorage, keepDrafts, readRooms, rememberRooms, takeDrafts } from "./storage.ts";
import { setUpTabStops } from "./tab-stops.ts";
import { render } from "./view.ts";

const DEFAULT_ROOM = "general";
/** Milliseconds between two renderings. */
const FRAME_MS = 16;
const OFFLINE = "You are offline. Messages are sent when you are connected again.";
const SIGNED_OUT = "signed out";
/** Announces a sign-out to the other tabs, also to those without a connection. */
const tabs = new BroadcastChannel("chat");

setUpPanels();
setUpTabStops();
start(await currentUser());

/** Runs the page for this user. Another user needs a reload, so that no state is shared. */
function start(user: User): void {
  const model = new Model(user);
  const text = byId("text", HTMLTextAreaElement);
  const banner = byId("banner", HTMLElement);
  let isRenderPlanned = false;
  /** Why there is no connection; empty while there is one. */
  let offlineReason = "";
  // #region typing
  let typedAt = 0;
  // #endregion

  const client = new ChatClient({
    user,
    connect: () => new WebSocket(new URL("/ws", location.href.replace(/^http/, "ws"))),
    storage: sessionStorage,
    events: {
      state: showConnection,
      unreachable: async () => {
        const { status, detail } = (await whyRefused()) ?? {};
        if (status === 401) await end("session expired");
        else if (offlineReason !== "") showOffline(detail ?? OFFLINE);
      },
      joined: (room, snapshot, isFirst) => update(() => model.joined(room, snapshot, isFirst)),
      refused: (room, problem) => update(() => model.refused(room, problem)),
      frame: (frame) => update(() => model.receive(frame)),
      settled: (event, problem) => {
        if (problem && event.type !== "chat") {
          banner.textContent = problem;
          // #region edits
          if (event.type === "edit") moveToDraft(event);
          // #endregion
        }
        update(() => model.settled(event, problem));
      },
      ended: end,
    },
  });

  /** Changes the model. It is rendered a little later, once for any number of changes. */
  function update(change: () => void): void {
    change();
    if (isRenderPlanned) return;
    isRenderPlanned = true;
    // Not `requestAnimationFrame`, which does not run in a hidden tab: its title shows the unread messages.
    setTimeout(() => {
      isRenderPlanned = false;
      render(model, actions);
    }, FRAME_MS);
  }

  const actions: Actions = {
    isMe: ({ id }) => id === user.id,
    labelOf: (other) => model.labelOf(other),
    show,
    // #region private
    openPrivate: ({ id, name }) => show(model.open("user", id, name)),
    // #endregion
    // #region reactions
    react: ({ offset }, emoji, on) => {
      post({ type: "react", room: model.current?.id ?? "", target: offset, emoji, on });
    },
    // #endregion
    buttons: [
      // #region reactions
      ({ current }) => [reactButton(current, actions.react)],
      // #endregion
      // #region edits
      ({ isMine, current }) => {
        const remove = ({ offset: target }: Message) => {
          const room = model.current?.id ?? "";
          const isSame = (event: Unsent) =>
            event.type === "delete" && event.room === room && event.target === target;
          // The server would refuse the second deletion of a message.
          if (!client.unsent.some(isSame)) post({ type: "delete", room, target });
        };
        return isMine ? editButtons(current, remove) : [];
      },
      // #endregion
    ],
  };

  function show(conversation: Conversation | undefined): void {
    // #region edits
    moveEditToDraft();
    // #endregion
    // Each conversation has its own draft: text for one user must not be sent to a room.
    if (model.current) model.current.draft = text.value;
    text.value = conversation?.draft ?? "";
    banner.textContent = "";
    model.show(conversation);
    // Not by `update`, which renders later: a field that is still disabled cannot get the focus.
    render(model, actions);
    closePanel();
    // On a phone, the focus would open the keyboard over the conversation.
    if (!isNarrow()) text.focus();
  }

  function openRoom(room: string): void {
    show(model.open("room", room));
    client.join(room);
    rememberRooms(user.id, model.conversations.values());
  }

  /** Puts a text that was not stored before what is being typed in its room. */
  function moveToDraft(unsent: { readonly room: string; readonly text: string }): void {
    // #region edits
    moveEditToDraft();
    // #endregion
    if (model.current) model.current.draft = text.value;
    const conversation = model.conversations.get(`room:${unsent.room}`);
    if (!conversation) return;
    conversation.draft = `${unsent.text}\n${conversation.draft}`.trim();
    text.value = model.current?.draft ?? "";
  }

  function showConnection(state: ConnectionState, retryInMs?: number): void {
    const status = byId("connection", HTMLElement);
    const wait = retryInMs === undefined ? "" : `, retry in ${Math.ceil(retryInMs / 1000)} s`;
    const words = { connecting: "Connecting…", online: "Connected", offline: `Offline${wait}` };
    status.dataset.state = state;
    status.textContent = words[state];
    if (state === "online") showOffline("");
    else if (state === "offline") showOffline(offlineReason || OFFLINE);
  }

  /** Shows why there is no connection, unless the banner shows why an action failed. */
  function showOffline(reason: string): void {
    if (["", offlineReason].includes(banner.textContent)) banner.textContent = reason;
    offlineReason = reason;
  }

  /** Makes what is being typed the draft of its conversation, and accepts no further input. */
  function stopInput(): void {
    byId("chat", HTMLElement).inert = true;
    // #region edits
    moveEditToDraft();
    // #endregion
    if (model.current) model.current.draft = text.value;
  }

  /** Ends the use of the page by this user, and reloads it so that another user sees none of its content. */
  async function end(reason: EndReason): Promise<void> {
    client.close();
    if (reason === "another protocol") {
      stopInput();
      keepDrafts(user.id, model.conversations.values());
      const start = byId("start", HTMLElement);
      start.textContent = "This page is older than the server. Reload it to continue.";
      start.hidden = false;
      return;
    }
    let next: User | undefined;
    if (reason === "session expired") {
      // `unreachable` may call this again while the sign-in form is shown.
      if (byId("chat", HTMLElement).inert) return;
      // The same person may sign in again, so what is being typed and what was not sent stays.
      stopInput();
      for (const event of client.unsent.toReversed()) {
        if ("text" in event) moveToDraft(event);
      }
      // Another login may have started a new session already.
      const found = await whoAmI();
      next = typeof found === "string" ? await askForName("Your session has expired.") : found;
    }
    clearStorage((userId) => userId === user.id);
    if (next?.name === model.me.name) keepDrafts(next.id, model.conversations.values());
    location.reload();
  }

  /** Posts an event to the room that is shown. Nothing can be sent to a room that the server has refused. */
  function post(event: NewEvent): void {
    const problem = model.current?.problem;
    if (problem) banner.textContent = problem;
    else showUnsent(client.post(event));
  }

  function showUnsent(event: Unsent): void {
    const online = byId("connection", HTMLElement).dataset.state === "online";
    update(() => model.addUnsent(event, online ? "" : "Waiting for the connection"));
  }

  async function send(): Promise<void> {
    const { current } = model;
    const words = text.value;
    if (!current || current.problem || !VISIBLE_TEXT.test(words)) return;
    if (isTooLong(words)) {
      banner.textContent = `This message is too long: at most ${LIMITS.text} characters can be sent.`;
      return;
    }
    banner.textContent = "";
    // #region edits
    const edited = stopEditing();
    if (edited) {
      const { key, offset } = edited;
      // After data loss, another message may have this offset.
      if (current.lines.some(({ message }) => message?.key === key && message.offset === offset)) {
        post({ type: "edit", room: current.id, target: offset, text: words });
      } else {
        banner.textContent = "There is no such message any more.";
        moveToDraft({ room: current.id, text: words });
      }
      return;
    }
    // #endregion
    text.value = "";
    // #region typing
    typedAt = 0;
    // #endregion
    // #region private
    if (current.kind === "user") return sendPrivate(current, words);
    // #endregion
    post({ type: "chat", room: current.id, text: words });
  }
  // #region private

  async function sendPrivate(conversation: Conversation, words: string): Promise<void> {
    const receiver = { id: conversation.id, name: conversation.title };
    const line = { from: model.me, text: words, at: new Date().toISOString() };
    const key = model.showPrivate(receiver, { ...line, state: "waiting" });
    render(model, actions);
    const problem = await client.sendPrivate(receiver, words);
    // If the user has closed the conversation during the request, only a problem opens it again.
    if (problem === undefined && !model.isOpen(conversation)) return;
    const failed = problem === undefined ? {} : ({ state: "failed", note: problem } as const);
    update(() => model.showPrivate(receiver, { ...line, ...failed, key, from: model.me }));
  }
  // #endregion

  byId("sign-out", HTMLElement).onclick = async () => {
    const problem = await signOut();
    if (problem) {
      banner.textContent = problem;
      return;
    }
    tabs.postMessage(SIGNED_OUT);
    await end("signed out");
  };
  tabs.onmessage = ({ data }) => data === SIGNED_OUT && void end("signed out");
  byId("open-room", HTMLFormElement).onsubmit = (event) => {
    event.preventDefault();
    const field = byId("room", HTMLInputElement);
    openRoom(field.value);
    field.value = "";
  };
  byId("leave", HTMLElement).onclick = () => {
    const { current } = model;
    if (!current) return;
    const dropped = current.kind === "room" ? client.leave(current.id) : [];
    show(model.close(current));
    rememberRooms(user.id, model.conversations.values());
    if (dropped.length > 0)
      banner.textContent = `You have left ${current.id} before ${dropped.length} of your messages or changes were stored: they may be lost.`;
  };
  byId("compose", HTMLFormElement).onsubmit = (event) => {
    event.preventDefault();
    void send();
  };
  const news = byId("news", HTMLElement);
  news.onclick = () => {
    const scroll = byId("scroll", HTMLElement);
    scroll.scrollTop = scroll.scrollHeight;
    news.hidden = true;
    text.focus();
  };
  // #region typing
  text.oninput = () => {
    if (model.current?.kind !== "room" || Date.now() - typedAt < LIMITS.typingMs) return;
    typedAt = Date.now();
    client.typing(model.current.id);
  };
  // #endregion
  text.onkeydown = (event) => {
    // #region edits
    const mine = model.current?.lines.findLast(({ from }) => from.id === user.id)?.message;
    if (event.key === "ArrowUp" && !event.altKey && text.value === "" && mine) {
      event.preventDefault();
      startEditing(mine);
    }
    // #endregion
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    void send();
  };
  // #region edits
  byId("stop-editing", HTMLElement).onclick = () => {
    stopEditing();
    text.focus();
  };
  // #endregion
  document.onkeydown = (event) => {
    if (isComposing(event)) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.altKey && (step === 1 || step === -1)) show(model.neighbour(step));
    else if (event.key === "Escape") {
      closePanel();
      // #region edits
      stopEditing();
      // #endregion
    } else return;
    event.preventDefault();
  };
  addEventListener("online", () => client.connect());
  document.onvisibilitychange = () => {
    if (!document.hidden) client.connect();
    update(() => model.setVisible(!document.hidden));
  };
  // #region typing
  // Removes typing indicators that have expired.
  setInterval(() => update(() => undefined), 1000);
  // #endregion

  model.setVisible(!document.hidden);
  byId("chat", HTMLElement).hidden = false;
  // A user whose session has expired may not have signed out.
  clearStorage((userId) => userId !== user.id);
  const rooms = readRooms(user.id);
  const drafts = takeDrafts(user.id);
  for (const room of rooms.length > 0 ? rooms : [DEFAULT_ROOM]) openRoom(room);
  for (const { kind, id, title, draft } of drafts) {
    if (kind === "room") openRoom(id);
    const conversation = model.open(kind, id, title);
    conversation.draft = draft;
    // The next `show` saves the text field as the draft of the current conversation.
    if (conversation === model.current) text.value = draft;
  }
  for (const event of client.unsent) showUnsent(event);
  const all = [...model.conversations.values()];
  show(all.find(({ draft }) => draft) ?? all[0]);
  client.connect();
}
