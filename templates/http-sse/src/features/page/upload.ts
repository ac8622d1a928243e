// Uploads a file and shows its progress, then has it analysed and shows the result.
import { readEvents } from "../events/parse.ts";
import type { Upload } from "../uploads/store.ts";
import { api, problemText } from "./client.ts";
import { create, find } from "./elements.ts";

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
      const upload = await send(file, (share) => card.showProgress("Uploading", share));
      card.link(`/api/uploads/${upload.id}`);
      await analyse(upload, card);
    } catch (error) {
      card.fail(error instanceof Error ? error.message : String(error));
    }
  });
}

/** One file in the list: its name, its progress, and the result. */
class FileCard {
  readonly element = create("li", "file");
  readonly #name = create("strong", "");
  readonly #state = create("p", "hint");
  readonly #bar = create("progress", "");

  constructor(name: string) {
    this.#name.textContent = name;
    this.#state.setAttribute("role", "status");
    this.#bar.setAttribute("aria-label", `Progress of ${name}`);
    this.element.append(this.#name, this.#bar, this.#state);
    this.showProgress("Uploading", 0);
  }

  /** @param share the share of the work that is done, 0 to 1. */
  showProgress(phase: string, share: number): void {
    this.#bar.value = share;
    // Screen readers announce each change of the text, so it changes only with the phase.
    if (this.#state.textContent !== `${phase}…`) this.#state.textContent = `${phase}…`;
  }

  link(href: string): void {
    const anchor = create("a", "", this.#name.textContent ?? "");
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

/** Sends the file as a raw body, with XMLHttpRequest: fetch does not report upload progress. */
function send(file: File, onProgress: (share: number) => void): Promise<Upload> {
  const { promise, resolve, reject } = Promise.withResolvers<Upload>();
  const request = new XMLHttpRequest();
  request.open("POST", api.uploads.$url({ query: { name: file.name } }));
  request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total);
  request.onerror = () => reject(new Error("The upload was interrupted. Try again."));
  request.onload = async () => {
    const response = new Response(request.responseText, { status: request.status });
    if (response.ok) resolve(await response.json());
    else reject(new Error(await problemText(response)));
  };
  request.send(file);
  return promise;
}

async function analyse({ id, size, type }: Upload, card: FileCard): Promise<void> {
  const response = await api.uploads[":id"].analysis.$post({ param: { id } });
  if (!response.ok || !response.body) throw new Error(await problemText(response));
  for await (const { event, data } of readEvents(response.body)) {
    const parsed = JSON.parse(data);
    if (event === "progress") card.showProgress("Analysing", size === 0 ? 1 : parsed.bytes / size);
    if (event === "error") throw new Error(parsed.detail);
    if (event !== "result") continue;
    const [bytes, lines, words] = [parsed.bytes, parsed.lines, parsed.words].map((count) =>
      number.format(count),
    );
    return card.finish(`${type} · ${bytes} bytes · ${lines} lines · ${words} words`);
  }
  throw new Error("The analysis was interrupted. Try again.");
}
