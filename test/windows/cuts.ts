import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { joinParts } from '../../src/render/body.ts';
import { withLineEnds } from '../../src/render/line-ends.ts';
import type { PowerShell } from '../support/powershell.ts';
import { templateParts } from './template-parts.ts';

/** A script that is cut short, and where. */
interface Piece {
  name: string;
  text: string;
  /** How many characters at either end are tried one by one. */
  first: number;
  last: number;
  /** How many edges of tokens between are tried; 0: all. */
  most: number;
}

/** What came of it: how many cuts were tried, and the lengths at which something would run. */
export interface CutOutcome {
  name: string;
  cuts: number;
  runs: number[];
}

const ENDS = 2048;

/**
 * An installer in pieces that together hold each of its bytes. PowerShell needs a tenth of a second
 * for a whole one, so each part is cut in a block of its own: what stands before a part are whole
 * statements of the same open block, which cannot change whether that is closed.
 */
export function installerPieces(installer: string): Piece[] {
  const marker = /^ {2}# ---- The same for everyone/m.exec(installer);
  if (!marker) throw new Error('this installer has no settings');
  const block = (name: string, content: string): Piece => {
    const text = withLineEnds('powershell', `& {\n${content}`);
    return { name, text, first: 0, last: ENDS, most: 0 };
  };
  return [
    { name: 'the whole', text: installer, first: ENDS, last: 16, most: 100 },
    {
      name: 'the settings',
      text: `${installer.slice(0, marker.index)}}`,
      first: installer.indexOf('& {') + ENDS,
      last: ENDS,
      most: 0,
    },
    ...templateParts('windows').map((part) => block(part.file, joinParts('powershell', [part]))),
  ];
}

/** Any other script, cut at each of its bytes. */
export function wholePiece(name: string, text: string): Piece {
  return { name, text, first: text.length, last: 0, most: 0 };
}

/** Cuts every piece short, and asks PowerShell's own parser what it would run. */
export async function tryCuts(
  powershell: PowerShell,
  folder: string,
  pieces: readonly Piece[],
): Promise<CutOutcome[]> {
  const list = await Promise.all(
    pieces.map(async ({ text, ...piece }, index) => {
      const file = join(folder, `piece-${index}.ps1`);
      await writeFile(file, text);
      return { file, ...piece };
    }),
  );
  await writeFile(join(folder, 'pieces.json'), JSON.stringify(list));
  const script = join(import.meta.dirname, 'cuts.ps1');
  const { stdout, stderr } = await powershell.runFile(script, [join(folder, 'pieces.json')]);
  const outcomes = stdout.split(/\r?\n/).filter((line) => line !== '');
  if (stderr !== '' || outcomes.length !== pieces.length) throw new Error(stdout + stderr);
  return outcomes.map((line) => JSON.parse(line));
}
