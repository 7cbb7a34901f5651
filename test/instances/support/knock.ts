import { connect } from 'node:net';

const PATIENCE_MS = 20_000;
/** PostgreSQL says S or N to it. */
const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex');

/**
 * What somebody finds who knocks at a tunnel port: nobody listens, the proxy has no database for it,
 * or a PostgreSQL answers.
 */
export function knock(port: number): Promise<'refused' | 'closed' | 'answers' | 'silent'> {
  return new Promise((resolve) => {
    const connection = connect({ host: '127.0.0.1', port, timeout: PATIENCE_MS });
    let isOpen = false;
    connection.on('connect', () => {
      isOpen = true;
      connection.write(SSL_REQUEST);
    });
    connection.on('data', (bytes) => {
      if ('SN'.includes(bytes.toString('latin1', 0, 1))) resolve('answers');
      connection.destroy();
    });
    connection.on('timeout', () => {
      resolve('silent');
      connection.destroy();
    });
    connection.on('error', () => {});
    connection.on('close', () => resolve(isOpen ? 'closed' : 'refused'));
  });
}
