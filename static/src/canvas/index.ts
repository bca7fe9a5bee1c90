/** The door of the editor. */
export { EditorPage } from "./EditorPage";
