import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A program that runs on the vendor's host and knocks at tunnel ports: one process for all of them, as the
 * machine has much else to do. Reads `ask PORT` and `await PORT` by line; answers each with the same words
 * and `yes` or `no`, or the time of the first answer.
 */
const EVERY_MS = 250;
const PATIENCE_MS = 2000;
/** PostgreSQL says S or N to it. */
const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex');

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, port] = line.split(' ');
  const reply = verb === 'await' ? firstAnswer(Number(port)) : answers(Number(port));
  void reply.then((said) => process.stdout.write(`${line} ${said}\n`));
}

async function firstAnswer(port: number): Promise<number> {
  while (!(await answers(port))) await sleep(EVERY_MS);
  return Date.now();
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect({ host: '127.0.0.1', port, timeout: PATIENCE_MS });
    const end = (said: boolean) => {
      connection.destroy();
      resolve(said);
    };
    connection.on('connect', () => connection.write(SSL_REQUEST));
    connection.on('data', (bytes) => end('SN'.includes(bytes.toString('latin1', 0, 1))));
    connection.on('timeout', () => end(false));
    connection.on('error', () => end(false));
    connection.on('close', () => end(false));
  });
}
