import { ACCOUNTS } from './accounts.ts';

/** The page of dist-scripts: what each folder shows. */
export function readme(): string {
  const folders = [
    ...Object.entries(ACCOUNTS).map(([name, { shows }]) => [name, shows]),
    ['errors', 'the scripts that stand where an installer would, when there is none'],
    [
      'tunnel-server',
      "the tunnel server's sshd, of root with its login hook, and of an ordinary user",
    ],
    ['tunnel-server/installed', 'the installer of a tunnel server, and files that it writes'],
  ];
  return `# What customers get

Every template, rendered for a few telling accounts. Nothing here is written by hand: \`npm run
dist-scripts\` makes it, and a test holds it against the templates.

| folder | what it shows |
|---|---|
${folders.map(([name, shows]) => `| \`${name}\` | ${shows} |\n`).join('')}
Only \`plain\` holds whole installers, and files that do not depend on the account. From the line \`# ---- The
same for everyone\` on all installers are the same bytes, so elsewhere \`install.sh.settings\` and
\`install.ps1.settings\` end before it.

FIPS mode and an HTTP proxy have no folder. Both are things of the host, not of the account: nothing in
an installer's input says them, so every script has the code for both and none differs.

\`versions.json\` has the version of each template whose bytes these are. Other bytes need a higher version:
see "Versions of templates" in \`docs/architecture.md\`.
`;
}
