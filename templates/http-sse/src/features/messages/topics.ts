// Topics, and the patterns that cover them. A pattern is a topic, `a/*` for everything below a, or `*` for everything.
import type { Context } from "hono";
import { z } from "zod";
// #region auth
import { list } from "#lib/env";
// #endregion
import { invalidInput } from "#lib/http";

const SEGMENT = "[A-Za-z0-9._-]{1,64}";
const NAME = `${SEGMENT}(?:/${SEGMENT}){0,3}`;
const SYNTAX = "one to four segments of 1 to 64 letters, digits or ._-, such as a/b";

const topic = (pattern: string, alternatives = "") =>
  z.string().regex(new RegExp(`^(?:${pattern})$`), `must be ${SYNTAX}${alternatives}`);

export const topicName = topic(NAME);

/** What a client may request: every pattern but `*`, for which it names no topic. */
const topicPattern = topic(`${NAME}(?:/\\*)?`, ", or a prefix such as a/*");

// #region auth
/** What a client may be allowed to publish or read: every pattern. */
export const allowedPattern = topic(`\\*|${NAME}(?:/\\*)?`, ", a prefix such as a/*, or *");

/** For a variable: the same, separated by commas. */
export const allowedPatterns = list().pipe(z.array(allowedPattern));
// #endregion

/** For the types of `hc`. `validate` reads only the first value; `requestedPatterns` reads all. */
export const topicQuery = {
  topic: topicPattern.optional().meta({
    description: "A topic, or `a/*` for everything below a. May be repeated.",
  }),
};

const topicList = z.object({ topic: z.array(topicPattern).max(50) });

/** The values of the query parameter `topic`, or undefined without it. @throws {Problem} 422 */
export function requestedPatterns(c: Context): readonly string[] | undefined {
  const topic = c.req.queries("topic");
  if (topic === undefined) return undefined;
  const result = topicList.safeParse({ topic });
  if (!result.success) throw invalidInput(result.error.issues);
  return [...new Set(result.data.topic)];
}

/** Every pattern that covers the topic `a/b`: `a/b`, `a/*` and `*`. */
export function patternsCovering(topic: string): string[] {
  const patterns = [topic, "*"];
  for (let at = topic.indexOf("/"); at !== -1; at = topic.indexOf("/", at + 1)) {
    patterns.push(`${topic.slice(0, at)}/*`);
  }
  return patterns;
}

/** Whether the patterns cover `topic`. If `topic` is itself a pattern, whether they cover everything that it covers. */
export function covers(patterns: readonly string[], topic: string): boolean {
  return patternsCovering(topic).some((pattern) => patterns.includes(pattern));
}
