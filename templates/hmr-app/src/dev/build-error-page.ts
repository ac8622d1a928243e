// Reloads a page that was opened while it did not build, as soon as a file is edited.

/** Where the page polls the fingerprint of the sources. */
export const BUILD_ERROR_POLL_PATH = "/_bun/sources";

/**
 * Adds a script to Bun's "Build Failed" page that reloads it after the next edit. Bun's page alone sometimes
 * misses that the error is fixed. Polling the page instead would build it each time.
 * @param fingerprint of the sources before the failed build.
 */
export async function reloadAfterEdit(response: Response, fingerprint: string): Promise<Response> {
  // Runs in the page, so it may only use its parameters.
  const poll = async (path: string, fingerprint: string) => {
    const sources = await fetch(path);
    if (sources.ok && (await sources.text()) !== fingerprint) location.reload();
  };
  const call = `(${poll})(${JSON.stringify(BUILD_ERROR_POLL_PATH)}, ${JSON.stringify(fingerprint)})`;
  const page = `${await response.text()}<script>setInterval(() => ${call}, 500)</script>`;
  return new Response(page, {
    status: response.status,
    headers: { "content-type": "text/html;charset=utf-8" },
  });
}
