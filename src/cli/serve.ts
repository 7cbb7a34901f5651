import type { Command } from 'commander';
import { readSettings, type SettingName } from '../settings.ts';
import type { Store } from '../store/index.ts';
import { aborted } from './aborted.ts';
import type { Boundary } from './boundary.ts';
import { startControlPlane } from './control-plane.ts';
import { addExamples } from './examples.ts';
import { createLog } from './log.ts';
import { openAndMigrate, openMigratedStore } from './open-store.ts';
import { say } from './print.ts';
import { addSettings } from './setting-options.ts';
import { readSigning, SIGNING_SETTINGS } from './signing.ts';
import { readWebhook, WEBHOOK_SETTINGS } from './webhook.ts';

const NAMES = [
  'publicUrl',
  'listen',
  'store',
  'vendor',
  'vendorName',
  'service',
  'trustProxy',
  'caFile',
  ...SIGNING_SETTINGS,
  ...WEBHOOK_SETTINGS,
  'logLevel',
] as const satisfies SettingName[];

/** `culvert serve`: the control plane, until it is told to end. */
export function addServe(program: Command, boundary: Boundary): void {
  const command = program
    .command('serve')
    .description('run the control plane')
    .option('--migrate', "bring the store's tables to this version's form first")
    .action((options: { migrate?: true }) => serve(options, boundary));
  addSettings(command, NAMES);
  addExamples(command, [
    'culvert serve --migrate --vendor acme --public-url https://culvert.example',
    'CULVERT_STORE=postgres://culvert@db.example/culvert CULVERT_VENDOR=acme culvert serve',
  ]);
}

async function serve(options: { migrate?: true }, boundary: Boundary): Promise<void> {
  const settings = readSettings(NAMES, { ...options });
  const signing = readSigning(settings.vendor, settings);
  const webhook = readWebhook(settings);
  const log = createLog(settings.logLevel);
  const stop = boundary.stopSignal();
  await using running = new AsyncDisposableStack();
  const store = await openFor(options, settings.store);
  running.defer(() => store.close());
  const controlPlane = await startControlPlane(
    store,
    {
      publicUrl: settings.publicUrl,
      trustProxy: settings.trustProxy,
      vendor: { slug: settings.vendor, name: settings.vendorName ?? settings.vendor },
      serviceName: settings.service,
      ...(settings.caFile !== undefined && { caCertificates: settings.caFile }),
      ...(signing && { signing }),
      ...(webhook && { webhook }),
    },
    settings.listen,
    log,
  );
  running.defer(() => controlPlane.close());
  await aborted(stop);
}

async function openFor({ migrate }: { migrate?: true }, url: string): Promise<Store> {
  if (!migrate) return openMigratedStore(url);
  const { store, applied } = await openAndMigrate(url);
  for (const name of applied) say(`applied ${name}`);
  return store;
}
