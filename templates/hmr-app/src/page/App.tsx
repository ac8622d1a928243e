// Shows the page that belongs to the address.
import type { ComponentType } from "react";
import { Home } from "./Home.tsx";
import { NotFound } from "./NotFound.tsx";

/** The component of each path. The server responds with index.html to every path, so others are `NotFound`. */
const pages: Readonly<Record<string, ComponentType>> = {
  "/": Home,
};

export function App() {
  const Page = pages[location.pathname] ?? NotFound;
  return <Page />;
}
