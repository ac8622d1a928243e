// GET /api/notes, POST /api/notes: list the notes and add one.
import { Hono } from "hono";
import { validate } from "#lib/http";
import { newNote } from "../../shared/note.ts";
import { addNote, listNotes } from "./store.ts";

export function noteRoutes() {
  return new Hono()
    .get("/api/notes", (c) => c.json(listNotes(), 200, { "cache-control": "no-store" }))
    .post("/api/notes", validate("json", newNote), (c) =>
      c.json(addNote(c.req.valid("json").text), 201),
    );
}
