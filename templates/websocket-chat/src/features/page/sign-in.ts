// Signs the user in and out, with the session routes.
import { hc } from "hono/client";
import type { App } from "../../app.ts";
import type { User } from "../../protocol.ts";
import { byId } from "./dom.ts";

/** An RFC 9457 problem. A proxy may respond with something else. */
interface Problem {
  readonly detail: string;
  readonly errors?: readonly { readonly detail: string }[];
}

const { session } = hc<App>("/").api;

/** The user of the session; without one, shows the sign-in form and waits. */
export async function currentUser(): Promise<User> {
  const response = await session.$get();
  if (response.ok) return await response.json();
  const welcome = byId("welcome", HTMLElement);
  welcome.hidden = false;
  byId("name", HTMLInputElement).focus();
  const user = await signIn();
  welcome.hidden = true;
  return user;
}

/** @returns false if the server cannot be reached: only the server can delete the cookie. */
export async function signOut(): Promise<boolean> {
  const response = await session.$delete().catch(unreachable);
  return response?.ok ?? false;
}

/** A page cannot see why its WebSocket was refused. Without a session, it has to start again. */
export async function reloadIfSignedOut(): Promise<void> {
  const response = await session.$get().catch(unreachable);
  if (response && !response.ok) location.reload();
}

function signIn(): Promise<User> {
  const { promise, resolve } = Promise.withResolvers<User>();
  byId("sign-in", HTMLFormElement).onsubmit = async (event) => {
    event.preventDefault();
    const json = { name: byId("name", HTMLInputElement).value };
    const response = await session.$post({ json }).catch(unreachable);
    const problem = response?.ok ? "" : await problemOf(response);
    byId("sign-in-problem", HTMLElement).textContent = problem;
    if (response?.ok) resolve(await response.json());
  };
  return promise;
}

/** The result of a request that got no response. */
const unreachable = (): undefined => undefined;

async function problemOf(response: { json(): Promise<unknown> } | undefined): Promise<string> {
  if (!response) return "The server cannot be reached: try again in a moment.";
  const problem = (await response.json().catch(unreachable)) as Problem | undefined;
  return problem?.errors?.[0]?.detail ?? problem?.detail ?? "The server did not respond.";
}
