// The files of the page inside an executable: `bun run compile` replaces this module with their list.
export const embedded: Readonly<Record<string, string>> | undefined = undefined;
