// Reads the JUnit report of `bun test`.

export interface Report {
  readonly passed: number;
  /** The titles of the tests that failed. */
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

const CASE = /<testcase name="(?<title>[^"]*)"[^>]*?(?:\/>|>(?<body>[\s\S]*?)<\/testcase>)/g;
const ENTITIES: Readonly<Record<string, string>> = {
  "&quot;": '"',
  "&apos;": "'",
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
};

const decode = (text: string) => text.replaceAll(/&\w+;/g, (entity) => ENTITIES[entity] ?? entity);

/** @returns undefined if there is no report, because the tests did not start. */
export async function readReport(path: string): Promise<Report | undefined> {
  const file = Bun.file(path);
  if (!(await file.exists())) return;
  const cases = [...(await file.text()).matchAll(CASE)].map(({ groups }) => ({
    title: decode(groups?.title ?? ""),
    body: groups?.body ?? "",
  }));
  const titles = (mark: RegExp) =>
    cases.filter(({ body }) => mark.test(body)).map(({ title }) => title);
  const [failed, skipped] = [titles(/<(failure|error)/), titles(/<skipped/)];
  return { passed: cases.length - failed.length - skipped.length, failed, skipped };
}
