// The route groups of the service. To drop a feature, delete its line here and its file.
export { analysis } from "./analysis.ts";
export { events } from "./events.ts";
export { health } from "./health.ts";
export { messages } from "./messages.ts";
export { openapi } from "./openapi.ts";
export { page } from "./page.ts";
export { uploads } from "./uploads.ts";
