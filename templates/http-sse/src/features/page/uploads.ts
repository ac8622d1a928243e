// Uploads a file and shows its progress.
import type { Upload } from "../uploads/store.ts";
import { api, problemText, requestHeaders } from "./client.ts";
import { find } from "./elements.ts";
import { FileCard } from "./file-card.ts";
// #region jobs
import { analyse } from "./jobs.ts";

// #endregion

const form = find("upload", HTMLFormElement);
const input = find("file", HTMLInputElement);
const number = new Intl.NumberFormat();

export function openUploads(): void {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = input.files?.[0];
    if (!file) return;
    form.reset();
    const card = new FileCard(file.name);
    card.showProgress("Uploading", 0);
    try {
      const upload = await send(file, (share) => card.showProgress("Uploading", share));
      card.link(upload.id);
      card.finish(upload.type, `${number.format(upload.size)} bytes`);
      // #region jobs
      await analyse(upload, card);
      // #endregion
    } catch (error) {
      card.fail(error instanceof Error ? error.message : String(error));
    }
  });
}

/** Sends the file as a raw body, with XMLHttpRequest: fetch does not report upload progress. */
function send(file: File, onProgress: (share: number) => void): Promise<Upload> {
  const { promise, resolve, reject } = Promise.withResolvers<Upload>();
  const request = new XMLHttpRequest();
  request.open("POST", api.uploads.$url({ query: { name: file.name } }));
  for (const [header, value] of Object.entries(requestHeaders())) {
    request.setRequestHeader(header, value);
  }
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
