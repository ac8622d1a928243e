// The unit in which an age is shown.
import { expect, test } from "bun:test";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Age } from "./Age.tsx";

test.each([
  [-10 * 60, "just now"],
  [20, "just now"],
  [60, "1 minute ago"],
  [59 * 60, "59 minutes ago"],
  [60 * 60, "1 hour ago"],
  [47 * 60 * 60, "1 day ago"],
  [48 * 60 * 60, "2 days ago"],
])("an age of %d seconds reads as %p", (seconds, text) => {
  const at = new Date(Date.now() - seconds * 1000 - 100).toISOString();
  expect(renderToStaticMarkup(createElement(Age, { at }))).toContain(`>${text}</time>`);
});
