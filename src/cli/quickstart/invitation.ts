/** What a person does next after quickstart, each command complete. */
export interface Invitation {
  page: string;
  run_command: string;
  service_command: string;
  psql_command: string;
  /** Holds the API token for the command line and the admin API. */
  admin_token_file: string;
}

/** Each command alone on its line, so that it can be copied whole. */
export function formatInvitation(invitation: Invitation): string {
  return `
Culvert runs on this machine. Ctrl-C ends it, tunnels too.

The customer's page:
${invitation.page}

The customer connects the database: in a second terminal, for as long as it stays open
${invitation.run_command}

or, on Debian with systemd, as a service that survives a restart
${invitation.service_command}

Then you, the vendor, reach the database (user and database as you have them)
${invitation.psql_command}

The API token for the command line is in ${invitation.admin_token_file}.
`;
}
