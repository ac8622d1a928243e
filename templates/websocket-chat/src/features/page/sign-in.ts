// Signs the user in and out, with the session routes.
import type { User } from "../../protocol.ts";
import { byId } from "./dom.ts";

/** An RFC 9457 problem. A proxy may respond with something else. */
interface Problem {
  readonly status?: number;
  readonly detail?: string;
  readonly errors?: readonly { readonly detail: string }[];
}

const UNREACHABLE = "The server cannot be reached.";
const NO_COOKIE =
  "Your browser did not keep the cookie of this page: allow cookies, and try again.";
/** Milliseconds between two attempts to find out who is signed in. */
const RETRY_MS = 2000;
/** Milliseconds that the server has to respond. */
const TIMEOUT_MS = 10_000;

/** Undefined if the server does not respond in time. */
function request(
  method: "GET" | "DELETE" | "POST",
  body?: object,
  path = "/api/session",
): Promise<Response | undefined> {
  const json = { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const init = { method, signal, ...(body && json) };
  return fetch(path, init).catch(() => undefined);
}

/**
 * The user of the session. Without a session, shows the sign-in form and waits; while the server is down, shows a
 * message and retries.
 */
export async function currentUser(): Promise<User> {
  const start = byId("start", HTMLElement);
  for (;;) {
    const found = await whoAmI();
    start.hidden = found !== "unknown";
    if (found === "nobody") return await askForName();
    if (found !== "unknown") return found;
    start.textContent = `${UNREACHABLE} Trying again…`;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Shows the sign-in form. @param hint why it is shown. */
export async function askForName(hint = ""): Promise<User> {
  const welcome = byId("welcome", HTMLElement);
  welcome.hidden = false;
  byId("sign-in-hint", HTMLElement).textContent = hint;
  byId("name", HTMLInputElement).focus();
  const user = await signIn();
  welcome.hidden = true;
  return user;
}

/** @returns the problem; undefined once the user is signed out. Only the server can delete the cookie. */
export async function signOut(): Promise<string | undefined> {
  const response = await request("DELETE");
  if (response?.ok) return undefined;
  return `The sign-out failed. ${describe(await response?.json().catch(() => undefined))}`;
}

/** `unknown` if the server cannot be reached. */
export async function whoAmI(): Promise<User | "nobody" | "unknown"> {
  const response = await request("GET");
  if (!response) return "unknown";
  if (!response.ok) return response.status === 401 ? "nobody" : "unknown";
  // A proxy that is not ready may respond with an HTML page.
  return await response.json().catch(() => "unknown");
}

/** Why the server refuses the WebSocket, which a page cannot see: the same request without a handshake has the same refusal. */
export async function whyRefused(): Promise<Problem | undefined> {
  const response = await request("GET", undefined, "/ws");
  // 426 only says that this request is not a handshake.
  return response?.status === 426 ? undefined : await response?.json().catch(() => undefined);
}

function signIn(): Promise<User> {
  const { promise, resolve } = Promise.withResolvers<User>();
  let isPending = false;
  byId("sign-in", HTMLFormElement).onsubmit = async (event) => {
    event.preventDefault();
    // Each of two requests without a cookie would create a user.
    if (isPending) return;
    isPending = true;
    // Another tab may have signed in since the form was shown: `POST` would rename that user.
    const found = await whoAmI();
    if (typeof found !== "string") return resolve(found);
    const response = await request("POST", { name: byId("name", HTMLInputElement).value });
    const body: unknown = await response?.json().catch(() => undefined);
    const isUser = response?.ok && body !== undefined;
    // A browser that refuses cookies would be asked to sign in again and again.
    const isSignedIn = isUser && (await whoAmI()) !== "nobody";
    const problem = isUser ? NO_COOKIE : describe(body as Problem);
    byId("sign-in-problem", HTMLElement).textContent = isSignedIn ? "" : problem;
    isPending = false;
    if (isSignedIn) resolve(body as User);
  };
  return promise;
}

function describe(problem: Problem | undefined): string {
  const detail = problem?.errors?.[0]?.detail ?? problem?.detail;
  return detail ?? `${UNREACHABLE} Try again in a moment.`;
}
