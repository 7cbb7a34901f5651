import type { Command } from 'commander';
import { Value } from 'typebox/value';
import { type Region, RegionSchema } from '../../domain/region.ts';
import { loadCatalogue, renderTunnelServerScript } from '../../render/index.ts';
import { readSettings, type SettingName } from '../../settings.ts';
import { CLIENT_SETTINGS, clientOf } from '../api-client.ts';
import { addExamples } from '../examples.ts';
import { writeOutput } from '../output-file.ts';
import { printResult } from '../print.ts';
import { resolveId } from '../resolve-id.ts';
import { addSettings } from '../setting-options.ts';
import { formatRecord } from '../table.ts';

const NAMES = ['controlPlane', 'listenAddress'] as const satisfies SettingName[];

interface InstallScriptOptions {
  region: string;
  output?: string;
  json?: true;
}

/** `culvert tunnel-server install-script`: what makes a host a tunnel server of a region. */
export function addInstallScript(tunnelServer: Command): void {
  const command = tunnelServer
    .command('install-script')
    .description('write the script that makes a host a tunnel server of a region')
    .requiredOption('--region <region>', 'its region, by id or slug')
    .option('--output <file>', 'file to write; standard output when left out')
    .option('--json', 'with --output: print the digest as JSON')
    .action(writeInstallScript);
  addSettings(command, [...NAMES, ...CLIENT_SETTINGS]);
  addExamples(command, [
    'culvert tunnel-server install-script --region eu --control-plane https://culvert.example --output install.sh',
  ]);
}

async function writeInstallScript(options: InstallScriptOptions): Promise<void> {
  const { controlPlane, listenAddress } = readSettings(NAMES, { ...options });
  const client = clientOf({ ...options });
  const id = await resolveId(client, 'reg', options.region);
  const region = await client.get<Region>(`/v1/regions/${id}`);
  const { bytes, sha256, template } = renderTunnelServerScript(loadCatalogue(), {
    control_plane: controlPlane,
    listen_address: listenAddress,
    // Without what only the store knows of it.
    region: Value.Parse(RegionSchema, Value.Clean(RegionSchema, { ...region })),
  });
  const { output } = options;
  if (output === undefined) {
    process.stdout.write(bytes);
    return;
  }
  await writeOutput(output, bytes);
  const summary = { output, sha256, template: `${template.name} ${template.version}` };
  printResult(summary, options, (entries) => formatRecord(entries));
}
