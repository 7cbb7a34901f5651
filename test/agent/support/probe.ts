import type { Socket } from 'node:net';
import { after } from 'node:test';
import { type ProbeRequest, Prober } from '../../../src/agent/probes/index.ts';
import { startGreeter } from './greeter.ts';

/** The probe process of a test file, ended with it. */
export const prober = new Prober();
after(() => prober.stop());

/** What the probe of that type says of that port: `state reason`. */
export async function probe(type: ProbeRequest['type'], port: number, host = '127.0.0.1') {
  const result = await prober.probe({ type, host, port });
  return `${result?.database} ${result?.reason}`.trim();
}

/** The same of a server that does with each connection what it is told to. */
export async function probeGreeter(type: ProbeRequest['type'], greet: (socket: Socket) => void) {
  const greeter = await startGreeter(greet);
  try {
    return await probe(type, greeter.port);
  } finally {
    greeter.stop();
  }
}
