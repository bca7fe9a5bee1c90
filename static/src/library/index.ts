/** The door of the library: an agent as a form, in the editor and on its page of the library. */
export { AgentForm } from "./AgentForm";
export { AgentPage } from "./AgentPage";
export { LibraryContext, loadLibrary, type Library } from "./library";
