import { parentPort, workerData } from 'node:worker_threads';
import { diffTexts } from './diff-texts.ts';

/* A thread for one comparison, which whoever started it can end at any time. */

const { before, after }: { before: string; after: string } = workerData;
parentPort?.postMessage(diffTexts(before, after));
