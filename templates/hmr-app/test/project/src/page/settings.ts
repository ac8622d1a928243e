// A PUBLIC_ variable. An unset one is not replaced, and a browser has no `process`.

function setting(read: () => string | undefined): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export const title = setting(() => process.env.PUBLIC_TITLE) ?? "Test page";
document.title = title;
