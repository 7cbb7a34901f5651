import type { TunnelView } from './tunnel-view.ts';

/** The page for a terminal: `curl <address>`. */
export function tunnelText({ title, slots, steps, facts, undo }: TunnelView): string {
  const commands = slots.map(
    ({ heading, commands, status }) => `${heading}

${commands.map(({ label, command }) => `${label}\n\n  ${command}\n`).join('\n')}
Now: key ${status.key}, session ${status.session}, database ${status.database}
`,
  );
  return `${title}

${commands.join('\n')}
What it does
${steps.map((step, index) => `  ${index + 1}. ${step}\n`).join('')}
${facts.map(({ name, value }) => `${name}: ${value}\n`).join('')}
${undo}
`;
}
