// A minimal router for the pages in pages.tsx. A link to a path without a page is a type error.
import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { NotFound } from "./NotFound.tsx";
import { type Path, pages } from "./pages.tsx";
import { title as project } from "./settings.ts";

/** The path of the current page, without percent-encoding, as in `pages`. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, currentPath);
}

function currentPath(): string {
  try {
    return decodeURI(location.pathname);
  } catch {
    // An invalid encoding, such as `/100%`.
    return location.pathname;
  }
}

/** Shows the page of the current path, and sets the title of the document. */
export function Router() {
  const path = usePath();
  const page = Object.hasOwn(pages, path) ? pages[path as Path] : undefined;
  const title = page ? page.title : "Not found";
  useEffect(() => {
    document.title = title ? `${title} · ${project}` : project;
  }, [title]);
  const Page = page?.component ?? NotFound;
  return <Page />;
}

interface LinkProps {
  readonly to: Path;
  readonly children: ReactNode;
}

/** Navigates without loading the document again. Modified clicks, such as for a new tab, are left to the browser. */
export function Link({ to, children }: LinkProps) {
  const isCurrent = usePath() === to;
  return (
    <a
      href={to}
      aria-current={isCurrent ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </a>
  );
}

function navigate(to: Path): void {
  if (to !== currentPath()) history.pushState(null, "", to);
  scrollTo(0, 0);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Calls `onChange` after `navigate`, back and forward. */
function subscribe(onChange: () => void): () => void {
  addEventListener("popstate", onChange);
  return () => removeEventListener("popstate", onChange);
}
