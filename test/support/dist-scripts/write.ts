import { argv, stderr } from 'node:process';
import { loadCatalogue } from '../../../src/render/index.ts';
import { folderFiles, readFolder, statedVersions, versionsOf, writeFolder } from './folder.ts';
import { describeMissingBump, missingBumps } from './missing-bumps.ts';
import { renderSamples } from './render-samples.ts';

/**
 * `npm run dist-scripts`: writes dist-scripts/ anew. It refuses while a template's version does not say
 * what has changed: the samples that show it would be gone.
 */
try {
  if (argv.length > 2) throw new Error('npm run dist-scripts takes no option.');
  const catalogue = loadCatalogue();
  const after = { versions: versionsOf(catalogue), samples: renderSamples(catalogue) };
  const files = readFolder();
  const missing = missingBumps({ versions: statedVersions(files), files }, after);
  if (missing.length > 0) throw new Error(missing.map(describeMissingBump).join('\n'));
  writeFolder(folderFiles(after.samples, after.versions));
} catch (error) {
  stderr.write(`${(error as Error).message}\nNothing was written.\n`);
  process.exitCode = 1;
}
