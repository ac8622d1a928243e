// Writes paths for the shell, so that a printed command can be pasted.

/** Quotes a word, unless the shell already takes it literally. */
export const shellQuoted = (word: string): string =>
  /^[\w./:@+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The command that changes to a directory; undefined for the current one. */
export function changeDirectory(path: string): string | undefined {
  if (path === "") return undefined;
  // `cd -x` would be an option.
  return `cd ${shellQuoted(path.startsWith("-") ? `./${path}` : path)}`;
}
