import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { AuditRow } from '../../domain/audit.ts';
import { type ApiClient, CLIENT_SETTINGS, clientOf } from '../api-client.ts';
import { addExamples } from '../examples.ts';
import { addSettings } from '../setting-options.ts';

/** `culvert audit export`: every row to standard output, a page at a time, however many there are. */
export function addExport(audit: Command): void {
  const command = audit
    .command('export')
    .description('write every row as a line of JSON, oldest first')
    .action(async (options: Record<string, unknown>) => {
      const lines = Readable.from(exportLines(clientOf(options)));
      await pipeline(lines, process.stdout, { end: false });
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert audit export > audit.jsonl']);
}

/** `bytes` is what was hashed; it stays one string, so that nothing can write it in another way. */
async function* exportLines(client: ApiClient): AsyncGenerator<string> {
  for await (const { seq, prev, hash, bytes } of client.items<AuditRow>('/v1/audit')) {
    yield `${JSON.stringify({ seq, prev, hash, bytes })}\n`;
  }
}
