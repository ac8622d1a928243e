// Renders the model. It changes nothing but the DOM.
import type { Message, User } from "../../protocol.ts";
import type { Actions } from "./actions.ts";
import { byId, element, reconcile } from "./dom.ts";
import { linkify } from "./links.ts";
import type { Conversation, Line, Model } from "./model.ts";
import { renderEvent } from "./render-event.ts";
import { setTabStops } from "./tab-stops.ts";

/** Consecutive messages of one user within this many milliseconds share one heading. */
const GROUP_MS = 5 * 60 * 1000;
const time = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

export function render(model: Model, actions: Actions): void {
  const { current } = model;
  const all = [...model.conversations.values()];
  drawConversations("rooms", all, "room", model, actions);
  // #region private
  drawConversations("private", all, "user", model, actions);
  byId("private-hint", HTMLElement).hidden = all.some(({ kind }) => kind === "user");
  // #endregion
  byId("me", HTMLElement).textContent = model.me.name;
  const unread = all.reduce((sum, conversation) => sum + conversation.unread, 0);
  setUnread(byId("menu-unread", HTMLElement), unread);
  document.title = `${unread > 0 ? `(${unread}) ` : ""}${current ? titleOf(current, actions) : "Chat"}`;
  byId("title", HTMLElement).textContent = current ? titleOf(current, actions) : "No conversation";
  byId("leave", HTMLElement).hidden = !current;
  byId("leave", HTMLElement).textContent = current?.kind === "user" ? "Close" : "Leave";
  const canWrite = current?.problem === "";
  byId("text", HTMLTextAreaElement).disabled = !canWrite;
  // #region typing
  const typists = current ? model.typists(current) : [];
  byId("typing", HTMLElement).textContent = typingText(typists.map(actions.labelOf));
  // #endregion
  if (current) drawConversation(current, actions);
  else clearConversation();
}

/** Removes what is left of a conversation that was closed. */
function clearConversation(): void {
  for (const id of ["here", "members", "lines"]) byId(id, HTMLElement).replaceChildren();
  for (const id of ["people", "news", "empty"]) byId(id, HTMLElement).hidden = true;
}

function drawConversation(current: Conversation, actions: Actions): void {
  const isRoom = current.kind === "room";
  const members = [...current.members.values()].sort((a, b) => a.name.localeCompare(b.name));
  byId("here", HTMLElement).textContent = isRoom ? `${members.length} here` : "private";
  byId("people", HTMLElement).hidden = !isRoom;
  const empty = byId("empty", HTMLElement);
  empty.hidden = current.lines.length > 0 && current.problem === "";
  empty.textContent = current.problem || "Nothing here yet. Say hello.";
  empty.classList.toggle("problem", current.problem !== "");
  reconcile(byId("members", HTMLElement), members, {
    key: ({ id }) => id,
    create: (user) => memberItem(user, actions.isMe(user)),
    update: (item, user) => {
      setText(item.querySelector(".label"), actions.labelOf(user));
      // #region private
      const button = item.querySelector("button");
      if (!button) return;
      button.title = `Send ${actions.labelOf(user)} a private message`;
      button.onclick = () => actions.openPrivate(user);
      // #endregion
    },
  });
  drawLines(current, actions);
}

/** The message that each element shows. */
const drawn = new WeakMap<HTMLElement, Message>();

/** Scrolls to new messages, unless the user has scrolled up: then it shows the button for new messages. */
function drawLines(current: Conversation, actions: Actions): void {
  const scroll = byId("scroll", HTMLElement);
  const list = byId("lines", HTMLElement);
  const news = byId("news", HTMLElement);
  const last = list.lastElementChild;
  const isOtherConversation = list.dataset.conversation !== `${current.kind}:${current.id}`;
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const hadFocus = list.contains(document.activeElement);
  if (isOtherConversation) list.replaceChildren();
  list.dataset.conversation = `${current.kind}:${current.id}`;
  const added: Line[] = [];
  let isChanged = false;
  reconcile(list, current.lines, {
    key: ({ key }) => key,
    create: (line) => {
      added.push(line);
      return lineItem(line, actions);
    },
    update: (item, line, index) => {
      if (line.state === "gap") return;
      updateLine(item, line, current.lines[index - 1]);
      setText(item.querySelector(".name"), actions.labelOf(line.from));
      // The model makes a new object for each change of a message, so the same object needs no drawing.
      if (drawn.get(item) === line.message || !line.message) return;
      drawn.set(item, line.message);
      isChanged = true;
      for (const update of Object.values(renderEvent)) update(item, line.message, actions);
    },
  });
  if (isChanged || list.lastElementChild !== last) setTabStops();
  // The focused element was removed. Otherwise, Tab would start again at the top of the page.
  if (hadFocus && !list.contains(document.activeElement)) scroll.focus();
  // What the user has just written is not stored yet. Later, when it is, the view stays where the user has scrolled to.
  const isWritten = added.some(({ from, message }) => actions.isMe(from) && !message);
  if (isOtherConversation || atEnd || isWritten) {
    scroll.scrollTop = scroll.scrollHeight;
    news.hidden = true;
  } else if (added.some(({ from }) => !actions.isMe(from))) news.hidden = false;
}

