import type { Container } from './bed/index.ts';
import type { VendorOptions } from './vendor-host.ts';

/** Where the authority's certificate is on the vendor's host. */
export const PRIVATE_CA_FILE = '/etc/private-ca/ca.pem';
const FAULT_FILE = '/run/front-fault';

/** Options of a vendor whose control plane is at https://NAME:8443, behind a private authority. */
export function behindPrivateCa(name: string): VendorOptions {
  return {
    url: `https://${name}:8443`,
    agent: { NODE_EXTRA_CA_CERTS: PRIVATE_CA_FILE },
    async prepare(host) {
      await host.output(`
        mkdir -p /etc/private-ca && cd /etc/private-ca
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Private -keyout ca.key -out ca.pem
        openssl req -newkey rsa:2048 -nodes -subj /CN=${name} -keyout front.key -out front.csr
        openssl x509 -req -in front.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \\
          -extfile <(echo 'subjectAltName=DNS:${name}') -out front.pem`);
      const program =
        '/opt/culvert/node_modules/.bin/node /opt/culvert/test/support/faulty-front.ts';
      await host.writeFile(
        '/etc/systemd/system/front.service',
        `[Service]\nExecStart=${program} /etc/private-ca/front.key /etc/private-ca/front.pem ${FAULT_FILE}\n`,
      );
      await host.output('systemctl daemon-reload; systemctl start front');
    },
  };
}

/** From now on spoils the answer to each request that holds `befalls`. */
export async function setFault(
  host: Container,
  fault: '500' | 'html' | 'redirect' | 'slow' | 'cut',
  befalls: string,
): Promise<void> {
  await host.writeFile(FAULT_FILE, `${fault} ${befalls}\n`);
}

/** Answers as they should be. */
export async function clearFault(host: Container): Promise<void> {
  await host.output(`rm -f ${FAULT_FILE}`);
}
