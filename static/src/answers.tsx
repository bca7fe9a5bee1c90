/** The inbox: what would have to be typed as JSON is a form. Without scripts the JSON stays. */
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { createClient, uploadFile } from "./api";
import type { Json } from "./contract";
import { AnswerFields, FormContext, firstAnswer, isSchema, type Schema } from "./forms";
import "./styles/islands.css";

const client = createClient("/api/v1");
const CHOICES = { agents: [], tools: [], models: [], onUpload: (file: File) => uploadFile(client, file) };

/** What is chosen here stands in the text area, from where the page sends it. */
function InboxAnswer({ area, schema, first }: { area: HTMLTextAreaElement; schema: Schema; first: Json }) {
  const [value, setValue] = useState(first);
  const change = (next: Json) => {
    setValue(next);
    area.value = JSON.stringify(next);
  };
  return (
    <FormContext value={CHOICES}>
      <AnswerFields schema={schema} value={value} onChange={change} />
    </FormContext>
  );
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

for (const field of document.querySelectorAll<HTMLElement>("[data-answer-schema]")) {
  const area = field.querySelector("textarea");
  const schema = parsed(field.dataset.answerSchema ?? "");
  if (!area || !isSchema(schema)) continue;
  const isTyped = area.value.trim() !== "";
  const typed = parsed(area.value);
  if (isTyped && typed === undefined) continue; // somebody's own text, to be mended as it is
  const first = firstAnswer(schema, isTyped ? (typed ?? null) : null, isTyped);
  if (!isTyped) area.value = JSON.stringify(first);
  for (const child of [...field.children]) (child as HTMLElement).hidden = true;
  const mount = field.appendChild(document.createElement("div"));
  createRoot(mount).render(
    <StrictMode>
      <InboxAnswer area={area} schema={schema} first={first} />
    </StrictMode>,
  );
}
