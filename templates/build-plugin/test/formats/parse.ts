// Parses text with a format, without a file.

import { ContentError } from "../../src/error.ts";
import { type Format, Source } from "../../src/format.ts";
import { createLoader, type LoadOptions } from "../../src/load.ts";
import { Folder } from "../folder.ts";

/** Returns the data of a text. @throws {ContentError} */
export function parse(format: Format, text: string): unknown {
  return format.parse(new Source(`/content/a.${format.extensions[0]}`, text)).data;
}

/** Returns the error of a file with this text. @throws if the file can be loaded */
export async function errorOf(
  format: Format,
  text: string,
  options: LoadOptions = {},
): Promise<ContentError> {
  using folder = new Folder();
  const file = `a.${format.extensions[0]}`;
  await folder.write({ [file]: text });
  try {
    const module = await createLoader(format, options).load(folder.at(file));
    throw new Error(`It was loaded: ${module}`);
  } catch (error) {
    if (error instanceof ContentError) return error;
    throw error;
  }
}
