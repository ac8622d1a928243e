// What the site's content has to be.
import { z } from "zod";

export const team = z.strictObject({
  members: z.array(
    z.strictObject({
      name: z.string().min(1),
      role: z.enum(["author", "editor"]),
      since: z.int().min(2000),
    }),
  ),
});

export const note = z.strictObject({
  title: z.string().min(1),
  summary: z.string().max(160),
  tags: z.array(z.string()).default([]),
});
