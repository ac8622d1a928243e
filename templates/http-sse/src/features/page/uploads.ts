// Uploads a file and shows its progress.
import type { Upload } from "../uploads/store.ts";
import { api, requestHeaders, send } from "./client.ts";
import { find } from "./elements.ts";
import { FileCard, quantity } from "./file-card.ts";
// #region jobs
import { analyse } from "./jobs.ts";

// #endregion

const form = find("upload", HTMLFormElement);
const input = find("file", HTMLInputElement);

export function openUploads(): void {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = input.files?.[0];
    if (!file) return;
    form.reset();
    const card = new FileCard(file.name);
    card.showProgress("Uploading", 0);
    try {
      const sent = post(file, (share) => card.showProgress("Uploading", share));
      const upload: Upload = await send(sent);
      card.link(upload.id);
      card.finish(upload.type, quantity(upload.size, "bytes"));
      // #region jobs
      await analyse(upload, card);
      // #endregion
    } catch (error) {
      card.fail(error instanceof Error ? error.message : String(error));
    }
  });
}

/** Sends the file as a raw body, with XMLHttpRequest: fetch does not report upload progress. */
function post(file: File, onProgress: (share: number) => void): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const request = new XMLHttpRequest();
  request.open("POST", api.uploads.$url({ query: { name: file.name } }));
  for (const [header, value] of Object.entries(requestHeaders())) {
    request.setRequestHeader(header, value);
  }
  request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total);
  request.onerror = reject;
  request.onload = () => resolve(new Response(request.responseText, { status: request.status }));
  request.send(file);
  return promise;
}
