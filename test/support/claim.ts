import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Claims a name among all test processes of this machine, for as long as this one lives; false when
 * it is claimed. The claim is a socket with a name and no file (unix(7), abstract): whatever ends the
 * process ends the claim.
 */
export async function claim(name: string): Promise<boolean> {
  const server = createServer().listen(`\0culvert-test-${name}`).unref();
  return await once(server, 'listening').then(
    () => true,
    () => false,
  );
}
