// The script and the stylesheet of /docs. They are strings, so that they need no build and no files of their own.

/** Sends the request of a form and shows the response while it arrives. */
export const docsScript = String.raw`"use strict";
/** Characters of a response to show: an event stream may not end. */
const MAX_SHOWN = 20_000;

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const output = form.querySelector("output");
  const stop = form.querySelector("button[type=button]");
  const controller = new AbortController();
  const abort = () => controller.abort();
  // A new request replaces the previous one of the form.
  stop.onclick?.();
  stop.onclick = abort;
  stop.disabled = false;
  try {
    const response = await fetch(requestOf(form), { signal: controller.signal });
    await show(response, output);
  } catch (error) {
    if (stop.onclick === abort) output.append("\n" + (controller.signal.aborted ? "Stopped." : error));
  }
  if (stop.onclick === abort) stop.disabled = true;
});

async function show(response, output) {
  const fields = [...response.headers].map(([name, value]) => name + ": " + value);
  output.textContent = [response.status + " " + response.statusText, ...fields, "", ""].join("\n");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let read = await reader?.read(); read && !read.done; read = await reader.read()) {
    output.textContent = (output.textContent + read.value).slice(-MAX_SHOWN);
  }
}

function requestOf(form) {
  let { method, path } = form.dataset;
  const query = new URLSearchParams();
  const headers = new Headers();
  const token = document.querySelector("#token")?.value;
  if (token) headers.set("authorization", "Bearer " + token);
  for (const { name, value, dataset } of form.querySelectorAll("[data-in]")) {
    if (value === "") continue;
    if (dataset.in === "query") query.append(name, value);
    else if (dataset.in === "header") headers.set(name, value);
    else path = path.replace("{" + name + "}", encodeURIComponent(value));
  }
  const json = form.querySelector("textarea");
  if (json) headers.set("content-type", "application/json");
  const body = json ? json.value : fileOf(form);
  const search = query.size > 0 ? "?" + query : "";
  // Relative to the page, so that it also works below a path prefix.
  // Not through the cache: the response is the server's own, and a stream that was stopped does not stay open for the cache.
  return new Request("." + path + search, { method, headers, body, cache: "no-store" });
}

function fileOf(form) {
  const input = form.querySelector("[type=file]");
  const file = input?.files[0];
  // With the type of the document: the browser may know none for the extension of the file.
  if (!input?.dataset.field) return file && new Blob([file], { type: input.dataset.type });
  const data = new FormData();
  if (file) data.append(input.dataset.field, file);
  return data;
}
`;

export const docsStyle = `:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
small { opacity: 0.75; }
summary { padding: 0.4rem 0; overflow-wrap: anywhere; cursor: pointer; }
details { border-bottom: 1px solid #8886; }
form { border: 1px solid #8886; border-radius: 0.4rem; padding: 0.5rem 1rem; }
label { display: block; margin: 0.5rem 0; }
input:not([type="file"]), textarea { display: block; box-sizing: border-box; width: 100%; padding: 0.4rem; }
button { padding: 0.4rem 1rem; font: inherit; }
input, textarea, pre, output { font: 0.9rem/1.4 ui-monospace, monospace; }
pre, output { display: block; overflow: auto; max-height: 24rem; white-space: pre-wrap; overflow-wrap: anywhere; }
`;
