// Renders the test page.
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";

const element = document.getElementById("root");
if (!element) throw new Error("index.html has no element #root.");
const root = import.meta.hot.data.root ?? createRoot(element);
import.meta.hot.data.root = root;
root.render(<App />);
