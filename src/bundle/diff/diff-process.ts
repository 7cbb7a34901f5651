import { diffTexts } from './diff-texts.ts';

/* The process of one comparison. It waits to be ended, so that its answer is never cut off. */

process.on('message', ({ before, after }: { before: string; after: string }) => {
  process.send?.({ diff: diffTexts(before, after) });
});
