import { join } from 'node:path';
import { testConnect } from '../support/connect-cases.ts';

testConnect({
  argv: ['bash', join(import.meta.dirname, '../../templates/connect/connect.sh')],
  processes: 4, // two of bash, two of cat
  startMs: 0,
  rounds: 20,
});
