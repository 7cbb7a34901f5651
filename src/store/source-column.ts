/** A list of CIDR blocks as a column holds it: commas between, null for no limit. */
export function writeSources(sources: string[]): string | null {
  return sources.length === 0 ? null : sources.join(',');
}

export function readSources(column: string | null): string[] {
  return column === null ? [] : column.split(',');
}
