// Starts the page. After an edit of this file, the existing root renders again, so that the state is kept.
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import "./missing-files.ts";

// Errors that an error boundary catches are also reported: to the overlay in development, and to missing-files.ts.
const options = { onCaughtError: (error: unknown) => reportError(error) };

const element = document.getElementById("root");
if (!element) throw new Error("index.html has no element #root.");

// In production, Bun replaces `import.meta.hot.data` by `{}`, so the root is always created.
const root = import.meta.hot.data.root ?? createRoot(element, options);
import.meta.hot.data.root = root;
root.render(<App />);
