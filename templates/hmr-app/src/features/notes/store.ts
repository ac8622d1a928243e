// The notes, in memory: they survive a hot reload, but not a restart.
import { createHot } from "../../hot.ts";
import type { Note } from "../../shared/note.ts";

/** Older notes are dropped. */
const MAX_NOTES = 100;

const { data } = createHot<{ notes: Note[] }>("notes");
data.notes ??= [];
const { notes } = data;

/** Returns the notes, newest first. */
export function listNotes(): readonly Note[] {
  return notes;
}

export function addNote(text: string): Note {
  const note = { id: crypto.randomUUID(), text, at: new Date().toISOString() };
  notes.unshift(note);
  notes.length = Math.min(notes.length, MAX_NOTES);
  return note;
}
