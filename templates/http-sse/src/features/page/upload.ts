// Uploads a file with its progress, then has it analysed and shows the result.
import { readEvents } from "../events/parse.ts";
import { find, make, problemText } from "./elements.ts";

interface Upload {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

const form = find("upload", HTMLFormElement);
const input = find("file", HTMLInputElement);
const list = find("files", HTMLUListElement);
const number = new Intl.NumberFormat();

export function openUploads(): void {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = input.files?.[0];
    if (!file) return;
    form.reset();
    const card = new FileCard(file.name);
    list.prepend(card.element);
    try {
      const upload = await send(file, (share) => card.show("Uploading", share));
      card.link(`/api/uploads/${upload.id}`);
      await analyse(upload, card);
    } catch (error) {
      card.fail(error instanceof Error ? error.message : String(error));
    }
  });
}

/** One file in the list: its name, what happens to it, and what came out. */
class FileCard {
  readonly element = make("li", "file");
  readonly #name = make("strong", "");
  readonly #state = make("p", "hint");
  readonly #bar = make("progress", "");

  constructor(name: string) {
    this.#name.textContent = name;
    this.#state.setAttribute("role", "status");
    this.#bar.setAttribute("aria-label", `Progress of ${name}`);
    this.element.append(this.#name, this.#bar, this.#state);
    this.show("Uploading", 0);
  }

  /** @param share of the work that is done, 0 to 1. */
  show(state: string, share: number): void {
    this.#bar.value = share;
    // Only the phase is announced; the bar shows the rest.
    if (this.#state.textContent !== `${state}…`) this.#state.textContent = `${state}…`;
  }

  link(href: string): void {
    const anchor = make("a", "", this.#name.textContent ?? "");
    anchor.href = href;
    this.#name.replaceChildren(anchor);
  }

  finish(text: string): void {
    this.#bar.remove();
    this.#state.textContent = text;
  }

  fail(text: string): void {
    this.finish(text);
    this.#state.className = "error";
  }
}

/** A raw body. XMLHttpRequest, as fetch tells nothing of what it has sent. */
function send(file: File, onProgress: (share: number) => void): Promise<Upload> {
  const { promise, resolve, reject } = Promise.withResolvers<Upload>();
  const request = new XMLHttpRequest();
  request.open("POST", `/api/uploads?name=${encodeURIComponent(file.name)}`);
  request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total);
  request.onerror = () => reject(new Error("The upload was cut off. Try again."));
  request.onload = async () => {
    const response = new Response(request.responseText, { status: request.status });
    if (response.ok) resolve(await response.json());
    else reject(new Error(await problemText(response)));
  };
  request.send(file);
  return promise;
}

async function analyse({ id, size, type }: Upload, card: FileCard): Promise<void> {
  const response = await fetch(`/api/uploads/${id}/analysis`, { method: "POST" });
  if (!response.ok || !response.body) throw new Error(await problemText(response));
  for await (const { event, data } of readEvents(response.body)) {
    const told = JSON.parse(data);
    if (event === "progress") card.show("Analysing", size === 0 ? 1 : told.bytes / size);
    if (event === "error") throw new Error(told.detail);
    if (event !== "result") continue;
    const [bytes, lines, words] = [told.bytes, told.lines, told.words].map((n) => number.format(n));
    return card.finish(`${type} · ${bytes} bytes · ${lines} lines · ${words} words`);
  }
  throw new Error("The analysis was cut off. Try again.");
}
