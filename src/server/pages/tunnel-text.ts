import type { ReviewView } from './review-view.ts';
import type { SystemView } from './system-view.ts';
import type { TunnelView } from './tunnel-view.ts';

/** The page for a terminal: `curl <address>`. */
export function tunnelText({ title, slots, steps, facts, undo }: TunnelView): string {
  const sections = slots.map(
    ({ heading, systems, review, status }) => `${heading}

${systems.map(systemPart).join('\n')}
${review ? reviewPart(review) : ''}Now: key ${status.key}, session ${status.session}, database ${status.database}
`,
  );
  return `${title}

${sections.join('\n')}
What it does
${steps.map((step, index) => `  ${index + 1}. ${step}\n`).join('')}
${facts.map(({ name, value }) => `${name}: ${value}\n`).join('')}
${undo}
`;
}

function systemPart({ name, commands }: SystemView): string {
  return `${name}

${commands.map(({ label, command }) => `${label}\n\n  ${command}\n`).join('\n')}`;
}

function reviewPart({ state, reasons, commands }: ReviewView): string {
  return `For your reviewers

${state}
${reasons.map((reason) => `  - ${reason}\n`).join('')}
${commands.map(({ label, command }) => `${label}\n\n  ${command}\n`).join('\n')}
`;
}
