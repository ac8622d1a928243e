// Has an upload analysed, and shows the progress and the result on its card.
import { readEvents } from "../events/parse.ts";
import type { Upload } from "../uploads/store.ts";
import { api, problemText } from "./client.ts";
import type { FileCard } from "./file-card.ts";

const number = new Intl.NumberFormat();

/** @throws {Error} with a message for the user, if there is no result. */
export async function analyse({ id, size, type }: Upload, card: FileCard): Promise<void> {
  const response = await api.uploads[":id"].analysis.$post({ param: { id } });
  if (!response.ok || !response.body) throw new Error(await problemText(response));
  for await (const { event, data } of readEvents(response.body)) {
    const parsed = JSON.parse(data);
    if (event === "progress") card.showProgress("Analysing", size === 0 ? 1 : parsed.bytes / size);
    if (event === "error") throw new Error(parsed.detail);
    if (event !== "result") continue;
    const counts = ["bytes", "lines", "words"].map(
      (unit) => `${number.format(parsed[unit])} ${unit}`,
    );
    return card.finish(type, ...counts);
  }
  throw new Error("The analysis was interrupted. Try again.");
}
