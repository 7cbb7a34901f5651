/** Whom a probe logs in as: told apart in the database's log, and no user of anybody's. */
export const NOBODYS_NAME = 'culvert-probe';
