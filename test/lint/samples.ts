import type { InstallerInput } from '../../src/render/index.ts';
import { CERTIFICATE } from '../support/certificate.ts';
import { SAMPLE } from '../support/sample-input.ts';

/** Inputs that take every path through the templates: each form of a database, names of other scripts. */
export function sampleInputs(): Record<string, InstallerInput> {
  return {
    plain: SAMPLE,
    socket: {
      ...SAMPLE,
      database: { type: 'postgresql', socket: '/run/postgresql/.s.PGSQL.5432' },
    },
    ipv6: {
      ...SAMPLE,
      database: { type: 'tcp', host: 'fd00::5', port: 5432 },
      region: { ...SAMPLE.region, alternate_ports: [443, 8443], egress_addresses: ['192.0.2.1'] },
    },
    names: {
      ...SAMPLE,
      vendor: { slug: 'acme', name: `O'Reilly "& Söhne" $(id) \`id\` %s \\ 日本` },
      account: { slug: 'globex', name: "'; exit 1 #" },
      tunnel: { ...SAMPLE.tunnel, name: '-rf / $HOME' },
    },
    authority: { ...SAMPLE, ca_certificates: CERTIFICATE.repeat(2) },
    service: { ...SAMPLE, service: 'acme-tunnel', slot: 2 },
  };
}
