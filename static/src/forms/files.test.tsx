import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { FileCard, FileContext, asFile, kindOfFile, offeredFor } from "../controls";
import type { Json } from "../contract";
import { FormContext } from "./FormContext";
import { SchemaForm } from "./SchemaForm";
import { blank, controlOf, fromSimpleFields, toSimpleFields } from "./schema";

const photo = { type: "file", digest: "a".repeat(64), media_type: "image/png", name: "cat.png", size: 2_048 } as const;

test("only what is whole is taken for a file", () => {
  expect(asFile(photo as unknown as Json)?.name).toBe("cat.png");
  for (const other of [null, 3, "file", [], { type: "file" }, { ...photo, digest: "../x" }, { ...photo, type: "folder" }, { ...photo, size: "2" }] as unknown as Json[]) {
    expect(asFile(other)).toBeNull();
  }
});

test("each kind of file is shown in its own way, and a drawing that may hold a program is no picture", () => {
  const source = { url: (digest: string) => `/files/${digest}`, words: () => Promise.reject(new Error("no")) };
  const drawn = (media_type: string) => renderToStaticMarkup(<FileContext value={source}><FileCard file={{ ...photo, media_type }} /></FileContext>);
  expect(drawn("image/png")).toContain("<img");
  expect(drawn("audio/wav")).toContain("<audio");
  expect(drawn("video/mp4")).toContain("<video");
  for (const text of ["image/svg+xml", "text/html", "application/pdf", "constructor/x"]) {
    expect(drawn(text)).toContain("Show how it begins");
    expect(drawn(text)).not.toMatch(/<(img|audio|video|iframe|object)/);
  }
  expect(drawn("image/png")).toContain("2.0 KiB");
});

test("without a source of contents a file is still named", () => {
  const html = renderToStaticMarkup(<FileCard file={photo} />);
  expect(html).toContain("cat.png");
  expect(html).not.toContain("<img");
});

test("kinds of files are those of the server", () => {
  expect(["image/svg+xml", "application/json", "text/css", "application/zip", "toString/x"].map(kindOfFile)).toEqual(["text", "text", "text", "document", "document"]);
  expect(offeredFor([])).toBeUndefined();
  expect(offeredFor(["image", "document"])).toBe("image/*,.pdf,.docx");
});

test("a form asks for a file where the schema does, begins without one and says what is taken", () => {
  const schema = { type: "object", properties: { photo: { type: "object", format: "file", accept: ["image"] } }, required: ["photo"] };
  expect(controlOf(schema.properties.photo)).toBe("file");
  expect(blank(schema)).toEqual({ photo: null });
  const upload = () => Promise.resolve(null);
  const drawn = (value: Record<string, Json>) =>
    renderToStaticMarkup(<FormContext value={{ agents: [], tools: [], models: [], onUpload: upload }}><SchemaForm schema={schema} value={value} onChange={() => undefined} /></FormContext>);
  expect(drawn({})).toContain('accept="image/*"');
  expect(drawn({ photo: photo as unknown as Json })).toContain("Remove cat.png");
  expect(renderToStaticMarkup(<SchemaForm schema={schema} value={{}} onChange={() => undefined} />)).toContain("disabled");
});

test("an input form says by the list of its fields that it wants a file", () => {
  const made = fromSimpleFields([{ name: "photo", type: "file-image", description: "A cat", required: true }], {});
  expect(made).toEqual({ type: "object", properties: { photo: { type: "object", format: "file", accept: ["image"], description: "A cat" } }, required: ["photo"] });
  expect(toSimpleFields(made)[0]?.type).toBe("file-image");
  const any = fromSimpleFields([{ name: "x", type: "file", description: "", required: false }], {});
  expect(toSimpleFields(any)[0]?.type).toBe("file");
  expect(any.properties).toEqual({ x: { type: "object", format: "file" } });
});
