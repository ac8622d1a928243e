// The files of the page inside an executable: `bun run compile` puts its own list in the place of this module.
export const embedded: Readonly<Record<string, string>> | undefined = undefined;
