import type { DatabaseType } from '../../domain/database.ts';
import { probeClickhouse } from './clickhouse.ts';
import { eitherWay } from './either-way.ts';
import { probeMongodb } from './mongodb.ts';
import { probeMysql } from './mysql.ts';
import { probeOracle } from './oracle.ts';
import { probePostgresql } from './postgresql.ts';
import { probeRedis } from './redis.ts';
import type { ProbeResult } from './result.ts';
import { probeSqlserver } from './sqlserver.ts';
import { probeTcp } from './tcp.ts';

/** How each type is probed. PostgreSQL and MySQL agree on TLS in their own words, after a hello. */
export const PROBES: Record<DatabaseType, (host: string, port: number) => Promise<ProbeResult>> = {
  postgresql: probePostgresql,
  mysql: probeMysql,
  sqlserver: eitherWay(probeSqlserver),
  oracle: eitherWay(probeOracle),
  mongodb: eitherWay(probeMongodb),
  redis: eitherWay(probeRedis),
  clickhouse: eitherWay(probeClickhouse),
  tcp: probeTcp,
};
