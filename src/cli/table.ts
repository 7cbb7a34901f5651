/** One column of a table: its heading and what it shows of an item. */
export interface Column<Item> {
  heading: string;
  value(item: Item): string | number | null | undefined;
}

/** Aligned columns for people, a line an item, no line at all for no items. Missing values show as `-`. */
export function formatTable<Item>(
  items: readonly Item[],
  columns: readonly Column<Item>[],
): string {
  if (items.length === 0) return '';
  const rows = [
    columns.map(({ heading }) => heading),
    ...items.map((item) => columns.map(({ value }) => cell(value(item)))),
  ];
  const widths = columns.map((_column, index) =>
    Math.max(...rows.map((row) => width(row[index] as string))),
  );
  const line = (row: string[]) =>
    row.map((text, index) => text + ' '.repeat((widths[index] as number) - width(text))).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** One item as `name  value` lines. */
export function formatRecord(entries: Record<string, string | number | null | undefined>): string {
  const names = Object.keys(entries);
  const longest = Math.max(...names.map(width));
  return names
    .map((name) => `${name}${' '.repeat(longest - width(name))}  ${cell(entries[name])}\n`)
    .join('');
}

/** Unix seconds as UTC text to the second. */
export function formatTime(seconds: number | null | undefined): string | undefined {
  if (seconds === null || seconds === undefined) return undefined;
  return new Date(seconds * 1000).toISOString().replace('T', ' ').replace('.000Z', 'Z');
}

function cell(value: string | number | null | undefined): string {
  return value === null || value === undefined || value === '' ? '-' : String(value);
}

function width(text: string): number {
  return [...text].length;
}
