// Starts the page. After an edit of this file, the existing root renders again, so that the state is kept.
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { title } from "./settings.ts";

const element = document.getElementById("root");
if (!element) throw new Error("index.html has no element #root.");

document.title = title;

if (import.meta.hot) {
  import.meta.hot.data.root ??= createRoot(element);
  import.meta.hot.data.root.render(<App />);
} else {
  createRoot(element).render(<App />);
}
