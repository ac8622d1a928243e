// Who is at the keyboard: asks for a name, unless there is a session.
import type { Person } from "../protocol.ts";
import { byId } from "./dom.ts";

const PATH = "/api/session";

/** The person of the session; shows the form and waits if there is none. */
export async function whoAmI(): Promise<Person> {
  const response = await fetch(PATH);
  if (response.ok) return await response.json();
  const welcome = byId("welcome", HTMLElement);
  welcome.hidden = false;
  byId("name", HTMLInputElement).focus();
  const person = await signIn();
  welcome.hidden = true;
  return person;
}

/** False when the server can't be reached: only it can take the cookie away. */
export async function signOut(): Promise<boolean> {
  const response = await fetch(PATH, { method: "DELETE" }).catch(offline);
  return response?.ok ?? false;
}

/** A page is not told why it was refused. If that is for want of a session, it starts again. */
export async function reloadIfSignedOut(): Promise<void> {
  const response = await fetch(PATH).catch(offline);
  if (response?.status === 401) location.reload();
}

/** In place of the answer that a request without a network does not get. */
const offline = (): undefined => undefined;

function signIn(): Promise<Person> {
  const { promise, resolve } = Promise.withResolvers<Person>();
  byId("sign-in", HTMLFormElement).onsubmit = async (event) => {
    event.preventDefault();
    const request = fetch(PATH, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: byId("name", HTMLInputElement).value }),
    });
    const response = await request.catch(offline);
    const answer = await response?.json();
    byId("sign-in-problem", HTMLElement).textContent = response?.ok ? "" : problemOf(answer);
    if (response?.ok) resolve(answer);
  };
  return promise;
}

function problemOf(problem?: { detail: string; errors?: { detail: string }[] }): string {
  if (!problem) return "The server can't be reached: try again in a moment.";
  return problem.errors?.[0]?.detail ?? problem.detail;
}
