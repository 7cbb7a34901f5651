/** A message as people see it, with what to do next and the exit code, if it ends the run. */
export interface Message {
  code?: number;
  what: string;
  next: string[];
}

export function unique(messages: Message[]): Message[] {
  const seen = new Map(messages.map((message) => [JSON.stringify(message), message]));
  return [...seen.values()];
}

/** Messages as a list of Markdown. */
export function list(messages: Message[]): string {
  return messages
    .map(({ what, next }) =>
      [`- \`${what}\``, ...next.map((step) => `  ${code(step)}`)].join('<br>\n'),
    )
    .join('\n');
}

/** What depends on the run in backticks, with the path or name that it is a part of. */
function code(step: string): string {
  const value = /(?:https?:\/\/|[%\w\\]*\\|h_autossh_)?<[^>]+>(?:[_\\]<[^>]+>)*/g;
  return step.replaceAll(value, (found) => `\`${found}\``);
}

/** The messages that end a run, a section for each exit code; a note stands before some. */
export function codeSections(
  messages: Message[],
  titles: Record<number, string>,
  notes: Record<number, string>,
): string[] {
  return Object.entries(titles).flatMap(([code, title]) => [
    `## Exit code ${code}: ${title}`,
    ...(notes[Number(code)] ? [notes[Number(code)] as string] : []),
    list(messages.filter((message) => message.code === Number(code))),
  ]);
}
