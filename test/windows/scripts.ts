import { textOf } from '../../src/render/catalogue.ts';
import { loadCatalogue, renderErrorScript, renderInstaller } from '../../src/render/index.ts';
import { accountInputs } from '../support/dist-scripts/accounts.ts';

const catalogue = loadCatalogue();

/** Every script for Windows that a customer can get, by what it is. */
export function windowsScripts(): Map<string, string> {
  const inputs = Object.entries(accountInputs()).filter(([, { database }]) => !database.socket);
  const installers = inputs.map(([name, input]): [string, string] => [
    `install.ps1 (${name})`,
    renderInstaller(catalogue, 'windows', input).bytes.toString(),
  ]);
  const problem = { code: 'not-found', detail: `it's "gone" $(id)`, next: 'Ask the vendor.' };
  return new Map([
    ...installers,
    ['error script', renderErrorScript(catalogue, 'windows', problem).toString()],
    ['dispatcher', textOf(catalogue, 'windows-dispatcher')],
  ]);
}
