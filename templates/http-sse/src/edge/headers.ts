// Headers that every response carries, unless its handler has set its own.
import type { Handler } from "../group.ts";

const SECURE = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
} as const;

export function secured(next: Handler): Handler {
  const add = (response: Response | undefined) => {
    if (response && !response.headers.has("x-content-type-options")) {
      for (const [name, value] of Object.entries(SECURE)) response.headers.set(name, value);
    }
    return response;
  };
  return (request, server) => {
    const response = next(request, server);
    return response instanceof Promise ? response.then(add) : add(response);
  };
}
