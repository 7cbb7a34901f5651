import type { Command } from 'commander';
import { addExport } from './export.ts';
import { addReceipt } from './receipt.ts';
import { addVerify } from './verify.ts';

/** `culvert audit`: what was changed, by whom, and whether the record of it is whole. */
export function addAudit(program: Command): void {
  const audit = program.command('audit').description('the record of every change');
  addExport(audit);
  addReceipt(audit);
  addVerify(audit);
}
