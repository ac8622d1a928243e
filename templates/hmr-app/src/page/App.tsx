// Chooses what to show by the address.
import type { ComponentType } from "react";
import { Home } from "./Home.tsx";
import { NotFound } from "./NotFound.tsx";

/** Every page: its path and its component. The server sends index.html to all of them. */
const pages: Readonly<Record<string, ComponentType>> = {
  "/": Home,
};

export function App() {
  const Page = pages[location.pathname] ?? NotFound;
  return <Page />;
}
