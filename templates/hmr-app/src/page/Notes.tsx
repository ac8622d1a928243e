// A list of notes, and a form that validates its input with the same schema as the server.
import { useEffect, useState } from "react";
import { type Note, newNote } from "../shared/note.ts";
// #region workarounds
import { Age } from "./Age.tsx";
// #endregion
import { api, failureOf, NO_RESPONSE } from "./api.ts";

type List =
  | { readonly status: "loading" }
  | { readonly status: "failed"; readonly reason: string }
  | { readonly status: "loaded"; readonly notes: readonly Note[] };

async function loadNotes(): Promise<List> {
  try {
    const response = await api.notes.$get();
    if (!response.ok) return { status: "failed", reason: await failureOf(response) };
    return { status: "loaded", notes: await response.json() };
  } catch {
    return { status: "failed", reason: NO_RESPONSE };
  }
}

/** Returns undefined, or the reason why the note was not added. */
async function addNote(text: string): Promise<string | undefined> {
  const checked = newNote.safeParse({ text });
  if (!checked.success) return checked.error.issues[0]?.message;
  try {
    const response = await api.notes.$post({ json: checked.data });
    return response.ok ? undefined : await failureOf(response);
  } catch {
    return NO_RESPONSE;
  }
}

export default function Notes() {
  const [list, setList] = useState<List>({ status: "loading" });
  const reload = async () => setList(await loadNotes());
  useEffect(() => {
    loadNotes().then(setList);
  }, []);
  return (
    <>
      <h1>Notes</h1>
      <NoteForm onAdd={reload} />
      {list.status === "loading" && <p role="status">Loading …</p>}
      {list.status === "failed" && (
        <p className="failure" role="alert">
          {list.reason}{" "}
          <button type="button" onClick={reload}>
            Try again
          </button>
        </p>
      )}
      {list.status === "loaded" && <NoteList notes={list.notes} />}
    </>
  );
}

function NoteForm({ onAdd }: { readonly onAdd: () => void }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isSending, setSending] = useState(false);
  const submit = async () => {
    setSending(true);
    const failure = await addNote(text);
    setSending(false);
    setProblem(failure);
    if (failure !== undefined) return;
    setText("");
    onAdd();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
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
