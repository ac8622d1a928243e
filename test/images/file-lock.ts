// A lock between processes. The kernel releases it when its holder ends, however it ends.

/** Waits for the exclusive lock on `path`, which is created if it is missing. Disposing releases it. */
export async function lockFile(path: string): Promise<AsyncDisposable> {
  // `cat` ends when its standard input is closed, and with it the lock.
  const holder = Bun.spawn(["flock", path, "sh", "-c", "echo locked && exec cat"], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const { done } = await holder.stdout.getReader().read();
  if (done) throw new Error(`flock could not lock ${path}`);
  return {
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await holder.exited;
    },
  };
}
