// Shows how long ago something happened. Its style is a CSS Module, which needs a workaround in development.
import styles from "./Age.module.css";

const format = new Intl.RelativeTimeFormat("en");

export function Age({ at }: { readonly at: string }) {
  return (
    <time className={styles.age} dateTime={at}>
      {ago((Date.now() - Date.parse(at)) / 60_000)}
    </time>
  );
}

function ago(minutes: number): string {
  // Also if the clock of the browser is behind that of the server.
  if (minutes < 1) return "just now";
  if (minutes < 60) return format.format(Math.trunc(-minutes), "minute");
  if (minutes < 24 * 60) return format.format(Math.trunc(-minutes / 60), "hour");
  return format.format(Math.trunc(-minutes / 60 / 24), "day");
}
