// A list of notes, and a form that validates its input with the same schema as the server.
import { useActionState, useEffect, useReducer, useState } from "react";
import { type Note, newNote } from "../shared/note.ts";
// #region workarounds
import { Age } from "./Age.tsx";
// #endregion
import { api, type Result, request } from "./api.ts";

const loadNotes = () => request(() => api.notes.$get());

/** Returns undefined, or the reason why the note was not added. */
async function addNote(text: string): Promise<string | undefined> {
  const { success, data, error } = newNote.safeParse({ text });
  if (!success) return error.issues[0]?.message;
  return (await request(() => api.notes.$post({ json: data }))).failure;
}

export default function Notes() {
  /** Undefined until the first response. */
  const [list, setList] = useState<Result<readonly Note[]>>();
  const [loads, reload] = useReducer((count: number) => count + 1, 0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each call of `reload` loads the list again.
  useEffect(() => {
    let isLatest = true;
    loadNotes().then((result) => {
      if (isLatest) setList(result);
    });
    // A late response must not replace that of a later request.
    return () => {
      isLatest = false;
    };
  }, [loads]);
  return (
    <>
      <h1>Notes</h1>
      <NoteForm onAdd={reload} />
      {!list && <p role="status">Loading …</p>}
      {list?.failure && (
        <p className="failure" role="alert">
          {list.failure}{" "}
          <button type="button" onClick={reload}>
            Try again
          </button>
        </p>
      )}
      {list?.value && <NoteList notes={list.value} />}
    </>
  );
}

function NoteForm({ onAdd }: { readonly onAdd: () => void }) {
  const [text, setText] = useState("");
  const [problem, submit, isSending] = useActionState(async () => {
    const failure = await addNote(text);
    if (failure !== undefined) return failure;
    // The user may already have typed the next note.
    setText((current) => (current === text ? "" : current));
    onAdd();
    return undefined;
  }, undefined);
  return (
    <form action={submit}>
      <label htmlFor="text">A new note</label>
      <div className="field">
        <input
          id="text"
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-invalid={problem !== undefined}
          aria-describedby="problem"
          autoComplete="off"
        />
        <button type="submit" disabled={isSending}>
          Add
        </button>
      </div>
      <p className="failure" id="problem" role="alert">
        {problem}
      </p>
    </form>
  );
}

function NoteList({ notes }: { readonly notes: readonly Note[] }) {
  if (notes.length === 0) return <p>There are no notes yet.</p>;
  return (
    <ul className="notes">
      {notes.map((note) => (
        <li key={note.id}>
          <span>{note.text}</span>
          {/* #region workarounds */}
          <Age at={note.at} />
          {/* #endregion */}
        </li>
      ))}
    </ul>
  );
}
