import assert from 'node:assert/strict';
import {
  ensureInstallation,
  getAuditHead,
  getInstallation,
  listAudit,
} from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';

const ACME = {
  vendor_slug: 'acme',
  vendor_name: 'Acme',
  service_name: 'h_autossh',
  public_url: 'https://culvert.example/base',
};

testOnEachEngine('the first start fixes the installation', async ({ store }) => {
  assert.equal(await getInstallation(store.db), undefined);
  const made = await ensureInstallation(store, ACME);
  assert.deepEqual(await getInstallation(store.db), made);
  assert.deepEqual(await ensureInstallation(store, ACME), made);
  assert.equal((await getAuditHead(store.db)).seq, 1);
});

testOnEachEngine('what proxies rely on never changes', async ({ store }) => {
  const made = await ensureInstallation(store, ACME);
  for (const field of ['vendor_slug', 'service_name', 'public_url'] as const) {
    const attempt = ensureInstallation(store, { ...ACME, [field]: 'other' });
    await assert.rejects(attempt, { code: 'conflict', field, message: new RegExp(ACME[field]) });
  }
  assert.deepEqual(await getInstallation(store.db), made);
});

testOnEachEngine('the name for people may change, and the audit tells', async ({ store }) => {
  const made = await ensureInstallation(store, ACME);
  const renamed = await ensureInstallation(store, { ...ACME, vendor_name: 'Acme GmbH' });
  assert.deepEqual(renamed, { ...made, vendor_name: 'Acme GmbH' });
  assert.deepEqual(await getInstallation(store.db), renamed);
  const { action, before, after } = JSON.parse((await listAudit(store.db)).items[1]?.bytes ?? '');
  assert.deepEqual(
    [action, before, after],
    ['installation.renamed', { vendor_name: ACME.vendor_name }, { vendor_name: 'Acme GmbH' }],
  );
});

testOnEachEngine('instances that start at once agree on one', async ({ store, open }) => {
  const other = await open();
  const results = await Promise.allSettled([
    ensureInstallation(store, ACME),
    ensureInstallation(other, ACME),
    ensureInstallation(other, { ...ACME, vendor_slug: 'rival' }),
  ]);
  const slug = (await getInstallation(store.db))?.vendor_slug;
  const refused = results.filter((result) => result.status === 'rejected');
  assert.equal(refused.length, slug === 'acme' ? 1 : 2);
  for (const { reason } of refused) assert.equal(reason.code, 'conflict');
});