function drawConversations(
  id: string,
  all: readonly Conversation[],
  kind: Conversation["kind"],
  model: Model,
  { labelOf, show }: Actions,
): void {
  const conversations = all.filter((conversation) => conversation.kind === kind);
  reconcile(byId(id, HTMLElement), conversations, {
    key: (conversation) => conversation.id,
    create: (conversation) => {
      const { id, title } = conversation;
      const hash = element("span", "hash soft", "#");
      const icon = kind === "room" ? hash : avatar({ id, name: title });
      icon.ariaHidden = "true";
      const button = element("button", "item", icon, element("span", "label", title));
      button.append(element("span", "unread"));
      return element("li", "", button);
    },
    update: (item, conversation) => {
      const button = item.querySelector("button");
      // A room that was left and joined again is another object.
      if (button) button.onclick = () => show(conversation);
      const { id, title } = conversation;
      const label = kind === "room" ? id : labelOf({ id, name: title });
      setText(item.querySelector(".label"), label);
      if (conversation === model.current) button?.setAttribute("aria-current", "page");
      else button?.removeAttribute("aria-current");
      setUnread(item.querySelector<HTMLElement>(".unread"), conversation.unread);
    },
  });
}

function lineItem(line: Line, { buttons, isMe }: Actions): HTMLElement {
  const { from, text, at, state, note = "" } = line;
  if (state === "gap") return element("li", "line mark soft", note);
  const when = element("time", "soft", at ? time.format(new Date(at)) : "");
  when.dateTime = at;
  when.title = new Date(at).toLocaleString();
  const head = element("div", "head", element("bdi", "name", from.name), when);
  const words = element("div", "text", ...linkify(text));
  // Right-to-left text: otherwise punctuation and Latin words are shown in the wrong order.
  words.dir = "auto";
  const body = element("div", "body", words);
  // #region reactions
  body.append(element("div", "reactions"));
  // #endregion
  body.append(element("div", "note soft"));
  const item = element("li", "line", element("div", "day soft"), avatar(from), head, body);
  const isMine = isMe(from);
  item.classList.toggle("mine", isMine);
  const made = buttons.flatMap((make) => make({ isMine, current: () => drawn.get(item) }));
  if (line.message && made.length > 0) {
    const toolbar = element("div", "actions", ...made);
    toolbar.role = "toolbar";
    toolbar.ariaLabel = "Message";
    item.append(toolbar);
  }
  return item;
}

function updateLine(item: HTMLElement, line: Line, before: Line | undefined): void {
  const apart = Date.parse(line.at) - Date.parse(before?.at ?? "");
  const heading = dayOf(line) === dayOf(before) ? "" : dayOf(line);
  const isSameUser = before?.from.id === line.from.id && before.state !== "gap";
  item.classList.toggle("more", isSameUser && apart < GROUP_MS && heading === "");
  item.dataset.state = line.state;
  setText(item.querySelector(".note"), line.note ?? "");
  setText(item.querySelector(".day"), heading);
}

/** The day of the line. A missing line counts as today, so that today's messages need no heading. */
function dayOf(line: Line | undefined): string {
  const at = new Date(line?.at || Date.now());
  return at.toDateString() === new Date().toDateString() ? "Today" : day.format(at);
}

/** Sets the text only if it differs: otherwise a screen reader would read it again. */
function setText(target: Element | null, text: string): void {
  if (target && target.textContent !== text) target.textContent = text;
}

function memberItem(user: User, isMe: boolean): HTMLElement {
  const parts = [avatar(user), element("span", "label")];
  if (isMe) parts.push(element("span", "soft you", "you"));
  // #region private
  if (!isMe) return element("li", "", element("button", "item", ...parts));
  // #endregion
  return element("li", "item", ...parts);
}

function avatar({ id, name }: User): HTMLElement {
  const [first = "", ...others] = name.split(" ");
  const letters = [first, others.at(-1) ?? ""].map((word) => [...word][0]);
  const picture = element("span", "avatar", letters.join("").toUpperCase());
  picture.ariaHidden = "true";
  const hue = [...id].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 0);
  picture.style.setProperty("--hue", String(hue));
  return picture;
}

function setUnread(badge: HTMLElement | null, unread: number): void {
  if (!badge) return;
  badge.hidden = unread === 0;
  badge.textContent = unread > 99 ? "99+" : String(unread);
  badge.ariaLabel = `${unread} unread`;
}

// #region typing

function typingText(names: readonly string[]): string {
  if (names.length === 0) return "";
  if (names.length === 1) return `${names[0]} is typing…`;
  return names.length === 2 ? `${names.join(" and ")} are typing…` : "Several people are typing…";
}
// #endregion

function titleOf({ kind, id, title }: Conversation, { labelOf }: Actions): string {
  return kind === "room" ? `# ${id}` : labelOf({ id, name: title });
}
