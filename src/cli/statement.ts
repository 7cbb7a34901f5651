import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { readBundle } from '../bundle/index.ts';
import type { BundleFile } from '../domain/bundle-file.ts';
import { Problem } from '../domain/problem.ts';
import {
  DECISIONS,
  DEFAULT_APPROVAL_DAYS,
  type Decision,
  endOfDecision,
  formatStatement,
} from '../domain/statement.ts';
import { sha256 } from '../render/index.ts';
import { addExamples } from './examples.ts';
import { readCount, readDecision } from './option-values.ts';
import { writeOutput } from './output-file.ts';

interface StatementOptions {
  decision: Decision;
  days: number;
  serial: number;
  previous?: string;
  output?: string;
}

/** What a statement takes from a bundle's MANIFEST.json. */
const ManifestSchema = Type.Object({
  vendor: Type.Object({ slug: Type.String() }),
  account: Type.Object({ slug: Type.String() }),
  tunnel: Type.Object({ id: Type.String() }),
  artifacts: Type.Array(Type.Object({ file: Type.String(), sha256: Type.String() })),
});

/** `culvert statement`: the text that a reviewer signs, made of the very bundle that was reviewed. */
export function addStatement(program: Command): void {
  const command = program
    .command('statement <bundle>')
    .description('write the text that a reviewer signs about the installers of a bundle')
    .option('--decision <decision>', DECISIONS.join(', '), readDecision, 'approve')
    .option('--days <number>', 'for how long it counts', readCount, DEFAULT_APPROVAL_DAYS)
    .option('--serial <number>', "the next, as the tunnel's /v1/approval says", readCount, 1)
    .option('--previous <digest>', 'of the statement before, as it says; left out for the first')
    .option('--output <file>', 'file to write; standard output when left out')
    .action(writeStatement);
  addExamples(command, [
    'culvert statement bundle.tar.gz --output statement.json',
    'culvert statement bundle.tar.gz --decision refuse --serial 4 --previous 9f86d081…',
  ]);
}

async function writeStatement(file: string, options: StatementOptions): Promise<void> {
  const files = await readFiles(file);
  const { vendor, account, tunnel, artifacts } = readManifest(files);
  const text = formatStatement({
    v: 1,
    vendor: vendor.slug,
    account: account.slug,
    tunnel: tunnel.id,
    decision: options.decision,
    artifacts: artifacts.map((artifact) => checkedDigest(files, artifact)).toSorted(),
    not_after: endOfDecision(Date.now(), options.days),
    serial: options.serial,
    previous: checkPrevious(options),
  });
  if (options.output === undefined) process.stdout.write(text);
  else await writeOutput(options.output, text);
}

function checkPrevious({ serial, previous }: StatementOptions): string | null {
  if (previous === undefined && serial === 1) return null;
  if (previous !== undefined && serial > 1 && /^[0-9a-f]{64}$/.test(previous)) return previous;
  throw new Problem('value-invalid', '--previous: must be 64 hex digits, from serial 2 on', {
    field: '--previous',
    next: "Take serial and previous from the tunnel's address with /v1/approval behind it.",
  });
}

/** The files of a bundle that are what its list says. */
async function readFiles(file: string): Promise<BundleFile[]> {
  const gzip = await readFile(file).catch((error: Error) => {
    throw new Problem('value-invalid', `bundle: cannot be read: ${error.message}`, {
      field: 'bundle',
      next: 'Give the bundle.tar.gz that was reviewed.',
    });
  });
  return readBundle(gzip);
}

function readManifest(files: BundleFile[]): Static<typeof ManifestSchema> {
  const text = files.find(({ path }) => path === 'MANIFEST.json')?.bytes.toString();
  const manifest = parseJson(text ?? '');
  if (Check(ManifestSchema, manifest)) return manifest;
  throw new Problem('bundle-invalid', 'bundle: says not whose it is in its MANIFEST.json', {
    field: 'bundle',
    next: 'Get the bundle anew; an earlier Culvert made this one.',
  });
}

/** What is signed is the digest of the file that is there, not of what a list says. */
function checkedDigest(
  files: BundleFile[],
  { file, sha256: listed }: { file: string; sha256: string },
): string {
  const bytes = files.find(({ path }) => path === file)?.bytes;
  if (bytes && sha256(bytes) === listed) return listed;
  throw new Problem('bundle-invalid', `bundle: ${file} is not what its MANIFEST.json says`, {
    field: 'bundle',
    next: 'Do not use it; ask who sent it, by another way than it came.',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
