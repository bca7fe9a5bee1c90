/** The door of the forms: a form from a JSON Schema, and the single controls. */
export { AnswerFields, firstAnswer } from "./AnswerFields";
export { Field } from "./Field";
export { FormContext, type FormChoices, type Choice } from "./FormContext";
export { JsonControl, SwitchControl } from "./controlsSimple";
export { SchemaControl } from "./SchemaControl";
export { SchemaForm } from "./SchemaForm";
export { blank, fieldsOf, humanise, isSchema, own, partOf, withFields, type Schema } from "./schema";
