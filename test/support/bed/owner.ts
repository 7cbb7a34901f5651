import { readFileSync } from 'node:fs';

/** The label that says which process made a container or a network: its id and its start, as ids are used again. */
export const ownerLabel = 'culvert-test.owner';

/** This process as the label's value. */
export const owner = `${process.pid}.${startOf(process.pid)}`;

let count = 0;

/** A name for something of this run that no other run uses. */
export function uniqueName(kind: string): string {
  count += 1;
  return `culvert-${kind}-${process.pid}-${count}`;
}

/** Whether the process a label names still runs. */
export function ownerRuns(label: string): boolean {
  const [pid, start] = label.split('.');
  return start !== undefined && startOf(Number(pid)) === start;
}

/** When a process started, in clock ticks since boot; undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may itself hold spaces; the start is field 22 of the line.
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
