// The pages by path. The server responds with index.html to every path outside /api, so all other paths are `NotFound`.
import { type ComponentType, lazy } from "react";
import { Home } from "./Home.tsx";

interface Page {
  /** Part of the document's title. Empty for the start page, whose title is the name of the project. */
  readonly title: string;
  readonly component: ComponentType;
}

export const pages = {
  "/": { title: "", component: Home },
  // Loaded when the page is opened for the first time.
  "/notes": { title: "Notes", component: lazy(() => import("./Notes.tsx")) },
} satisfies Record<string, Page>;

export type Path = keyof typeof pages;
