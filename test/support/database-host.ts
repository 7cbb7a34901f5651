import { type Container, databaseImage, type Network, startContainer } from './bed/index.ts';

/** A customer's PostgreSQL with one table to read: `select value from greeting` gives `a row`. */
export async function startDatabaseHost(network: Network, name = 'database'): Promise<Container> {
  const container = await startContainer({ image: databaseImage(), network, name });
  await container.output('runuser -u postgres -- psql -v ON_ERROR_STOP=1', {
    input: `
      create role app login password 'app';
      create database app;
      \\connect app
      create table greeting as select 'a row' as value;
      grant select on greeting to app;`,
  });
  return container;
}
