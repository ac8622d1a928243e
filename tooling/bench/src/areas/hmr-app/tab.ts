// A tab of Chromium that waits until the page shows a text.

export async function openTab(url: string): Promise<Bun.WebView> {
  const path = Bun.which("chromium") ?? Bun.which("google-chrome");
  const backend = {
    type: "chrome" as const,
    url: false as const,
    argv: ["--no-sandbox", "--disable-dev-shm-usage"],
    ...(path ? { path } : {}),
  };
  const tab = new Bun.WebView({ backend, width: 800, height: 600 });
  await tab.navigate(url);
  return tab;
}

/** Resolves when the page shows `text`; it is watched in the page, without polling. */
export async function shows(tab: Bun.WebView, text: string): Promise<void> {
  await tab.evaluate(`new Promise((resolve, reject) => {
    const shown = () => document.getElementById("edited")?.textContent === ${JSON.stringify(text)};
    const look = () => {
      if (!shown()) return;
      observer.disconnect();
      resolve(true);
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { subtree: true, childList: true, characterData: true });
    setTimeout(reject, 30000, new Error("The page never showed it."));
    look();
  })`);
}
