// The token of this tab: kept until the tab is closed.
import { find } from "./elements.ts";

const KEY = "token";

export function storedToken(): string {
  return sessionStorage.getItem(KEY) ?? "";
}

/** @param onChange called when the user has set another token. */
export function openTokenForm(onChange: () => void): void {
  const form = find("access", HTMLFormElement);
  const input = find("token", HTMLInputElement);
  input.value = storedToken();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(KEY, input.value.trim());
    onChange();
  });
}
