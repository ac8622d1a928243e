// The record of which files in dist/public/ come from builds, so that files that a user adds keep their own names and stay.

/** By name. The value is when a later build replaced the file, or null for a file of the latest build. */
export type BuildRecord = Readonly<Record<string, number | null>>;

/** Returns the record beside `folder`, which is dist/public/; an empty one if nothing has been built. */
export async function readRecord(folder: string): Promise<BuildRecord> {
  const file = Bun.file(`${folder}-files.json`);
  return (await file.exists()) ? file.json() : {};
}
