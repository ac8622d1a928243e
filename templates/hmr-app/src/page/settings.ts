// The PUBLIC_ variables. Bun puts their values into the page in the place of `process.env.PUBLIC_…`.

/** A variable that is not set stays as it is written, and there is no `process` in a browser. */
function setting(read: () => string | undefined, otherwise: string): string {
  try {
    return read() || otherwise;
  } catch {
    return otherwise;
  }
}

export const title = setting(() => process.env.PUBLIC_TITLE, "hmr-app");
