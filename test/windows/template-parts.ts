import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Part } from '../../src/render/body.ts';

const TEMPLATES = join(import.meta.dirname, '../../templates');

/** The parts of a template as they lie in its folder, in their order. */
export function templateParts(name: string): Part[] {
  const read = (file: string) => readFileSync(join(TEMPLATES, name, file), 'utf8');
  const { parts = [] } = JSON.parse(read('template.json')) as { parts?: string[] };
  return parts.map((file) => ({ file, text: read(file) }));
}
