// Sends a service the requests of a load balancer and of a visitor.

/** @throws if it is not healthy or not ready, or if a file of its page is missing. */
export async function probe(url: URL): Promise<void> {
  for (const path of ["healthz", "readyz"]) {
    const response = await get(new URL(path, url), 200);
    const { status } = (await response.json()) as { readonly status?: unknown };
    if (status !== "ok") throw new Error(`GET /${path} says ${JSON.stringify(status)}`);
  }
  const page = await fetch(url);
  if (page.status >= 500) throw new Error(`GET / answers ${page.status}`);
  if (!page.ok || !page.headers.get("content-type")?.startsWith("text/html")) return;
  for (const file of await filesOf(page)) await get(new URL(file, url), 200);
}

async function get(url: URL, expected: number): Promise<Response> {
  const response = await fetch(url);
  if (response.status === expected) return response;
  throw new Error(`GET ${url.pathname} answers ${response.status}, not ${expected}`);
}

/** Scripts, styles and images of the page that its own server delivers. */
async function filesOf(page: Response): Promise<readonly string[]> {
  const files: string[] = [];
  const add = (name: string) => (element: HTMLRewriterTypes.Element) => {
    const file = element.getAttribute(name);
    if (file && !/^([a-z]+:|\/\/|#)/.test(file)) files.push(file);
  };
  await new HTMLRewriter()
    .on("script[src], img[src]", { element: add("src") })
    .on("link[href]", { element: add("href") })
    .transform(page)
    .text();
  return files;
}
