/** A piece of HTML in which every value was escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for an element's content and for a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/**
 * Template tag: escapes every value that is not itself `Html`; lists are joined. Values may stand in
 * element content and quoted attributes, never inside `<script>` or `<style>`.
 */
export function html(
  parts: TemplateStringsArray,
  ...values: (string | number | Html | Html[])[]
): Html {
  const text = (value: string | number | Html | Html[]): string => {
    if (value instanceof Html) return value.text;
    return Array.isArray(value) ? value.map(text).join('') : escapeHtml(String(value));
  };
  const filled = values.map((value, index) => `${text(value)}${parts[index + 1] ?? ''}`);
  return new Html(`${parts[0] ?? ''}${filled.join('')}`);
}

/** Text of our own, fixed in the source, that is HTML, style or script already. */
export function trusted(text: string): Html {
  return new Html(text);
}
