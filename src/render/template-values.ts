/** What a template can print, ask for or go through. */
export type TemplateValue = string | number | boolean | readonly (string | number)[];

/** A template's inputs, by name. */
export type TemplateValues = Readonly<Record<string, TemplateValue>>;
