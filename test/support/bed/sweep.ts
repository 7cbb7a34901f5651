import { outputOf, runCommand } from './command.ts';
import { callsFile, engineWords, hostsFolder } from './engine.ts';
import { withLock } from './lock.ts';
import { ownerLabel, ownerRuns } from './owner.ts';
import { shellLine } from './quote.ts';

const ownerInLabels = new RegExp(`${RegExp.escape(ownerLabel)}[:=]([0-9]+\\.[0-9]+)`, 'g');

/** Shell lines that remove every container and network of one owner; nothing there is no error. */
export function removalScript(owner: string): string {
  const engine = shellLine(engineWords());
  const filter = shellLine(['--filter', `label=${ownerLabel}=${owner}`]);
  const calls = shellLine([callsFile(owner)]);
  return `
# A call may outlive the process that made it: what it is just making must be complete to be removable.
exec 7>${calls}
flock --exclusive --wait 60 7
${engine} ps -aq ${filter} | xargs -r ${engine} rm -f -i -v -t 0 >/dev/null
for network in $(${engine} network ls -q ${filter}); do
  ${engine} network rm -f "$network" >/dev/null
  rm -f ${shellLine([hostsFolder()])}/"$network"
done
rm -f ${calls}`;
}

/**
 * Removes what owners that no longer run left behind, when their keeper was killed before it could.
 * `inside` are the words that enter our own namespace.
 */
export async function sweepStale(inside: readonly string[]): Promise<void> {
  await withLock('sweep', async () => {
    const words = ['--filter', `label=${ownerLabel}`, '--format', '{{.Labels}}'];
    const list = (...what: string[]) => outputOf([...inside, ...engineWords(), ...what, ...words]);
    // podman prints labels as `map[name:value]` for containers, `name=value` for networks.
    const labels = (await list('ps', '-a')) + (await list('network', 'ls'));
    const owners = new Set([...labels.matchAll(ownerInLabels)].map((match) => match[1] ?? ''));
    for (const owner of owners) {
      if (ownerRuns(owner)) continue;
      process.stderr.write(`removing what the test process ${owner} left\n`);
      await runCommand([...inside, 'sh', '-c', removalScript(owner)]);
    }
  });
}
