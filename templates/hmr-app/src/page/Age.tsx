// Shows how long ago something happened. Its style is a CSS Module, which needs a workaround in development.
import styles from "./Age.module.css";

const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export function Age({ at }: { readonly at: string }) {
  const minutes = Math.round((Date.parse(at) - Date.now()) / 60_000);
  return (
    <time className={styles.age} dateTime={at}>
      {format.format(minutes, "minute")}
    </time>
  );
}
